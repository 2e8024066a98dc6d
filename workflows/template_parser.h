#pragma once

#include <string_view>

#include "workflows/templates.h"

namespace rowhook {

// Parses what stands between `{{` and `}}`. `column` is that of its first byte in the whole template (from
// 1). Throws InvalidInput: "column 12: ...".
Template::Expression parse_expression(std::string_view text, std::size_t column);
[[noreturn]] void template_error(std::size_t column, const std::string& detail);

}  // namespace rowhook
