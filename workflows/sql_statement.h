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
  std::string fault;           // "a string does not end"; "" if none
};
SqlStatement scan_sql(std::string_view sql);

}  // namespace rowhook
