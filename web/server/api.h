// A request to the HTTP API and its answer, without any network: what handlers and their tests see.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/errors.h"
#include "engine/base/json.h"

namespace rowhook {

enum class HttpMethod { get, head, post, put, patch, del, options, other };
std::string_view to_string(HttpMethod method);  // "GET"; "" for other
HttpMethod http_method(std::string_view name);  // case-sensitive, as HTTP has it

// What a token may do; each role may do what those before it may. `nobody` is a request without a token.
enum class Role { nobody, viewer, operator_, author, admin };
std::string_view to_string(Role role);       // "viewer", "operator", "author", "admin"
Role role_from_name(std::string_view name);  // throws InvalidInput naming the four

// Who asks. Thread safety: none, a value.
struct Principal {
  std::string id;    // of the token; "" without one
  std::string name;  // of the token
  Role role = Role::nobody;
};

// The header fields of a request; names in lower case. Reused from request to request: clear() keeps the
// memory. Thread safety: none.
class HeaderFields {
 public:
  void clear();
  void add(std::string_view name, std::string_view value);  // lower-cases the name, trims the value
  // The value of the first field of that (lower-case) name; nullptr-like (data() == nullptr) when there is
  // none.
  std::string_view find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name).data() != nullptr; }
  std::size_t count(std::string_view name) const;
  std::size_t size() const { return fields_.size(); }
  std::pair<std::string_view, std::string_view> at(std::size_t index) const;
  // Replaces the value of every field of that name by one.
  void replace(std::string_view name, std::string_view value);

 private:
  struct Place {
    std::size_t name, name_size, value, value_size;
  };
  std::string text_;
  std::vector<Place> fields_;
};

// Thread safety: none; handed from the network thread to a worker and back.
struct ApiRequest {
  HttpMethod method = HttpMethod::get;
  std::string target;  // path and query as they were sent, percent-encoded: "/api/v1/triggers?limit=5"
  HeaderFields headers;
  std::string body;
  Principal principal;
  bool encrypted = false;     // came over TLS
  std::string local_address;  // the address of ours it was sent to, e.g. "127.0.0.1"
  std::string peer_address;   // where it came from, e.g. "192.0.2.7"; "" for a call without a network

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view query() const {  // without the '?'; "" when there is none
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  }
  std::string_view header(std::string_view lower_case_name) const { return headers.find(lower_case_name); }
};

// Thread safety: none, a value.
struct ApiResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // ETag, Location, Allow, Retry-After, ...
  std::string content_type;                                  // "" without a body
  std::string body;
  std::optional<std::string> next_cursor = std::nullopt;  // of a listing that goes on

  static ApiResponse json(std::string body, int status = 200);
  static ApiResponse json(const Json& body, int status = 200);
  static ApiResponse empty(int status = 204);
  ApiResponse&& with(std::string name, std::string value) &&;
  std::string_view header(std::string_view name) const;  // exact case; data() == nullptr when there is none
};

std::string_view reason_phrase(int status);  // "Not Found"

// An error that is its own HTTP answer; for what errors.h has no name for (401, 403, 405, 413, 415, 421, 428,
// ...).
class HttpError : public Error {
 public:
  // `slug` names the kind for programs: the answer's `type` is "urn:rowhook:problem:<slug>".
  HttpError(int status, std::string slug, const std::string& detail, std::string hint = {},
            std::vector<Problem> problems = {});
  int status() const { return status_; }
  const std::string& slug() const { return slug_; }
  const std::vector<Problem>& problems() const { return problems_; }
  HttpError&& with(std::string name, std::string value) &&;  // a header field
  const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }

 private:
  int status_;
  std::string slug_;
  std::vector<Problem> problems_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

// 400: the request itself is malformed (JSON syntax, query, headers). Validation of well-formed documents is
// 422.
HttpError bad_request(const std::string& detail, std::string pointer = {}, std::string hint = {});

// The RFC 9457 answer: {"type","title","status","detail","hint"?,"errors":[{"pointer","detail"}]}.
ApiResponse problem_response(const HttpError& error);
// The answer to an exception: HttpError as itself, InvalidInput 422, NotFound 404, Conflict 409,
// TransientError 503 with Retry-After, everything else 500 (logged; the detail of errors that are not ours
// stays in the log).
ApiResponse problem_response(const std::exception& error);

}  // namespace rowhook
