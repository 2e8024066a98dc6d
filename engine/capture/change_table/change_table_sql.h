// The SQL of capture by change tables on SQLite: what we create in the user's file. Pure. docs/sqlite.md
// explains it.
//
//   _rowhook_changes   one row per change: layout, op, time, and the values in untyped columns v0, v1, ...
//   that keep every
//                      storage class as it is: of an insertion the new row, of a deletion the old one, of an
//                      update both. Ids grow by one in commit order, because SQLite has one writer; the
//                      acknowledged row is kept, so no id ever comes back. Before INSERT OR REPLACE and its
//                      kin a BEFORE trigger adds the rows in the way as candidates (the row in the way, then
//                      the new one); ReplacedRows tells which of them were replaced.
//   _rowhook_layouts   what v0, v1, ... mean: one row per table and version of its columns.
//   _rowhook_state     one row: who reads (token, epoch) and up to where all is journaled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/capture/change_table/sqlite_catalog.h"
#include "engine/capture/source.h"

namespace rowhook {

// Values of _rowhook_changes.op.
enum class ChangeOp : std::int64_t {
  baseline = 0,
  inserted = 1,
  updated = 2,
  deleted = 3,
  schema_changed = 4,
  capture_gap = 5,
  candidate = 6
};

struct LayoutColumn {
  std::string name, type;
  bool key = false;     // part of record_id
  bool hidden = false;  // written for where_clause or to recognise REPLACE; never leaves the reader
  bool rowid = false;   // the INTEGER PRIMARY KEY; in a candidate -1 where SQLite is still to choose it
  bool operator==(const LayoutColumn&) const = default;
};

// The meaning of v0, v1, ... for one table. Updates and candidates have the new row behind the old one.
struct ChangeLayout {
  std::int64_t id = 0;
  std::string table;
  std::vector<LayoutColumn> columns;
};

struct TriggerSql {
  std::string name, sql;
  bool operator==(const TriggerSql&) const = default;
};

// The columns of `table` that its changes carry: excluded ones only where where_clause or the triggers
// themselves need them. `condition_columns`: those that where_clause refers to. Letter case is ignored.
std::vector<LayoutColumn> layout_columns(const SqliteTable& table, const WatchedTable& watched,
                                         const std::vector<std::string>& condition_columns);
// How many v columns the layout needs in _rowhook_changes.
std::size_t layout_width(const ChangeLayout& layout, const WatchedTable& watched);
// The triggers that write the wanted events of `table`.
std::vector<TriggerSql> change_table_triggers(const SqliteTable& table, const WatchedTable& watched,
                                              const ChangeLayout& layout);
// CREATE TABLE IF NOT EXISTS of the three tables, with `width` v columns.
std::string change_tables_sql(std::size_t width);

// Tables above this need exclude_columns: SQLite allows 2000 columns in a table.
inline constexpr std::size_t max_layout_columns = 990;

}  // namespace rowhook
