// The API as OpenAPI 3.1 has it, from the table of routes, the shapes below and the declarations of settings.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace rowhook {

// What a route takes and answers: names of openapi_schemas(); "" for no body. A listing answers a page of
// `answers`.
struct RouteShape {
  std::string_view route;  // its name
  std::string_view takes, answers;
  int status = 200;
  bool or_text = false;  // may answer text/plain, too
};
std::span<const RouteShape> route_shapes();

// components.schemas: every shape by its name.
Json openapi_schemas();
// The whole document. Thread safety: safe to call from any thread.
Json openapi_document();
// docs/reference/api.md: every route with what it takes and answers, and every shape.
std::string api_reference_markdown();

}  // namespace rowhook
