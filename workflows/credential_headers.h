#pragma once

#include <string_view>

namespace rowhook {

// Whether a header field's value lets somebody in, by its name: Authorization, Cookie, X-Api-Key,
// X-Auth-Token and the like. Such values are shown as "***".
bool carries_credentials(std::string_view header_name);

}  // namespace rowhook
