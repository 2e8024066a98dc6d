#pragma once

#include <string>
#include <string_view>

namespace rowhook {

// True when `text` is UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL.
bool is_clean_utf8(std::string_view text);
// `text` with U+FFFD in place of every byte that is wrong and of NUL.
std::string clean_utf8(std::string_view text);

}  // namespace rowhook
