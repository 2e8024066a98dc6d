// What a request must satisfy before anything of its body is read (CASES, "Front end"). Pure functions of the
// head.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/server/api.h"
#include "web/server/routes.h"

namespace rowhook {

// "example.org:8088" -> "example.org", "[::1]:8088" -> "::1"; lower case, without a trailing dot. "" when
// malformed.
std::string host_name(std::string_view authority);
bool is_loopback_host(std::string_view name);  // localhost, 127.0.0.0/8, ::1

// Keeps out DNS rebinding: a request must name us by an address it came in on, by localhost when that is a
// loopback address, or by a name of `allowed` ("rowhook.example.org", "*.example.org"). Throws HttpError 400
// (none or several Host fields), 421.
void check_host(const ApiRequest& request, const std::vector<std::string>& allowed);

// Keeps out other sites' pages: a request that changes something and comes from a browser must come from our
// own page. Throws HttpError 403.
void check_origin(const ApiRequest& request);
// The same whatever the method: a WebSocket can do what any request can.
void check_same_origin(const ApiRequest& request);

// A body must be JSON (or CloudEvents where the route takes them): other types could be sent by any page's
// form. `has_body`: a Content-Length above 0 or chunks follow. Throws HttpError 415.
void check_media_type(const ApiRequest& request, const Route& route, bool has_body);

// The bearer token of the Authorization field; "" when there is none. Throws HttpError 401 for another
// scheme.
std::string_view bearer_token(const ApiRequest& request);
HttpError unauthorized(const std::string& detail);
// Throws HttpError 401 (nobody) or 403 unless the principal may call the route.
void check_role(const Principal& principal, const Route& route);

// A body of so many bytes (nullopt: it does not say) may be read: of a sender who has shown no token only
// enough to sign in. Throws HttpError 411, 413.
void check_body_size(const Principal& sender, std::optional<std::uint64_t> announced, std::uint64_t limit);

// Throws HttpError 404, or 405 with Allow, when nothing was matched.
void check_found(const RouteMatch& match, const ApiRequest& request);

}  // namespace rowhook
