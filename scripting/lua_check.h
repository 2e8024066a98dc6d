// What is wrong with a script, found without running it: names that nothing has, columns that a table lacks,
// values that can never be equal. The sandbox is the judge at run time; this says the same earlier.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rowhook {

// A table whose rows a script sees, as the catalogue or an event has it.
struct ScriptTable {
  struct Column {
    std::string name, type;  // as the database names the type; "" if unknown
  };
  std::string name;
  std::vector<Column> columns;
  std::vector<std::string> excluded = {};  // columns that exist but never leave the database connection
};

struct ScriptProblem {
  bool error = true;         // would fail when it runs; else a warning
  bool refused = false;      // scripts may not do it
  int line = 0, column = 0;  // 1-based; the column in bytes
  std::string message = {};
};

// Problems in the order of the text, at most 100. `tables`: those whose rows `new` and `old` may be; none:
// unknown, columns are not checked. A column that no table has is an error, one that some lack a warning.
// Text that does not parse gives none: the compiler's error says more. Pure.
std::vector<ScriptProblem> check_lua(std::string_view source, std::span<const ScriptTable> tables);

// The column of a compiler's message about `line` ("... near 'x'"); 0 when it cannot be told.
int column_of_message(std::string_view source, int line, std::string_view message);

}  // namespace rowhook
