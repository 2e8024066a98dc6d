#include "engine/store/execution_log.h"

#include <array>
#include <charconv>
#include <unordered_map>

#include "engine/db/postgres_connection.h"
#include "engine/execution/live_execution.h"
#include "engine/journal/event_match.h"
#include "engine/store/dialect_text.h"
#include "engine/store/sql_store.h"
#include "engine/store/utf8_text.h"

namespace rowhook {
namespace {

enum class Kind { text, integer, real, time };
struct Column {
  const char* name;
  Kind kind;
};
// In the order in which rows are written and read.
constexpr std::array columns{
    Column{"id", Kind::text},
    Column{"trigger_id", Kind::integer},
    Column{"trigger_revision", Kind::integer},
    Column{"workflow_id", Kind::text},
    Column{"event_id", Kind::text},
    Column{"seq", Kind::integer},
    Column{"source", Kind::text},
    Column{"event_type", Kind::text},
    Column{"table_name", Kind::text},
    Column{"record_key", Kind::text},
    Column{"target_node_id", Kind::text},
    Column{"status", Kind::text},
    Column{"attempt", Kind::integer},
    Column{"error_message", Kind::text},
    Column{"created_at", Kind::time},
    Column{"started_at", Kind::time},
    Column{"finished_at", Kind::time},
    Column{"next_attempt_at", Kind::time},
    Column{"execution_time_ms", Kind::real},
    Column{"steps", Kind::text},
    Column{"edited_input", Kind::text},
    Column{"change_no", Kind::integer},
};

std::string joined(const std::function<std::string(std::size_t, const Column&)>& part) {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) text += (i ? ", " : "") + part(i, columns[i]);
  return text;
}

std::string names() {
  return joined([](std::size_t, const Column& column) { return std::string(column.name); });
}

std::string upsert_sql(Dialect dialect) {
  const auto place = [](std::size_t i) { return "$" + std::to_string(i + 1); };
  std::string sql = "INSERT INTO execution_logs (" + names() + ")";
  if (dialect == Dialect::sqlite) {
    sql += " VALUES (" + joined([&](std::size_t i, const Column&) { return place(i); }) + ")";
  } else {
    sql += " SELECT " + joined([](std::size_t, const Column& column) {
             const std::string name = std::string("r.") + column.name;
             if (column.kind == Kind::time) return "TIME(" + name + ")";
             return std::string_view(column.name) == "steps" ? name + "::json" : name;
           });
    sql += " FROM unnest(" + joined([&](std::size_t i, const Column& column) {
             const char* type = column.kind == Kind::text   ? "::text[]"
                                : column.kind == Kind::real ? "::float8[]"
                                                            : "::bigint[]";
             return place(i) + type;
           });
    sql += ") AS r(" + names() + ")";
  }
  sql += " ON CONFLICT (id) DO UPDATE SET " + joined([](std::size_t, const Column& column) {
           return std::string(column.name) + " = excluded." + column.name;
         });
  return in_dialect(sql, dialect);
}

std::string select_sql(Dialect dialect) {
  return in_dialect("SELECT " + joined([](std::size_t, const Column& column) {
                      return column.kind == Kind::time ? "MICROS(" + std::string(column.name) + ")"
                                                       : std::string(column.name);
                    }) + " FROM execution_logs",
                    dialect);
}

bool is_parked(ExecutionStatus status) {
  return status == ExecutionStatus::pending || status == ExecutionStatus::retrying;
}
bool has_ended(ExecutionStatus status) { return !is_parked(status) && status != ExecutionStatus::running; }

// Puts a text into a parameter and keeps the parameter's memory from row to row.
void put(SqlValue& place, std::string_view text) {
  auto* kept = std::get_if<std::string>(&place);
  if (!kept) kept = &place.emplace<std::string>();
  if (is_clean_utf8(text))
    kept->assign(text);
  else
    *kept = clean_utf8(text);
}

void put_time(SqlValue& place, bool given, Micros time) {
  if (given)
    place = time;
  else
    place = nullptr;
}

// The row of an execution, in the order of `columns`.
void fill(SqlParams& row, const Execution& execution) {
  row.resize(columns.size());
  auto at = row.begin();
  put(*at++, execution.id);
  *at++ = execution.trigger_id;
  *at++ = execution.trigger_revision;
  put(*at++, execution.workflow_id);
  put(*at++, execution.event_id);
  *at++ = static_cast<std::int64_t>(execution.seq);
  put(*at++, execution.source);
  put(*at++, execution.event_type);
  put(*at++, execution.table);
  put(*at++, execution.key);
  put(*at++, execution.target_node_id);
  put(*at++, to_string(execution.status));
  *at++ = std::int64_t{execution.attempt};
  put(*at++, execution.error_message);
  *at++ = execution.created_at;
  put_time(*at++, execution.started_at != 0, execution.started_at);
  put_time(*at++, has_ended(execution.status),
           execution.finished_at ? execution.finished_at : execution.created_at);
  put_time(*at++, is_parked(execution.status), execution.next_attempt_at);
  *at++ = execution.execution_time_ms;
  put(*at++, execution.steps.empty() ? std::string_view("[]") : std::string_view(execution.steps));
  if (execution.edited_input.empty())
    *at++ = nullptr;
  else
    put(*at++, execution.edited_input);
  *at++ = static_cast<std::int64_t>(execution.change);
}

Execution execution_from_row(std::span<const SqlValue> row) {
  Execution execution;
  auto at = row.begin();
  const auto text = [&] { return as_text(*at++); };
  const auto integer = [&] { return as_int(*at++); };
  execution.id = text();
  execution.trigger_id = integer();
  execution.trigger_revision = integer();
  execution.workflow_id = text();
  execution.event_id = text();
  execution.seq = static_cast<std::uint64_t>(integer());
  execution.source = text();
  execution.event_type = text();
  execution.table = text();
  execution.key = text();
  execution.target_node_id = text();
  execution.status = execution_status(text());
  execution.attempt = static_cast<unsigned>(integer());
  execution.error_message = text();
  execution.created_at = integer();
  execution.started_at = integer();
  execution.finished_at = integer();
  execution.next_attempt_at = integer();
  const SqlValue& time = *at++;
  execution.execution_time_ms =
      std::holds_alternative<double>(time) ? std::get<double>(time) : static_cast<double>(as_int(time));
  execution.steps = text();
  execution.edited_input = text();
  execution.change = static_cast<std::uint64_t>(integer());
  return execution;
}

// (created_at, seq, id) of a cursor "created_at~seq~id".
std::optional<std::vector<SqlValue>> split_cursor(std::string_view cursor) {
  const auto first = cursor.find('~');
  const auto second = first == std::string_view::npos ? first : cursor.find('~', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::int64_t created_at = 0, seq = 0;
  const char* text = cursor.data();
  if (std::from_chars(text, text + first, created_at).ptr != text + first ||
      std::from_chars(text + first + 1, text + second, seq).ptr != text + second)
    return std::nullopt;
  return std::vector<SqlValue>{created_at, seq, std::string(cursor.substr(second + 1))};
}

Where conditions(const ExecutionFilter& filter) {
  Where where;
  if (!filter.status.empty())
    where.add("status = ?", std::string(to_string(execution_status(filter.status))));
  if (!filter.source.empty()) where.add("source = ?", filter.source);
  if (!filter.event_type.empty()) where.add("event_type = ?", filter.event_type);
  if (!filter.table.empty()) where.add("table_name = ?", filter.table);
  if (!filter.record_id.empty()) {
    std::vector<SqlValue> keys;
    for (const auto& key : record_key_texts(filter.record_id)) keys.emplace_back(key);
    where.add_all("record_key IN (?, ?)", std::move(keys));
  }
  if (!filter.workflow_id.empty()) where.add("workflow_id = ?", filter.workflow_id);
  if (!filter.event_id.empty()) where.add("event_id = ?", filter.event_id);
  if (!filter.error.empty()) where.add("FIND(error_message, ?) > 0", filter.error);
  if (filter.trigger_id) where.add("trigger_id = ?", *filter.trigger_id);
  if (filter.from) where.add("created_at >= TIME(?)", *filter.from);
  if (filter.to) where.add("created_at < TIME(?)", *filter.to);
  return where;
}

std::uint64_t last_change(const std::vector<Execution>& executions) {
  std::uint64_t last = 0;
  for (const auto& execution : executions) last = std::max(last, execution.change);
  return last;
}

}  // namespace

SqlExecutionLog::SqlExecutionLog(Database& database)
    : database_(database), upsert_(upsert_sql(database.dialect())) {}

void SqlExecutionLog::write(const std::vector<Execution>& executions, std::uint64_t low_water) {
  database_.write([&](Connection& connection) {
    if (connection.dialect() == Dialect::sqlite)
      upsert_rows(connection, executions);
    else
      upsert_arrays(connection, executions);
    apply_states(connection, executions, low_water);
    connection.query("UPDATE engine_state SET value = $1 WHERE name = 'low_water'",
                     {static_cast<std::int64_t>(low_water)});
    if (const std::uint64_t last = last_change(executions); last > 0)
      connection.query("UPDATE engine_state SET value = $1 WHERE name = 'execution_changes'",
                       {static_cast<std::int64_t>(last)});
  });
}

void SqlExecutionLog::upsert_rows(Connection& connection, const std::vector<Execution>& executions) {
  std::size_t at = 0;
  connection.execute_many(upsert_, [&](SqlParams& row) {
    while (at < executions.size() && executions[at].without_row) ++at;
    if (at == executions.size()) return false;
    fill(row, executions[at++]);
    return true;
  });
}

void SqlExecutionLog::upsert_arrays(Connection& connection, const std::vector<Execution>& executions) {
  if (executions.empty()) return;
  // One statement may not touch a row twice: of two states of one execution the later one counts.
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < executions.size(); ++i) last[executions[i].id] = i;
  std::array<PostgresArray, columns.size()> arrays;
  SqlParams row;
  for (std::size_t i = 0; i < executions.size(); ++i) {
    if (executions[i].without_row || last[executions[i].id] != i) continue;
    fill(row, executions[i]);
    for (std::size_t column = 0; column < columns.size(); ++column) {
      const SqlValue& value = row[column];
      if (is_null(value))
        arrays[column].add_null();
      else if (const auto* text = std::get_if<std::string>(&value))
        arrays[column].add(std::string_view(*text));
      else if (const auto* integer = std::get_if<std::int64_t>(&value))
        arrays[column].add(*integer);
      else
        arrays[column].add(std::get<double>(value));
    }
  }
  SqlParams params;
  for (PostgresArray& array : arrays) params.emplace_back(array.take());
  connection.query(upsert_, params);
}

