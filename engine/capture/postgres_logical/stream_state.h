#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/capture/postgres_logical/pgoutput.h"

namespace rowhook {

// The columns of a watched table as they were when its last captured change was made.
struct KnownTable {
  struct Column {
    std::string name;
    std::uint32_t type = 0;  // OID
    std::int32_t modifier = -1;
    bool operator==(const Column&) const = default;
  };
  std::uint32_t oid = 0;
  std::vector<Column> columns;
  bool operator==(const KnownTable&) const = default;
};

// What a source of PostgreSQL needs besides its position to recognise its server, its slot and its tables
// again: Resume::state. Saved only together with the position of a commit, so that a redelivered transaction
// meets the state it met at first and gives the same events under the same ids.
struct StreamState {
  std::string system;          // system identifier of the cluster
  std::uint32_t timeline = 0;  // of the position
  std::string slot;
  std::uint32_t epoch = 0;                   // see change_order()
  std::map<std::string, KnownTable> tables;  // by "schema.table"

  // Throws PermanentError when the text is not a state.
  static StreamState parse(std::string_view text);
  std::string text() const;
  bool operator==(const StreamState&) const = default;
};

// How a table's columns differ from those known before.
struct ColumnChange {
  enum class Kind { added, dropped, renamed, retyped } kind;
  std::string name;      // the new name, or the dropped one
  std::string previous;  // of a renamed column
  bool operator==(const ColumnChange&) const = default;
};
// A column that disappears and another of the same type that appears in its place are one renamed column.
std::vector<ColumnChange> compare_columns(const std::vector<KnownTable::Column>& before,
                                          const std::vector<KnownTable::Column>& after);

KnownTable known_table(const pgoutput::Relation& relation);
std::string table_name(std::string_view schema, std::string_view table);  // "schema.table"

}  // namespace rowhook
