#pragma once

#include <string_view>

#include "web/server/api.h"

namespace rowhook {

// A 412 with what its sender needs to go on: `current`, what is stored now (the body of `current`), and
// `changes`, the JSON Patch (RFC 6902) that leads from there to what was sent. Members that only the server
// sets are left out of the comparison. What cannot be compared is left out.
ApiResponse with_conflict(ApiResponse refusal, const ApiResponse& current, std::string_view sent);

}  // namespace rowhook
