#include "web/server/gate.h"

#include <algorithm>

namespace rowhook {
namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

bool matches(std::string_view name, std::string_view allowed) {
  if (allowed.starts_with("*.")) return name.size() > allowed.size() - 1 && name.ends_with(allowed.substr(1));
  return name == allowed;
}

// The media type without its parameters, in lower case.
std::string media_type(std::string_view header) {
  std::string_view type = header.substr(0, header.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return lower_case(type);
}

}  // namespace

std::string host_name(std::string_view authority) {
  std::string_view name = authority, port;
  if (name.starts_with('[')) {
    const auto end = name.find(']');
    if (end == std::string_view::npos) return "";
    port = name.substr(end + 1);
    name = name.substr(1, end - 1);
    if (!port.empty() && port.front() != ':') return "";
  } else if (const auto colon = name.find(':'); colon != std::string_view::npos) {
    port = name.substr(colon);
    name = name.substr(0, colon);
  }
  if (!port.empty()) port.remove_prefix(1);
  if (!std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) return "";
  if (name.ends_with('.')) name.remove_suffix(1);
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == ':' || c == '_';
  });
  return plain ? lower_case(name) : "";
}

bool is_loopback_host(std::string_view name) {
  return name == "localhost" || name == "::1" || name == "::ffff:127.0.0.1" ||
         (name.starts_with("127.") &&
          std::all_of(name.begin(), name.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; }));
}

void check_host(const ApiRequest& request, const std::vector<std::string>& allowed) {
  if (request.headers.count("host") != 1) throw bad_request("a request needs exactly one Host field");
  // The usual ones without taking the text apart: this runs for every request.
  const std::string_view host = request.header("host");
  const std::string& local = request.local_address;
  if (host.starts_with(local) && !local.empty() && local.find(':') == std::string::npos &&
      (host.size() == local.size() || host[local.size()] == ':') &&
      host.substr(local.size()).find_first_not_of(":0123456789") == std::string_view::npos)
    return;
  const std::string name = host_name(host);
  if (!name.empty()) {
    if (name == local) return;
    if (is_loopback_host(name) && is_loopback_host(local)) return;
    for (const auto& each : allowed)
      if (matches(name, each)) return;
  }
  throw HttpError(421, "unknown-host",
                  "this server does not answer for the host '" + std::string(host.substr(0, 255)) + "'",
                  "add the name to server.allowed_hosts, or ask for the address it listens on");
}

void check_origin(const ApiRequest& request) {
  if (request.method != HttpMethod::get && request.method != HttpMethod::head) check_same_origin(request);
}

void check_same_origin(const ApiRequest& request) {
  const std::string_view origin = request.header("origin");
  const auto refuse = [](std::string_view from) {
    return HttpError(403, "foreign-origin",
                     "pages of " + std::string(from.substr(0, 255)) + " may not change anything here");
  };
  if (const std::string_view site = request.header("sec-fetch-site");
      site.data() != nullptr && site != "same-origin" && site != "none")
    throw refuse(origin.data() != nullptr ? origin : "another site");
  if (origin.data() == nullptr) return;  // not a browser
  std::string_view authority = origin;
  if (authority.starts_with("http://")) {
    authority.remove_prefix(7);
  } else if (authority.starts_with("https://")) {
    authority.remove_prefix(8);
  } else {
    throw refuse(origin);  // `null` and everything that is not the web
  }
  if (lower_case(authority) != lower_case(request.header("host"))) throw refuse(origin);
}

void check_media_type(const ApiRequest& request, const Route& route, bool has_body) {
  if (!has_body) return;
  const std::string type = media_type(request.header("content-type"));
  if (type == "application/json") return;
  if (route.cloud_events &&
      (type == "application/cloudevents+json" || type == "application/cloudevents-batch+json"))
    return;
  throw HttpError(415, "media-type",
                  type.empty() ? "the body has no Content-Type"
                               : "the body's Content-Type is '" + type.substr(0, 255) + "'",
                  route.cloud_events ? "send Content-Type: application/json, application/cloudevents+json or "
                                       "application/cloudevents-batch+json"
                                     : "send JSON with Content-Type: application/json")
      .with("Accept",
            route.cloud_events
                ? "application/json, application/cloudevents+json, application/cloudevents-batch+json"
                : "application/json");
}

HttpError unauthorized(const std::string& detail) {
  return HttpError(401, "unauthorized", detail,
                   "send Authorization: Bearer TOKEN; the first token is in the file admin-token of the data "
                   "directory")
      .with("WWW-Authenticate", "Bearer realm=\"rowhook\"");
}

std::string_view bearer_token(const ApiRequest& request) {
  std::string_view header = request.header("authorization");
  if (header.data() == nullptr) return {};
  if (request.headers.count("authorization") != 1 || header.size() < 8 ||
      lower_case(header.substr(0, 7)) != "bearer ")
    throw unauthorized("the Authorization field is not one bearer token");
  header.remove_prefix(7);
  while (header.starts_with(' ')) header.remove_prefix(1);
  return header;
}

void check_role(const Principal& principal, const Route& route) {
  if (principal.role >= route.role) return;
  if (principal.role == Role::nobody) throw unauthorized("this needs a token");
  throw HttpError(
      403, "forbidden",
      "this needs the role " + std::string(to_string(route.role)) + "; the token '" + principal.name +
          "' has " + std::string(to_string(principal.role)),
      "an admin can make one: rowhook token create NAME --role " + std::string(to_string(route.role)));
}

void check_body_size(const Principal& sender, std::optional<std::uint64_t> announced, std::uint64_t limit) {
  constexpr std::uint64_t of_nobody = 4096;
  const bool known = sender.role != Role::nobody;
  if (!known && !announced)
    throw HttpError(411, "length-required", "without a token the body needs a Content-Length");
  if (announced && *announced > (known ? limit : of_nobody))
    throw HttpError(
        413, "body-too-large",
        (known ? "the body takes more than " : "without a token the body may not take more than ") +
            std::to_string(known ? limit : of_nobody) + " bytes");
}

void check_found(const RouteMatch& match, const ApiRequest& request) {
  if (match.route) return;
  const std::string path(request.path().substr(0, 255));
  if (match.allow.empty()) throw HttpError(404, "not-found", "there is nothing at " + path);
  throw HttpError(405, "method-not-allowed", path + " does not take this method; it takes " + match.allow)
      .with("Allow", match.allow);
}

}  // namespace rowhook
