// The tables script_state and script_state_done.
#include "engine/execution/live_execution.h"
#include "engine/store/sql_store.h"
#include "engine/store/trigger_revisions.h"
#include "engine/store/utf8_text.h"

namespace rowhook {

ScriptState SqlStore::script_state(const std::string& scope) {
  return database_.read([&](Connection& connection) {
    ScriptState state;
    connection.each("SELECT key, value FROM script_state WHERE scope = $1", {clean_utf8(scope)},
                    [&](auto row) {
                      state[as_text(row[0])] = as_text(row[1]);
                      return true;
                    });
    return state;
  });
}

void drop_trigger_state(Connection& connection, std::int64_t id) {
  for (const char* script : {" filter", " transform"})
    connection.query("DELETE FROM script_state WHERE scope = $1", {"trigger " + std::to_string(id) + script});
}

namespace {

void apply(Connection& connection, const StateChange& change) {
  const std::string scope = clean_utf8(change.scope), key = clean_utf8(change.key);
  if (change.kind == StateChange::Kind::remove) {
    connection.query("DELETE FROM script_state WHERE scope = $1 AND key = $2", {scope, key});
    return;
  }
  std::string value = clean_utf8(change.value);
  if (change.kind == StateChange::Kind::add) {
    const SqlResult before =
        connection.query("SELECT value FROM script_state WHERE scope = $1 AND key = $2", {scope, key});
    value = add_state_numbers(before.empty() ? "" : as_text(before.rows[0][0]), value);
  }
  connection.query(
      "INSERT INTO script_state (scope, key, value) VALUES ($1, $2, $3) "
      "ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value",
      {scope, key, value});
}

}  // namespace

void SqlExecutionLog::apply_states(Connection& connection, const std::vector<Execution>& executions,
                                   std::uint64_t low_water) {
  for (const auto& execution : executions) {
    for (const auto& change : execution.state_changes) apply(connection, change);
    if (!execution.without_row) continue;
    connection.query("INSERT INTO script_state_done (seq, trigger_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                     {static_cast<std::int64_t>(execution.seq), execution.trigger_id});
    done_without_rows_ = true;
  }
  if (!done_without_rows_) return;
  const auto mark = static_cast<std::int64_t>(low_water);
  connection.query("DELETE FROM script_state_done WHERE seq < $1", {mark});
  done_without_rows_ = !connection.query("SELECT 1 FROM script_state_done LIMIT 1").empty();
}

}  // namespace rowhook
