#include "engine/db/postgres_connection.h"

#include <charconv>
#include <cmath>
#include <unordered_map>

#include "engine/db/pqxx_shim.h"
#include "engine/db/sqlstate.h"

namespace rowhook {
namespace {

constexpr std::size_t kept_statements = 256;

// Object ids of built-in types; they are part of the protocol and never change.
enum Type : unsigned {
  boolean = 16,
  bytea = 17,
  int8 = 20,
  int2 = 21,
  int4 = 23,
  oid = 26,
  float4 = 700,
  float8 = 701
};

std::string with_defaults(const std::string& url, const PostgresOptions& options) {
  const bool is_url = url.rfind("postgresql://", 0) == 0 || url.rfind("postgres://", 0) == 0;
  std::string result = url;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (url.find(name + "=") != std::string::npos) return;
    if (is_url)
      result += (result.find('?') == std::string::npos ? "?" : "&") + name + "=" + value;
    else
      result += " " + name + "=" + value;
  };
  add("connect_timeout", std::to_string(options.connect_timeout.count()));
  add("fallback_application_name", options.application_name);
  return result;
}

int nibble(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

std::string from_hex(std::string_view text) {  // "\x0aff"
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 2; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<char>(nibble(text[i]) * 16 + nibble(text[i + 1])));
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text = "\\x";
  text.reserve(2 + 2 * bytes.size());
  for (const char c : bytes) {
    text.push_back(digits[static_cast<unsigned char>(c) >> 4U]);
    text.push_back(digits[static_cast<unsigned char>(c) & 15U]);
  }
  return text;
}

std::string real_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

SqlValue value_of(const pqxx::field& field, unsigned type) {
  if (field.is_null()) return nullptr;
  const std::string_view text(field.c_str(), static_cast<std::size_t>(field.size()));
  switch (type) {
    case boolean:
      return std::int64_t{text == "t"};
    case int2:
    case int4:
    case int8:
    case oid: {
      std::int64_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      return number;
    }
    case float4:
    case float8: {
      if (text == "NaN") return std::nan("");
      if (text == "Infinity" || text == "-Infinity") return text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
      double number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      return number;
    }
    case bytea:
      return Bytes{from_hex(text)};
    default:
      return std::string(text);
  }
}

// Parameters as libpq wants them: texts that end in NUL. Valid as long as the SqlParams.
class Texts {
 public:
  void set(std::span<const SqlValue> params) {
    pointers_.clear();
    made_.resize(params.size());
    for (std::size_t i = 0; i < params.size(); ++i) pointers_.push_back(text(params[i], made_[i]));
  }
  const shim::TextParams& pointers() const { return pointers_; }

 private:
  static const char* text(const SqlValue& value, std::string& made) {
    if (const auto* own = std::get_if<std::string>(&value)) {
      if (own->find('\0') != std::string::npos)
        throw PermanentError("a text holds the character NUL, which PostgreSQL cannot store");
      return own->c_str();
    }
    if (const auto* integer = std::get_if<std::int64_t>(&value))
      made = std::to_string(*integer);
    else if (const auto* real = std::get_if<double>(&value))
      made = real_text(*real);
    else if (const auto* bytes = std::get_if<Bytes>(&value))
      made = to_hex(bytes->data);
    else
      return nullptr;
    return made.c_str();
  }
  std::vector<std::string> made_;
  shim::TextParams pointers_;
};

[[noreturn]] void throw_connect_error(const std::string& what) {
  std::string line = what.substr(0, what.find('\n'));
  if (line.find("authentication failed") != std::string::npos ||
      line.find("no pg_hba.conf entry") != std::string::npos ||
      line.find("no password supplied") != std::string::npos)
    throw PermanentError(line, "check user and password in the URL, and pg_hba.conf of the server");
  if (line.find("does not exist") != std::string::npos)
    throw PermanentError(line, "check the names of the database and the user in the URL");
  if (line.find("invalid") != std::string::npos || line.find("missing \"=\"") != std::string::npos)
    throw PermanentError(line, "a URL looks like postgresql://user:password@host:5432/database");
  throw TransientError(line, "check that the server runs and listens where the URL says");
}

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(const std::string& url, const PostgresOptions& options) try
      : connection_(with_defaults(url, options)), quiet_(shim::set_up(connection_)), session_(connection_) {
    session_.exec(
        "SET client_encoding='UTF8'; SET standard_conforming_strings=on; SET datestyle='ISO, MDY'; "
        "SET timezone='UTC'; SET intervalstyle='postgres'; SET bytea_output='hex'; "
        "SET client_min_messages=warning; SET statement_timeout=" +
        std::to_string(options.statement_timeout.count()));
  } catch (const pqxx::broken_connection& error) {
    throw_connect_error(error.what());
  } catch (const pqxx::sql_error& error) {
    throw_server_error(parse_server_error(error.what(), error.sqlstate()));
  } catch (const pqxx::failure& error) {
    throw_connect_error(error.what());
  } catch (const std::logic_error& error) {
    throw_connect_error(error.what());
  }

