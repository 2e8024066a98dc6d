#include "engine/capture/change_table/change_table_install.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "engine/base/log.h"
#include "engine/capture/change_table/change_table_checks.h"
#include "engine/capture/change_table/sqlite_schema_diff.h"

namespace rowhook {
namespace {

constexpr std::array<std::string_view, 3> our_tables{"_rowhook_changes", "_rowhook_layouts",
                                                     "_rowhook_state"};

// A row of _rowhook_layouts.
struct StoredLayout {
  ChangeLayout layout;
  bool active = false;
  SqliteDefinition definition;
  std::vector<std::string> triggers;
};

std::string pack_columns(const std::vector<LayoutColumn>& columns) {
  auto packed = nlohmann::json::array();
  for (const auto& column : columns)
    packed.push_back({column.name, column.type, column.key, column.hidden, column.rowid});
  return packed.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<LayoutColumn> unpack_columns(std::string_view packed) {
  std::vector<LayoutColumn> columns;
  for (const auto& column : nlohmann::json::parse(packed))
    columns.push_back({column.at(0), column.at(1), column.at(2), column.at(3), column.at(4)});
  return columns;
}

StoredLayout read_layout(const SqliteCursor& cursor) {
  try {
    StoredLayout stored;
    stored.layout = {cursor.integer(0), cursor.text(1), unpack_columns(cursor.bytes(3))};
    stored.active = cursor.integer(2) == 1;
    stored.definition = unpack_definition(cursor.bytes(4));
    stored.triggers = nlohmann::json::parse(cursor.bytes(5)).get<std::vector<std::string>>();
    return stored;
  } catch (const nlohmann::json::exception& error) {
    throw PermanentError(std::string("the table _rowhook_layouts is damaged: ") + error.what(),
                         "drop the tables _rowhook_* in the database; rowhook makes them anew");
  }
}

constexpr std::string_view select_layouts =
    "SELECT id, name, active, columns, definition, triggers FROM _rowhook_layouts";

// The newest layout of a table, whether it is active or not.
std::optional<StoredLayout> newest_layout(SqliteHandle& handle, std::string_view table) {
  SqliteCursor cursor =
      handle.prepare(std::string(select_layouts) +
                     " WHERE name = ?1 COLLATE NOCASE AND active < 2 ORDER BY id DESC LIMIT 1");
  cursor.bind(1, table);
  if (!cursor.step()) return std::nullopt;
  return read_layout(cursor);
}

struct FoundTrigger {
  std::string name, table, sql;
};
std::vector<FoundTrigger> our_triggers(SqliteHandle& handle) {
  std::vector<FoundTrigger> found;
  SqliteCursor cursor = handle.prepare(
      "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB '_rowhook_*'");
  while (cursor.step()) found.push_back({cursor.text(0), cursor.text(1), cursor.text(2)});
  return found;
}

bool same_triggers(const std::vector<FoundTrigger>& found, std::string_view table,
                   const std::vector<TriggerSql>& wanted) {
  std::size_t present = 0;
  for (const auto& trigger : found) {
    if (!same_sqlite_name(trigger.table, table)) continue;
    if (std::none_of(wanted.begin(), wanted.end(),
                     [&](const auto& w) { return w.name == trigger.name && w.sql == trigger.sql; }))
      return false;
    ++present;
  }
  return present == wanted.size();
}

class Installer {
 public:
  Installer(SqliteHandle& handle, const SqliteWatch& watch, bool report)
      : handle_(handle), watch_(watch), report_(report) {}

  void run() {
    const auto stored = newest_layout(handle_, watch_.table.table);
    const auto table = read_sqlite_table(handle_, watch_.table.table);
    if (!table) {
      gone(stored);
      return;
    }
    ChangeLayout layout{stored ? stored->layout.id : 0, table->name,
                        layout_columns(*table, watch_.table, watch_.condition_columns())};
    SqliteDefinition definition = read_definition(handle_, *table);
    if (stored) keep_former(stored->definition, definition);
    refuse_errors(check_sqlite_watch(*table, watch_, definition));
    widen(layout_width(layout, watch_.table));
    const bool same_columns = stored && stored->active && stored->layout.columns == layout.columns;
    const auto found = our_triggers(handle_);
    if (same_columns && stored->definition == definition &&
        same_triggers(found, table->name, change_table_triggers(*table, watch_.table, layout)))
      return;
    if (stored) refuse_errors(check_renamed_exclusion(watch_.table, stored->definition, definition));
    const bool missing = stored && stored->active && any_missing(found, *stored, table->name);
    if (!same_columns) layout.id = next_layout();
    store(layout, definition, change_table_triggers(*table, watch_.table, layout), found);
    if (stored) report_changes(*stored, definition, layout, missing);
  }

 private:
  void gone(const std::optional<StoredLayout>& stored) {
    if (!stored) {
      refuse_errors({missing_sqlite_table(watch_.table.table, list_sqlite_tables(handle_))});
      return;
    }
    if (!stored->active) return;
    handle_.execute("UPDATE _rowhook_layouts SET active = 0 WHERE name = " +
                    quote_sqlite_text(stored->layout.table) + " COLLATE NOCASE");
    if (report_)
      add(ChangeOp::schema_changed, stored->layout.id,
          schema_detail("DROP", "TABLE", stored->layout.table, {}, "dropped"));
    log::warning("a watched table is gone; its changes are captured again once it is back",
                 {{"table", stored->layout.table}});
  }

  static void keep_former(const SqliteDefinition& before, SqliteDefinition& now) {
    now.former = before.former;
    for (const auto& column : before.columns)
      if (!now.had_column(column.first)) now.former.push_back(column.first);
  }

  // The first error among the findings stops the source.
  void refuse_errors(const std::vector<Finding>& findings) const {
    for (const auto& finding : findings)
      if (finding.severity == Finding::Severity::error) throw PermanentError(finding.detail, finding.remedy);
  }

  static bool any_missing(const std::vector<FoundTrigger>& found, const StoredLayout& stored,
                          std::string_view table) {
    return std::any_of(stored.triggers.begin(), stored.triggers.end(), [&](const auto& name) {
      return std::none_of(found.begin(), found.end(), [&](const auto& trigger) {
        return trigger.name == name && same_sqlite_name(trigger.table, table);
      });
    });
  }

  // Never one that unread changes refer to, though somebody may have dropped the layouts.
  std::int64_t next_layout() {
    const std::int64_t last = handle_.integer("SELECT max(id) FROM _rowhook_layouts");
    return 1 + (last > 0 ? last : handle_.integer("SELECT max(layout) FROM _rowhook_changes"));
  }

  void widen(std::size_t width) {
    constexpr std::string_view count =
        "SELECT count(*) FROM pragma_table_info('_rowhook_changes') WHERE name GLOB 'v[0-9]*'";
    for (auto have = static_cast<std::size_t>(handle_.integer(count)); have < width; ++have)
      handle_.execute("ALTER TABLE _rowhook_changes ADD COLUMN v" + std::to_string(have));
  }

  void store(const ChangeLayout& layout, const SqliteDefinition& definition,
             const std::vector<TriggerSql>& triggers, const std::vector<FoundTrigger>& found) {
    for (const auto& trigger : found)
      if (same_sqlite_name(trigger.table, layout.table) ||
          std::any_of(triggers.begin(), triggers.end(),
                      [&](const auto& t) { return same_sqlite_name(t.name, trigger.name); }))
        handle_.execute("DROP TRIGGER IF EXISTS " + quote_sqlite_name(trigger.name));
    std::vector<std::string> names;
    for (const auto& trigger : triggers) {
      handle_.execute(trigger.sql);
      names.push_back(trigger.name);
    }
    SqliteCursor retire =
        handle_.prepare("UPDATE _rowhook_layouts SET active = 0 WHERE name = ?1 COLLATE NOCASE");
    retire.bind(1, layout.table).run();
    SqliteCursor insert = handle_.prepare(
        "INSERT OR REPLACE INTO _rowhook_layouts(id, name, active, columns, definition, triggers) VALUES(?1, "
        "?2, 1, ?3, ?4, ?5)");
    insert.bind(1, layout.id).bind(2, layout.table).bind(3, pack_columns(layout.columns));
    insert.bind(4, pack_definition(definition)).bind(5, nlohmann::json(names).dump()).run();
  }

  void report_changes(const StoredLayout& before, const SqliteDefinition& after, const ChangeLayout& layout,
                      bool missing) {
    const std::string& name = layout.table;
    if (report_ && !before.active)
      add(ChangeOp::schema_changed, layout.id, schema_detail("CREATE", "TABLE", name, after.sql, "created"));
    if (report_ && before.active)
      for (const auto& detail : describe_changes(name, before.definition, after))
        add(ChangeOp::schema_changed, layout.id, detail);
    const bool rows = handle_.integer("SELECT EXISTS(SELECT 1 FROM " + quote_sqlite_name(name) + ")") != 0;
    if (!missing && (before.active || !rows)) return;
    add(ChangeOp::capture_gap, layout.id,
        gap_detail("the triggers on " + name +
                       (before.active ? " were missing: the table was rebuilt, or somebody dropped them"
                                      : " were made after its first rows"),
                   "compare " + name +
                       " with what was made of its events; changes before this point may be missing"));
    log::warning("changes of a table may be missing: its triggers were not there for a while",
                 {{"table", name}});
  }

  void add(ChangeOp op, std::int64_t layout, const std::string& detail) {
    SqliteCursor insert = handle_.prepare(
        "INSERT INTO _rowhook_changes(layout, op, at, v0) VALUES(?1, ?2, julianday('now'), ?3)");
    insert.bind(1, layout).bind(2, static_cast<std::int64_t>(op)).bind(3, detail).run();
  }

  SqliteHandle& handle_;
  const SqliteWatch& watch_;
  bool report_;
};

bool watched(const std::vector<SqliteWatch>& watches, std::string_view table) {
  return std::any_of(watches.begin(), watches.end(),
                     [&](const auto& watch) { return same_sqlite_name(watch.table.table, table); });
}

}  // namespace

std::vector<std::string> SqliteWatch::condition_columns() const {
  std::vector<std::string> names;
  if (where)
    for (const auto& name : where->columns()) names.push_back(name);
  return names;
}

std::vector<SqliteWatch> sqlite_watches(const SourceSettings& settings) {
  std::vector<SqliteWatch> watches;
  for (const auto& table : settings.tables) {
    SqliteWatch watch{table, std::nullopt};
    try {
      if (!table.where_clause.empty()) watch.where = Condition::parse(table.where_clause);
    } catch (const InvalidInput& error) {
      throw InvalidInput("where_clause of " + table.table + ": " + error.what(), error.problems(),
                         error.hint());
    }
    watches.push_back(std::move(watch));
  }
  return watches;
}

bool change_tables_present(SqliteHandle& handle) {
  return handle.integer(
             "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN "
             "('_rowhook_changes', '_rowhook_layouts', '_rowhook_state')") ==
         static_cast<std::int64_t>(our_tables.size());
}

std::optional<ChangeTableState> read_change_table_state(SqliteHandle& handle) {
  if (!change_tables_present(handle)) return std::nullopt;
  SqliteCursor cursor = handle.prepare("SELECT token, epoch, acknowledged FROM _rowhook_state WHERE id = 1");
  if (!cursor.step()) return std::nullopt;
  return ChangeTableState{cursor.text(0), cursor.integer(1), cursor.integer(2)};
}

ChangeTableState take_over_change_tables(SqliteHandle& handle, std::int64_t epoch, const std::string& token) {
  handle.execute(change_tables_sql(8));
  ChangeTableState state{token, epoch, 0};
  if (const auto before = read_change_table_state(handle)) {
    state.epoch = std::max(epoch, before->epoch + 1);
    state.acknowledged = before->acknowledged;
  }
  // The row to count on from; where it is missing (a fresh file, a table that somebody emptied) all others
  // are unread.
  const bool based = handle.integer(
                         "SELECT count(*) FROM _rowhook_changes AS c JOIN _rowhook_state AS s ON c.id = "
                         "s.acknowledged AND c.at = "
                         "s.mark") != 0;
  if (!based) {
    state.acknowledged = handle.integer("SELECT coalesce(min(id) - 1, 1) FROM _rowhook_changes");
    handle.execute("INSERT INTO _rowhook_changes(id, layout, op, at) VALUES(" +
                   std::to_string(state.acknowledged) + ", 0, 0, julianday('now'))");
  }
  SqliteCursor write = handle.prepare(
      "INSERT OR REPLACE INTO _rowhook_state(id, token, epoch, acknowledged, mark) "
      "SELECT 1, ?1, ?2, id, at FROM _rowhook_changes WHERE id = ?3");
  write.bind(1, state.token).bind(2, state.epoch).bind(3, state.acknowledged).run();
  return state;
}

std::map<std::int64_t, ChangeLayout> read_change_layouts(SqliteHandle& handle) {
  std::map<std::int64_t, ChangeLayout> layouts;
  SqliteCursor cursor = handle.prepare(select_layouts);
  while (cursor.step()) {
    StoredLayout stored = read_layout(cursor);
    layouts.emplace(stored.layout.id, std::move(stored.layout));
  }
  return layouts;
}

bool change_triggers_in_line(SqliteHandle& handle, const std::vector<SqliteWatch>& watches) {
  const auto found = our_triggers(handle);
  for (const auto& trigger : found)
    if (!watched(watches, trigger.table)) return false;
  for (const auto& watch : watches) {
    const auto stored = newest_layout(handle, watch.table.table);
    const auto table = read_sqlite_table(handle, watch.table.table);
    if (!stored || stored->active != table.has_value()) return false;
    if (!table) continue;
    const ChangeLayout layout{stored->layout.id, table->name,
                              layout_columns(*table, watch.table, watch.condition_columns())};
    if (layout.columns != stored->layout.columns || read_definition(handle, *table) != stored->definition ||
        table->kind != SqliteTable::Kind::table ||
        !same_triggers(found, table->name, change_table_triggers(*table, watch.table, layout)))
      return false;
  }
  return true;
}

void bring_change_triggers_in_line(SqliteHandle& handle, const std::vector<SqliteWatch>& watches,
                                   bool report) {
  for (const auto& trigger : our_triggers(handle))
    if (!watched(watches, trigger.table)) handle.execute("DROP TRIGGER " + quote_sqlite_name(trigger.name));
  for (const auto& [id, layout] : read_change_layouts(handle))
    if (!watched(watches, layout.table))
      handle.execute("UPDATE _rowhook_layouts SET active = 2 WHERE id = " + std::to_string(id));
  for (const auto& watch : watches) Installer(handle, watch, report).run();
}

SqliteDefinition stored_definition(SqliteHandle& handle, std::string_view table) {
  if (!change_tables_present(handle)) return {};
  const auto stored = newest_layout(handle, table);
  if (!stored) return {};
  SqliteDefinition definition = stored->definition;
  for (const auto& column : definition.columns) definition.former.push_back(column.first);
  return definition;
}

void remove_change_tables(SqliteHandle& handle) {
  for (const auto& trigger : our_triggers(handle))
    handle.execute("DROP TRIGGER " + quote_sqlite_name(trigger.name));
  for (const auto table : our_tables) handle.execute("DROP TABLE IF EXISTS \"" + std::string(table) + '"');
}

}  // namespace rowhook
