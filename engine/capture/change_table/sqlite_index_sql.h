#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rowhook {

// The parts of a CREATE INDEX statement that PRAGMA index_xinfo does not tell.
struct SqliteIndexSql {
  std::vector<std::string> terms;  // each indexed column or expression as written, without ASC and DESC
  std::string where;               // the condition of a partial index; "" if there is none
};

// Pure. Understands quotes, brackets and comments; `sql` is what sqlite_master holds, so it is valid SQL.
SqliteIndexSql parse_sqlite_index(std::string_view sql);

}  // namespace rowhook