  Dialect dialect() const override { return Dialect::postgres; }
  bool usable() const override { return usable_; }

  SqlResult query(std::string_view sql, const SqlParams& params) override {
    return guarded([&] { return to_result(run(sql, params)); });
  }

  void each(std::string_view sql, const SqlParams& params,
            const std::function<bool(std::span<const SqlValue>)>& row) override {
    const bool own = !in_transaction_;
    if (own) begin();
    const std::string name = "rowhook_each_" + std::to_string(++cursors_);
    try {
      guarded([&] {
        Texts texts;
        texts.set(params);
        return shim::run(session_, "DECLARE " + name + " NO SCROLL CURSOR FOR " + std::string(sql),
                         texts.pointers());
      });
      const std::string fetch = "FETCH 1000 FROM " + name;
      for (bool more = true; more;) {
        const SqlResult part = guarded([&] { return to_result(session_.exec(fetch)); });
        more = part.rows.size() == 1000;
        for (const auto& values : part.rows)
          if (!row(values)) {
            more = false;
            break;
          }
      }
      guarded([&] { return session_.exec("CLOSE " + name); });
      if (own) commit();
    } catch (...) {
      if (own) rollback();
      throw;
    }
  }

  void execute_script(std::string_view sql) override {
    guarded([&] { return session_.exec(std::string(sql)); });
  }

  void copy_in(std::string_view table, std::span<const std::string> columns,
               std::span<const std::vector<SqlValue>> rows) override {
    std::string names;
    for (const std::string& column : columns)
      names += (names.empty() ? "" : ",") + connection_.quote_name(column);
    guarded([&] {
      shim::CopyStream stream(session_, std::string(table), names);
      Texts texts;
      for (const auto& row : rows) {
        texts.set(row);
        stream.row(texts.pointers());
      }
      stream.complete();
      return 0;
    });
  }

  void begin() override {
    execute_script("BEGIN");
    in_transaction_ = true;
  }
  void commit() override {
    in_transaction_ = false;
    // COMMIT of a transaction in which a statement failed answers ROLLBACK without any error; only the tag
    // would tell.
    guarded([&] {
      if (failed_) {
        failed_ = false;
        session_.exec("ROLLBACK");
        throw PermanentError("the transaction was rolled back: a statement in it had failed");
      }
      return session_.exec("COMMIT");
    });
  }
  void rollback() noexcept override {
    if (!in_transaction_) return;
    in_transaction_ = failed_ = false;
    try {
      if (usable_) session_.exec("ROLLBACK");
    } catch (const std::exception&) {
      usable_ = false;  // it may still be in the transaction: nobody may use this session again
    }
  }
  void cancel() noexcept override {
    try {
      connection_.cancel_query();
    } catch (const std::exception&) {
      // Best effort: the statement goes on, up to its time limit.
      return;
    }
  }

 private:
  pqxx::result run(std::string_view sql, std::span<const SqlValue> params) {
    Texts texts;
    texts.set(params);
    std::string text(sql);
    auto found = statements_.find(text);
    if (found == statements_.end()) {
      if (statements_.size() >= kept_statements) return shim::run(session_, text, texts.pointers());
      // BEGIN and its like, and anything that fails to prepare, is not worth a name.
      if (params.empty()) return session_.exec(text);
      const std::string name = "rowhook_" + std::to_string(statements_.size() + 1);
      connection_.prepare(name, text);
      found = statements_.emplace(std::move(text), name).first;
    }
    return shim::run_prepared(session_, found->second, texts.pointers());
  }

