// What SQLite says about a table: everything that capture's triggers depend on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/capture/change_table/sqlite_handle.h"

namespace rowhook {

struct SqliteColumn {
  std::string name;
  std::string type;     // as declared; "" if none
  int primary_key = 0;  // place in the primary key, from 1; 0 if it is no part of it
  bool operator==(const SqliteColumn&) const = default;
};

// What a unique index compares: a column or an expression, and under which collation.
struct SqliteUniqueTerm {
  std::string column;      // "" for an expression
  std::string expression;  // as written, when column is ""
  std::string collation;
  bool operator==(const SqliteUniqueTerm&) const = default;
};
struct SqliteUniqueIndex {
  std::vector<SqliteUniqueTerm> terms;
  std::string where;  // of a partial index
  bool operator==(const SqliteUniqueIndex&) const = default;
};

struct SqliteTable {
  enum class Kind { table, view, virtual_table };
  std::string name;  // in the letter case of the database
  Kind kind = Kind::table;
  bool without_rowid = false;
  std::string rowid_name;    // "rowid", "_rowid_" or "oid", whichever no column hides; "" when all are hidden
                             // or there is none
  std::string rowid_column;  // the INTEGER PRIMARY KEY that is the rowid; "" if none
  std::vector<SqliteColumn> columns;      // generated ones too
  std::vector<SqliteUniqueIndex> unique;  // also those that PRIMARY KEY and UNIQUE made
  std::vector<std::string> key() const;   // columns of the primary key in their order; empty if none

  bool in_unique_key(std::string_view column) const;  // part of a unique index or of the rowid
  bool has_hidden_terms()
      const;  // a unique index over expressions or over part of the rows: any column may matter to it
  const SqliteColumn* find(std::string_view column) const;  // letter case is ignored, as SQLite does
};

// nullopt when there is no such table or view. Letter case is ignored, as SQLite does.
std::optional<SqliteTable> read_sqlite_table(SqliteHandle& handle, std::string_view name);
// User tables and views, without SQLite's own and ours.
std::vector<std::string> list_sqlite_tables(SqliteHandle& handle);
bool same_sqlite_name(std::string_view a, std::string_view b);

}  // namespace rowhook
