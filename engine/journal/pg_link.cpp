#include "engine/journal/pg_link.h"

#include <libpq-fe.h>

#include "engine/base/errors.h"
#include "engine/db/sqlstate.h"

namespace rowhook {
namespace {

constexpr int binary = 1;
constexpr std::size_t copy_chunk = 1U << 20;

std::string one_line(const char* message) {
  std::string line = message ? message : "";
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  for (char& c : line)
    if (c == '\n') c = ' ';
  return line;
}

std::uint64_t big_endian(const char* data) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(data[i]);
  return value;
}

}  // namespace

PgRows::PgRows(pg_result* result) : result_(result, PQclear) {}
int PgRows::size() const { return PQntuples(result_.get()); }
std::int64_t PgRows::integer(int row, int column) const {
  if (PQgetlength(result_.get(), row, column) != 8) return 0;
  return static_cast<std::int64_t>(big_endian(PQgetvalue(result_.get(), row, column)));
}
bool PgRows::boolean(int row, int column) const {
  return PQgetlength(result_.get(), row, column) == 1 && *PQgetvalue(result_.get(), row, column) != 0;
}
std::string_view PgRows::bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

void PgLink::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

PgLink::PgLink(const std::string& url, const char* application_name) {
  // The URL stands at its place: it wins over what stands before it, and loses to what stands behind.
  const char* const names[] = {"connect_timeout",
                               "tcp_user_timeout",
                               "keepalives_idle",
                               "fallback_application_name",
                               "dbname",
                               "client_encoding",
                               nullptr};
  const char* const values[] = {"10", "30000", "10", application_name, url.c_str(), "UTF8", nullptr};
  connection_.reset(PQconnectdbParams(names, values, 1));
  if (!connection_ || PQstatus(connection_.get()) != CONNECTION_OK)
    throw TransientError("the journal's database cannot be reached: " +
                             one_line(connection_ ? PQerrorMessage(connection_.get()) : "out of memory"),
                         "check that the server of `store` runs and accepts this user");
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  execute("SET synchronous_commit = on; SET statement_timeout = '60s'; SET lock_timeout = '10s'");
}

PgRows PgLink::query(const char* sql, std::span<const std::string> parameters) {
  std::vector<const char*> values;
  for (const auto& parameter : parameters) values.push_back(parameter.c_str());
  pg_result* result = PQexecParams(connection_.get(), sql, static_cast<int>(values.size()), nullptr,
                                   values.data(), nullptr, nullptr, binary);
  PgRows rows(result);  // clears it also when it is an error
  check(result);
  return rows;
}

void PgLink::execute(const std::string& sql, std::string_view copied) {
  if (PQsendQuery(connection_.get(), sql.c_str()) != 1) lost();
  std::shared_ptr<pg_result> failed;
  for (;;) {
    std::shared_ptr<pg_result> result(PQgetResult(connection_.get()), PQclear);
    if (!result) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_COPY_IN: {
        bool sent = true;
        for (std::size_t at = 0; sent && at < copied.size(); at += copy_chunk) {
          const std::string_view chunk = copied.substr(at, copy_chunk);
          sent = PQputCopyData(connection_.get(), chunk.data(), static_cast<int>(chunk.size())) == 1;
        }
        if (!sent || PQputCopyEnd(connection_.get(), nullptr) != 1) lost();
        break;
      }
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
      case PGRES_EMPTY_QUERY:
        break;
      default:
        if (!failed) failed = result;
    }
  }
  if (failed) check(failed.get());
  if (!alive()) lost();
}

void PgLink::check(pg_result* result) const {
  if (!result) lost();
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (!alive() || !sqlstate) lost();
  ServerError error;
  error.sqlstate = sqlstate;
  error.message =
      "the journal's database refused: " + one_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  if (error.sqlstate == "42P01") throw PermanentError(error.message, "rowhook migrate up");
  throw_server_error(error);
}

void PgLink::lost() const {
  throw TransientError("the session with the journal's database was lost: " +
                       one_line(PQerrorMessage(connection_.get())));
}

bool PgLink::alive() const { return PQstatus(connection_.get()) == CONNECTION_OK; }

std::string PgLink::literal(std::string_view text) const {
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
      PQescapeLiteral(connection_.get(), text.data(), text.size()), PQfreemem);
  if (!quoted)
    throw PermanentError("a text cannot be journaled: " + one_line(PQerrorMessage(connection_.get())));
  return quoted.get();
}

std::string PgLink::bytea_literal(std::string_view bytes) {
  std::string quoted = "'\\x";
  for (const char c : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    quoted += digits[static_cast<unsigned char>(c) >> 4];
    quoted += digits[static_cast<unsigned char>(c) & 15];
  }
  return quoted + "'";
}

}  // namespace rowhook
