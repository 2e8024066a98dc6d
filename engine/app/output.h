#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rowhook {

enum class OutputForm { table, json };
// `-o` as given; "" = a table on a terminal, JSON elsewhere. Throws InvalidInput.
OutputForm output_form(const std::string& option);

// One column of a printed table: its heading and the member of each row ("a.b" goes into objects).
struct TableColumn {
  std::string heading, member;
};

// Prints the `items` of a list answer as an aligned table; cells are cut at 60 characters, control characters shown as \xNN. `raw` is the answer's own text, printed as it is for JSON, so that no digit is lost.
void print_list(OutputForm form, const std::string& raw, const std::vector<TableColumn>& columns);
// Prints one object: JSON as it came, or `name  value` lines.
void print_object(OutputForm form, const std::string& raw);

}  // namespace rowhook
