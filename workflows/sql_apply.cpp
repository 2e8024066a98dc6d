#include "workflows/sql_apply.h"

#include <charconv>
#include <cmath>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "workflows/sql_statement.h"

namespace rowhook {
namespace {

constexpr std::size_t kept_result = 64U << 10;

const char* table_sql(Dialect dialect) {
  return dialect == Dialect::postgres ? "CREATE TABLE IF NOT EXISTS rowhook_applied ("
                                        "event_id text NOT NULL, execution_id text NOT NULL, node_id text "
                                        "NOT NULL, item_index bigint NOT NULL, "
                                        "result text, applied_at timestamptz NOT NULL DEFAULT now(), "
                                        "PRIMARY KEY (event_id, execution_id, node_id, item_index))"
                                      : "CREATE TABLE IF NOT EXISTS rowhook_applied ("
                                        "event_id TEXT NOT NULL, execution_id TEXT NOT NULL, node_id TEXT "
                                        "NOT NULL, item_index INTEGER NOT NULL, "
                                        "result TEXT, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, "
                                        "PRIMARY KEY (event_id, execution_id, node_id, item_index))";
}

const char* index_sql() {
  return "CREATE INDEX IF NOT EXISTS rowhook_applied_at ON rowhook_applied (applied_at)";
}

bool has_table(Connection& connection) {
  const char* sql = connection.dialect() == Dialect::postgres
                        ? "SELECT 1 WHERE to_regclass('rowhook_applied') IS NOT NULL"
                        : "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'rowhook_applied'";
  return !connection.query(sql).empty();
}

void make_table(Connection& connection) {
  try {
    Transaction transaction(connection);
    // Two sessions that make one table at the same time end in an error on PostgreSQL: one after the other.
    if (connection.dialect() == Dialect::postgres)
      connection.query("SELECT pg_advisory_xact_lock(hashtext('rowhook_applied'))");
    connection.query(table_sql(connection.dialect()));
    connection.query(index_sql());
    transaction.commit();
  } catch (const PermanentError& error) {
    throw PermanentError(std::string("the table rowhook_applied cannot be made: ") + error.what(),
                         std::string("let somebody run it who may: ") + table_sql(connection.dialect()) +
                             "; " + index_sql() + "; or set exactly_once to false");
  }
}

SqlParams key_params(const AppliedKey& key) {
  return {key.event_id, key.execution_id, key.node_id, static_cast<std::int64_t>(key.item_index)};
}

// False: the row was there.
bool claim(Connection& connection, const AppliedKey& key) {
  return connection
             .query(
                 "INSERT INTO rowhook_applied (event_id, execution_id, node_id, item_index) VALUES ($1, $2, "
                 "$3, $4) "
                 "ON CONFLICT DO NOTHING",
                 key_params(key))
             .affected > 0;
}

std::string earlier_result(Connection& connection, const AppliedKey& key) {
  const auto found = connection.query(
      "SELECT result FROM rowhook_applied WHERE event_id = $1 AND execution_id = $2 AND node_id = $3 AND "
      "item_index = $4",
      key_params(key));
  if (found.empty() || is_null(found.rows.front().front()))
    return R"({"rows":[],"affected":0,"applied_before":true})";
  return as_text(found.rows.front().front());
}

void keep_result(Connection& connection, const AppliedKey& key, const std::string& result) {
  if (result.size() > kept_result) return;
  SqlParams params = key_params(key);
  params.emplace_back(result);
  connection.query(
      "UPDATE rowhook_applied SET result = $5 "
      "WHERE event_id = $1 AND execution_id = $2 AND node_id = $3 AND item_index = $4",
      params);
}

// `claimed` says afterwards whether rowhook_applied could be asked at all.
std::string run_in_transaction(Connection& connection, const AppliedKey& key, const std::string& sql,
                               const SqlParams& params, std::size_t max_rows, bool& claimed) {
  Transaction transaction(connection);
  const bool is_first = claim(connection, key);
  claimed = true;
  if (!is_first) return earlier_result(connection, key);
  std::string result = run_sql(connection, sql, params, max_rows);
  keep_result(connection, key, result);
  transaction.commit();
  return result;
}

void write_value(std::string& out, const SqlValue& value) {
  if (is_null(value)) {
    out += "null";
  } else if (const auto* real = std::get_if<double>(&value); real && !std::isfinite(*real)) {
    write_json_string(out, as_text(value));
  } else if (real || std::holds_alternative<std::int64_t>(value)) {
    out += as_text(value);
  } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
    write_json_string(out, base64_encode(bytes->data));
  } else {
    write_json_string(out, as_text(value));
  }
}

SqlValue param_of(const Document& value, Dialect dialect) {
  if (value.is_null()) return nullptr;
  if (const bool* truth = value.boolean()) return std::int64_t{*truth ? 1 : 0};
  if (const auto* text = value.string()) return *text;
  const auto* number = value.number();
  if (!number) return value.text();
  const std::string& digits = number->digits;
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
  if (error == std::errc{} && end == digits.data() + digits.size()) return integer;
  double real = 0;
  if (dialect == Dialect::sqlite &&
      std::from_chars(digits.data(), digits.data() + digits.size(), real).ec == std::errc{})
    return real;
  return digits;
}

}  // namespace

SqlParams sql_params(const std::vector<Document>& values, Dialect dialect) {
  SqlParams params;
  for (const auto& value : values) params.push_back(param_of(value, dialect));
  return params;
}

std::string sql_result_json(const SqlResult& result, std::size_t max_rows) {
  if (result.rows.size() > max_rows)
    throw PermanentError(
        "the statement gives more rows than are allowed, which are " + std::to_string(max_rows),
        "narrow the statement or raise max_rows");
  std::string out = R"({"rows":[)";
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    out += i == 0 ? "{" : ",{";
    for (std::size_t j = 0; j < result.columns.size() && j < result.rows[i].size(); ++j) {
      if (j > 0) out += ',';
      write_json_string(out, result.columns[j]);
      out += ':';
      write_value(out, result.rows[i][j]);
    }
    out += '}';
  }
  return out + R"(],"affected":)" + std::to_string(result.affected) + "}";
}

std::string run_sql(Connection& connection, const std::string& sql, const SqlParams& params,
                    std::size_t max_rows) {
  const bool postgres = connection.dialect() == Dialect::postgres;
  return sql_result_json(connection.query(with_row_limit(sql, max_rows + 1, postgres), params), max_rows);
}

std::string apply_once(Connection& connection, const AppliedKey& key, const std::string& sql,
                       const SqlParams& params, std::size_t max_rows) {
  bool claimed = false;
  try {
    return run_in_transaction(connection, key, sql, params, max_rows, claimed);
  } catch (const PermanentError&) {
    if (claimed || !connection.usable()) throw;
  }
  // The table was missing; by now another session may have made it.
  if (!has_table(connection)) make_table(connection);
  return run_in_transaction(connection, key, sql, params, max_rows, claimed);
}

void drop_old_applied(Connection& connection) {
  connection.query(
      connection.dialect() == Dialect::postgres
          ? "DELETE FROM rowhook_applied WHERE ctid = ANY (ARRAY("
            "SELECT ctid FROM rowhook_applied WHERE applied_at < now() - interval '30 days' LIMIT 10000))"
          : "DELETE FROM rowhook_applied WHERE rowid IN ("
            "SELECT rowid FROM rowhook_applied WHERE applied_at < datetime('now', '-30 days') LIMIT 10000)");
}

}  // namespace rowhook
