#pragma once

#include <string>

#include "tests/integration/web/http_connection.h"

namespace rowhook::testing {

// Checks an answer against what the API's own description (openapi_document) says of it: its status, its
// media type, its body. Adds a test failure for each difference. Paths that are no routes must answer a
// problem.
void expect_as_described(const std::string& method, const std::string& target, const HttpAnswer& answer);

}  // namespace rowhook::testing