std::vector<Execution> SqlExecutionLog::select(const std::string& rest, const SqlParams& params) {
  return database_.read([&](Connection& connection) {
    std::vector<Execution> found;
    const std::string sql = select_sql(connection.dialect()) + in_dialect(rest, connection.dialect());
    for (const auto& row : connection.query(sql, params).rows) found.push_back(execution_from_row(row));
    return found;
  });
}

std::uint64_t SqlExecutionLog::low_water() {
  return database_.read([](Connection& connection) {
    const SqlResult result = connection.query("SELECT value FROM engine_state WHERE name = 'low_water'");
    return static_cast<std::uint64_t>(as_int(result.rows.at(0).at(0)));
  });
}

std::vector<std::string> SqlExecutionLog::ids_from(std::uint64_t from_seq) {
  return database_.read([&](Connection& connection) {
    std::vector<std::string> ids;
    const SqlParams from{static_cast<std::int64_t>(from_seq)};
    connection.each("SELECT id FROM execution_logs WHERE seq >= $1", from, [&](auto row) {
      ids.push_back(as_text(row[0]));
      return true;
    });
    connection.each("SELECT seq, trigger_id FROM script_state_done WHERE seq >= $1", from, [&](auto row) {
      ids.push_back(execution_id(static_cast<std::uint64_t>(as_int(row[0])), as_int(row[1])));
      return true;
    });
    return ids;
  });
}

