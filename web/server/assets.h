// The page: files of web/ui, built, compressed and kept in the program.
#pragma once

#include <span>
#include <string_view>

#include "engine/base/backoff.h"
#include "web/server/api.h"
#include "web/server/routes.h"

namespace rowhook {

// One file in its three codings, all made when the program was built. Thread safety: immutable.
struct PageFile {
  std::string_view path;  // "/assets/index-4f2a.js"
  std::string_view content_type;
  std::string_view tag;  // of its content, for ETag
  bool immutable;        // its name changes with its content
  std::string_view plain, gzip, brotli;
};

// Defined by the file that the build of the page generates. Empty when the program was built without it.
std::span<const PageFile> page_files();
// Why there is no page in this program; "" when there is one.
std::string_view page_missing_because();

// The route of every path that is not the API's: no token, nothing secret in it. Not part of api_routes().
const Route& page_route();
// Whether a request that no route takes asks for the page: a file of it, or a deep link into it.
bool is_page_request(const ApiRequest& request);
// The file, or for a deep link the page itself with a fresh nonce for its style sheets. Throws HttpError 404.
ApiResponse page_response(const ApiRequest& request, const Random& random);

}  // namespace rowhook
