#include "engine/capture/postgres_logical/pg_session.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>

namespace rowhook {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds connect_limit{10};

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

// Text forms that do not depend on the server's or the role's settings.
std::string session_settings(const PgSession::Options& options) {
  std::string text =
      "-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=postgres -c extra_float_digits=1 -c "
      "bytea_output=hex"
      " -c xmlbinary=base64 -c quote_all_identifiers=off -c client_min_messages=error";
  if (options.purpose == PgSession::Purpose::control) {
    text += " -c statement_timeout=" + std::to_string(options.statement_timeout.count());
    text += " -c lock_timeout=" + std::to_string(options.lock_timeout.count());
    text +=
        " -c synchronous_commit=on -c default_transaction_read_only=off -c "
        "default_transaction_isolation=read\\ committed";
  } else {
    text += " -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0";
  }
  return text;
}

// Keyword and value for libpq; empty values leave libpq's default.
class Parameters {
 public:
  void add(const char* keyword, std::string value) {
    if (value.empty()) return;
    keywords_.push_back(keyword);
    values_.push_back(std::move(value));
  }
  PGconn* start() {
    std::vector<const char*> keywords(keywords_), values;
    for (const std::string& value : values_) values.push_back(value.c_str());
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectStartParams(keywords.data(), values.data(), 0);
  }

 private:
  std::vector<const char*> keywords_;
  std::vector<std::string> values_;
};

PgAnswer take_answer(const PGresult* result, const PGconn* connection) {
  PgAnswer answer;
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
    const char* const sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    const char* const primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    answer.sqlstate = sqlstate ? sqlstate : "08006";
    answer.message = plain_message(primary ? primary : PQerrorMessage(connection));
    return answer;
  }
  const int columns = PQnfields(result);
  for (int row = 0; row < PQntuples(result); ++row) {
    PgRow& fields = answer.rows.emplace_back();
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result, row, column)) {
        fields.emplace_back();
      } else {
        fields.emplace_back(std::string(PQgetvalue(result, row, column),
                                        static_cast<std::size_t>(PQgetlength(result, row, column))));
      }
    }
  }
  return answer;
}

}  // namespace

bool is_transient_sqlstate(std::string_view sqlstate) {
  constexpr std::array<std::string_view, 6> classes{"08", "40", "53", "57", "58", "XX"};
  constexpr std::array<std::string_view, 2> states{"55P03", "55006"};  // lock not available, object in use
  return std::find(classes.begin(), classes.end(), sqlstate.substr(0, 2)) != classes.end() ||
         std::find(states.begin(), states.end(), sqlstate) != states.end();
}

std::string plain_message(std::string_view message) {
  for (const std::string_view prefix : {"ERROR:  ", "FATAL:  "})
    if (message.substr(0, prefix.size()) == prefix) message.remove_prefix(prefix.size());
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.remove_suffix(1);
  std::string line;
  for (const char c : message) {
    if (c == '\n') {
      line += "; ";
    } else if (c != '\t') {
      line += c;
    }
  }
  return line;
}

std::string server_name(const SourceSettings& settings) {
  std::string name = settings.host.empty() ? "localhost" : settings.host;
  name += ':';
  name += std::to_string(settings.port == 0 ? 5432 : settings.port);
  name += '/';
  name += settings.database;
  return name;
}

PgSession::PgSession(const SourceSettings& settings, const Options& options) : where_(server_name(settings)) {
  connect(settings, options);
}

PgSession::~PgSession() { PQfinish(connection_); }

void PgSession::connect(const SourceSettings& settings, const Options& options) {
  Parameters parameters;
  parameters.add("host", settings.host);
  if (settings.port != 0) parameters.add("port", std::to_string(settings.port));
  parameters.add("dbname", settings.database);
  parameters.add("user", settings.username);
  parameters.add("password", settings.password);
  parameters.add("sslmode", settings.ssl_mode);
  parameters.add("application_name", "rowhook " + settings.connection);
  parameters.add("client_encoding", "UTF8");
  parameters.add("options", session_settings(options));
  if (options.purpose == Purpose::replication) parameters.add("replication", "database");
  // A server that vanished without a word is noticed after half a minute.
  parameters.add("keepalives_idle", "10");
  parameters.add("keepalives_interval", "5");
  parameters.add("keepalives_count", "3");
  parameters.add("tcp_user_timeout", "30000");
  connection_ = parameters.start();
  try {
    await_connection(options.interrupt);
    choose_encoding();
  } catch (...) {
    PQfinish(connection_);
    connection_ = nullptr;
    throw;
  }
}

