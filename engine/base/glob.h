#pragma once

#include <string_view>

namespace rowhook {

// `*` matches any run of characters, `?` one byte. Linear but for patterns with several stars (at most
// quadratic).
bool glob_matches(std::string_view glob, std::string_view text);

}  // namespace rowhook
