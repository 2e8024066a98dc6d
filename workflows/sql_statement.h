#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rowhook {

// What can be said of an SQL text without a database: strings, quoted names, dollar quotes and comments are
// passed over.
struct SqlStatement {
  std::size_t statements = 0;  // texts between `;` that hold more than comments
  std::size_t parameters = 0;  // the largest n of $n
  std::string first_word;      // in upper case: "INSERT"
  bool writes = false;         // holds INSERT, UPDATE, DELETE, MERGE or INTO, also FOR UPDATE
  bool returning = false;      // holds RETURNING
  std::size_t end = 0;         // of the last statement, without the `;` and comments behind it
  std::string fault;           // "a string does not end"; "" if none
};
SqlStatement scan_sql(std::string_view sql);

// The same statement, but of its rows at most `rows` are read; as it is where that cannot be said in SQL
// (SQLite's RETURNING, WITH that writes). PostgreSQL carries out what RETURNING reports in any case.
std::string with_row_limit(const std::string& sql, std::size_t rows, bool postgres);

}  // namespace rowhook