void PgSession::await_connection(int interrupt) const {
  const auto fail = [&](const std::string& why) -> void {
    throw TransientError("cannot connect to PostgreSQL at " + where_ + ": " + why,
                         "is the server running, and are host, port, "
                         "database, username, password and ssl_mode of the connection right?");
  };
  if (!connection_ || PQstatus(connection_) == CONNECTION_BAD)
    fail(connection_ ? plain_message(PQerrorMessage(connection_)) : "out of memory");
  const auto deadline = steady_clock::now() + connect_limit;
  for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
       state = PQconnectPoll(connection_)) {
    if (state == PGRES_POLLING_FAILED) fail(plain_message(PQerrorMessage(connection_)));
    std::array<pollfd, 2> waits{
        pollfd{PQsocket(connection_), state == PGRES_POLLING_READING ? short{POLLIN} : short{POLLOUT}, 0},
        pollfd{interrupt, POLLIN, 0}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0 || ::poll(waits.data(), waits.size(), static_cast<int>(left.count())) == 0)
      fail("no answer within " + std::to_string(connect_limit.count()) + " s");
    if (waits[1].revents != 0)
      throw TransientError("interrupted while connecting to PostgreSQL at " + where_);
  }
}

void PgSession::choose_encoding() {
  const char* const encoding = PQparameterStatus(connection_, "server_encoding");
  if (encoding && std::string_view(encoding) == "SQL_ASCII" &&
      PQsetClientEncoding(connection_, encoding) != 0)
    throw TransientError("PostgreSQL at " + where_ + " did not accept client_encoding SQL_ASCII");
}

PgAnswer PgSession::try_query(const std::string& sql, const Params& params) {
  std::vector<const char*> values;
  for (const auto& param : params) values.push_back(param ? param->c_str() : nullptr);
  // A replication connection knows the simple protocol only.
  const Result result(params.empty() ? PQexec(connection_, sql.c_str())
                                     : PQexecParams(connection_, sql.c_str(), static_cast<int>(values.size()),
                                                    nullptr, values.data(), nullptr, nullptr, 0),
                      &PQclear);
  if (PQstatus(connection_) != CONNECTION_OK)
    throw TransientError("the connection with PostgreSQL at " + where_ +
                         " was lost: " + plain_message(PQerrorMessage(connection_)));
  return take_answer(result.get(), connection_);
}

std::vector<PgRow> PgSession::query(const std::string& sql, const Params& params) {
  PgAnswer answer = try_query(sql, params);
  if (answer.ok()) return std::move(answer.rows);
  const std::string message = "PostgreSQL at " + where_ + " says: " + answer.message;
  if (is_transient_sqlstate(answer.sqlstate)) throw TransientError(message);
  throw ServerRefusal(message, answer.sqlstate);
}

std::string PgSession::value(const std::string& sql, const Params& params) {
  const std::vector<PgRow> rows = query(sql, params);
  if (rows.empty() || rows[0].empty())
    throw PermanentError("PostgreSQL at " + where_ + " gave no row for: " + sql);
  return rows[0][0].value_or("");
}

std::string PgSession::identifier(std::string_view name) {
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
      PQescapeIdentifier(connection_, name.data(), name.size()), &PQfreemem);
  if (!quoted) throw PermanentError("a name is not valid text in the encoding of PostgreSQL at " + where_);
  return quoted.get();
}

std::string PgSession::literal(std::string_view text) {
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
      PQescapeLiteral(connection_, text.data(), text.size()), &PQfreemem);
  if (!quoted) throw PermanentError("a text is not valid in the encoding of PostgreSQL at " + where_);
  return quoted.get();
}

int PgSession::server_version() const { return PQserverVersion(connection_); }

}  // namespace rowhook
