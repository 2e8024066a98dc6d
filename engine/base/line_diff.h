#pragma once

#include <string>
#include <string_view>

namespace rowhook {

// What turns one text into another, in the unified format with three lines of context: "@@ -1,4 +1,5 @@",
// then lines that begin with ' ', '-' or '+'. "" when they are equal. Shortest while the lines that differ
// number at most 2000 on either side; beyond that they are replaced as a block. Pure.
std::string line_diff(std::string_view before, std::string_view after);

}  // namespace rowhook
