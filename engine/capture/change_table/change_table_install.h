// Makes, keeps and removes what capture needs in the user's file. Every function that writes runs inside a
// write transaction of the caller, so an installation is whole or not there.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/capture/change_table/change_table_sql.h"
#include "engine/capture/change_table/sqlite_handle.h"
#include "engine/capture/change_table/sqlite_schema_diff.h"
#include "engine/db/condition.h"

namespace rowhook {

// A watched table with its where_clause parsed.
struct SqliteWatch {
  WatchedTable table;
  std::optional<Condition> where;
  std::vector<std::string> condition_columns() const;
};
// Throws InvalidInput when a where_clause cannot be parsed, naming the table.
std::vector<SqliteWatch> sqlite_watches(const SourceSettings& settings);

// The row of _rowhook_state.
struct ChangeTableState {
  std::string token;              // who reads; anew with every take-over
  std::int64_t epoch = 0;         // the first part of every order; grows with every take-over
  std::int64_t acknowledged = 0;  // changes up to this id are journaled; the row itself is kept
};

bool change_tables_present(SqliteHandle& handle);
// nullopt when the tables are not there.
std::optional<ChangeTableState> read_change_table_state(SqliteHandle& handle);
// Creates the tables where they are missing and becomes their reader: a new token, an epoch of at least
// `epoch` and beyond every earlier one. Changes that nobody has read yet stay and will be read.
ChangeTableState take_over_change_tables(SqliteHandle& handle, std::int64_t epoch, const std::string& token);

// Every layout that changes may still refer to.
std::map<std::int64_t, ChangeLayout> read_change_layouts(SqliteHandle& handle);

// True when the triggers of every watched table are what they should be, and no others of ours are there.
// Only reads.
bool change_triggers_in_line(SqliteHandle& handle, const std::vector<SqliteWatch>& watches);
// Makes it so. Where that follows a change of the schema, rows schema_changed (with `report`) and, if changes
// may have happened while triggers were missing, capture_gap are added to the changes. Throws PermanentError
// for what needs a person: a table that never was there, a view, an excluded column that seems to be renamed.
void bring_change_triggers_in_line(SqliteHandle& handle, const std::vector<SqliteWatch>& watches,
                                   bool report);

// What is remembered of a watched table; empty when it was never watched.
SqliteDefinition stored_definition(SqliteHandle& handle, std::string_view table);

// Leaves no trace.
void remove_change_tables(SqliteHandle& handle);

}  // namespace rowhook