std::vector<Execution> SqlExecutionLog::due(Micros now, std::size_t limit) {
  return select(
      " WHERE status IN ('pending', 'retrying') AND next_attempt_at <= TIME($1) ORDER BY seq, id LIMIT $2",
      {now, static_cast<std::int64_t>(limit)});
}

std::vector<Execution> SqlExecutionLog::parked(std::uint64_t after_seq, std::size_t limit) {
  const auto after = static_cast<std::int64_t>(after_seq);
  auto found = select(" WHERE status IN ('pending', 'retrying') AND seq > $1 ORDER BY seq, id LIMIT $2",
                      {after, static_cast<std::int64_t>(limit)});
  if (found.size() < limit || found.empty()) return found;
  auto rest = select(" WHERE status IN ('pending', 'retrying') AND seq = $1 AND id > $2 ORDER BY id",
                     {static_cast<std::int64_t>(found.back().seq), found.back().id});
  found.insert(found.end(), std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
  return found;
}

std::vector<Execution> SqlExecutionLog::parked_of(const ParkedRange& range) {
  const auto seq = [](std::uint64_t value) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
  };
  Where where;
  where.add("status IN ('pending', 'retrying')");
  where.add("trigger_id = ?", range.trigger_id);
  if (range.table_and_key) {
    where.add("table_name = ?", range.table_and_key->first);
    where.add("record_key = ?", range.table_and_key->second);
  }
  where.add("seq > ?", seq(range.after_seq));
  where.add("seq <= ?", seq(range.through_seq));
  const std::string limit = where.place(static_cast<std::int64_t>(range.limit));
  return select(where.text() + " ORDER BY seq, id LIMIT " + limit, where.params());
}

