#pragma once

#include <map>
#include <string>

namespace rowhook {

// The pages under docs/reference, by file name, as the declarations in the code have them. A test keeps the files equal;
// ROWHOOK_WRITE_REFERENCE=1 makes it write them.
std::map<std::string, std::string> reference_pages();

}  // namespace rowhook