  static SqlResult to_result(const pqxx::result& rows) {
    SqlResult result;
    const auto columns = static_cast<shim::Index>(rows.columns());
    std::vector<unsigned> types;
    for (shim::Index i = 0; i < columns; ++i) {
      result.columns.emplace_back(rows.column_name(i));
      types.push_back(static_cast<unsigned>(rows.column_type(i)));
    }
    result.rows.reserve(static_cast<std::size_t>(rows.size()));
    for (const auto& row : rows) {
      auto& values = result.rows.emplace_back();
      values.reserve(types.size());
      for (shim::Index i = 0; i < columns; ++i)
        values.push_back(value_of(row[i], types[static_cast<std::size_t>(i)]));
    }
    result.affected = static_cast<std::uint64_t>(rows.affected_rows());
    return result;
  }

  // Runs `work` and turns libpqxx's exceptions into ours.
  template <typename Work>
  auto guarded(Work&& work) -> decltype(work()) {
    if (!usable_) throw TransientError("connection lost");
    try {
      return work();
    } catch (const pqxx::sql_error& error) {
      ServerError server = parse_server_error(error.what(), error.sqlstate());
      failed_ = in_transaction_;
      if (!connection_.is_open() || server.sqlstate.rfind("57P0", 0) == 0) usable_ = false;
      // The plans of prepared statements do not survive some schema changes, nor DISCARD ALL.
      if (server.sqlstate == "26000" ||
          (server.sqlstate == "0A000" && server.message.find("plan") != std::string::npos)) {
        usable_ = false;
        throw TransientError(server.message + " (SQLSTATE " + server.sqlstate + ")");
      }
      throw_server_error(server);
    } catch (const pqxx::broken_connection& error) {
      usable_ = false;
      throw TransientError("connection lost: " + std::string(error.what()).substr(0, 300));
    } catch (const pqxx::failure& error) {
      usable_ = false;
      throw TransientError(std::string(error.what()).substr(0, 300));
    } catch (
        const std::logic_error& error) {  // usage_error and its kin: the session's state is not what we think
      usable_ = false;
      throw PermanentError(std::string(error.what()).substr(0, 300));
    }
  }

  pqxx::connection connection_;
  std::shared_ptr<void> quiet_;
  pqxx::nontransaction session_;
  std::unordered_map<std::string, std::string> statements_;
  std::uint64_t cursors_ = 0;
  bool in_transaction_ = false, failed_ = false, usable_ = true;
};

}  // namespace

std::unique_ptr<Connection> open_postgres(const std::string& url, const PostgresOptions& options) {
  return std::make_unique<PostgresConnection>(url, options);
}

std::unique_ptr<Connection> open_postgres(const std::string& url,
                                          std::chrono::milliseconds statement_timeout) {
  PostgresOptions options;
  options.statement_timeout = statement_timeout;
  return open_postgres(url, options);
}

void PostgresArray::add(std::string_view text) {
  text_ += text_.size() == 1 ? "\"" : ",\"";
  for (std::size_t at = 0;;) {
    const std::size_t next = text.find_first_of("\"\\", at);
    text_.append(text, at, next - at);
    if (next == std::string_view::npos) break;
    text_ += '\\';
    text_ += text[next];
    at = next + 1;
  }
  text_ += '"';
}

void PostgresArray::add(std::int64_t number) {
  if (text_.size() > 1) text_ += ',';
  text_ += std::to_string(number);
}

void PostgresArray::add(double number) {
  if (text_.size() > 1) text_ += ',';
  text_ += real_text(number);
}

void PostgresArray::add_null() { text_ += text_.size() == 1 ? "NULL" : ",NULL"; }

std::string PostgresArray::take() {
  std::string literal = std::move(text_);
  literal += '}';
  text_ = "{";
  return literal;
}

}  // namespace rowhook