ExecutionLog::Changes SqlExecutionLog::changes() {
  return database_.read([](Connection& connection) {
    const auto value = [&](const char* name) {
      const SqlResult result = connection.query("SELECT value FROM engine_state WHERE name = $1", {name});
      return static_cast<std::uint64_t>(as_int(result.rows.at(0).at(0)));
    };
    return Changes{value("execution_changes"), value("execution_changes_dropped")};
  });
}

std::vector<Execution> SqlExecutionLog::changed(std::uint64_t from, std::size_t limit) {
  return select(" WHERE change_no > 0 AND change_no >= $1 ORDER BY change_no LIMIT $2",
                {static_cast<std::int64_t>(std::min<std::uint64_t>(from, INT64_MAX)),
                 static_cast<std::int64_t>(limit)});
}

std::optional<Execution> SqlExecutionLog::find(const std::string& id) {
  auto found = select(" WHERE id = $1", {id});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Execution> SqlExecutionLog::list(const ExecutionFilter& filter) {
  Where where = conditions(filter);
  if (const std::string& cursor = filter.before_id_cursor; !cursor.empty()) {
    auto place = split_cursor(cursor);
    if (!place) {
      const auto last = find(cursor);
      if (!last)
        throw InvalidInput(
            "the cursor is not valid any more",
            {{"/cursor", "points to an execution that is gone: begin the listing again without a cursor"}});
      place = split_cursor(cursor_of(*last));
    }
    where.add_all("(created_at, seq, id) < (TIME(?), ?, ?)", std::move(*place));
  }
  std::string rest = where.text() + " ORDER BY created_at DESC, seq DESC, id DESC";
  rest += limit_text(where, ListRange{filter.skip, filter.limit, std::nullopt});
  return select(rest, where.params());
}

std::uint64_t SqlExecutionLog::count(const ExecutionFilter& filter, std::uint64_t limit) {
  Where where = conditions(filter);
  const std::string most = where.place(static_cast<std::int64_t>(limit));
  return database_.read([&](Connection& connection) {
    const SqlResult result =
        connection.query(in_dialect("SELECT count(*) FROM (SELECT 1 FROM execution_logs" + where.text() +
                                        " LIMIT " + most + ") AS counted",
                                    connection.dialect()),
                         where.params());
    return static_cast<std::uint64_t>(as_int(result.rows.at(0).at(0)));
  });
}

std::string cursor_of(const Execution& execution) {
  return std::to_string(execution.created_at) + "~" + std::to_string(execution.seq) + "~" + execution.id;
}

}  // namespace rowhook
