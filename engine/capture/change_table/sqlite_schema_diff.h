// What changed in a table between two looks at it, as the `detail` of schema_changed events.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/capture/change_table/sqlite_catalog.h"

namespace rowhook {

// Remembered in _rowhook_layouts.
struct SqliteDefinition {
  std::vector<std::pair<std::string, std::string>> columns;  // name, declared type; also excluded ones
  std::vector<std::pair<std::string, std::string>> indexes;  // name, CREATE INDEX
  std::vector<std::string> former;                           // columns that are gone; not compared
  std::string sql;                                           // CREATE TABLE; not compared, not stored
  bool has_column(std::string_view name) const;
  bool had_column(std::string_view name) const;  // now or formerly
  bool operator==(const SqliteDefinition& other) const {
    return columns == other.columns && indexes == other.indexes;
  }
};

SqliteDefinition read_definition(SqliteHandle& handle, const SqliteTable& table);
std::string pack_definition(const SqliteDefinition& definition);
SqliteDefinition unpack_definition(std::string_view packed);  // throws nlohmann::json::exception

// Members `"change_type":...` of a schema_changed event; `ddl` "" is null.
std::string schema_detail(std::string_view change_type, std::string_view object_type, std::string_view object,
                          std::string_view ddl, std::string_view change);
// One detail per column and index that came, went, was renamed (same place, same type) or got another type.
std::vector<std::string> describe_changes(const std::string& table, const SqliteDefinition& before,
                                          const SqliteDefinition& after);
// Members "reason" and "remedy" of a capture_gap event; the reader adds from and to.
std::string gap_detail(std::string_view reason, std::string_view remedy);

}  // namespace rowhook
