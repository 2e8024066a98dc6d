#include "web/server/api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/log.h"
#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

constexpr std::array<std::pair<std::string_view, HttpMethod>, 7> method_names{
    {{"GET", HttpMethod::get},
     {"HEAD", HttpMethod::head},
     {"POST", HttpMethod::post},
     {"PUT", HttpMethod::put},
     {"PATCH", HttpMethod::patch},
     {"DELETE", HttpMethod::del},
     {"OPTIONS", HttpMethod::options}}};

constexpr std::array<std::pair<std::string_view, Role>, 4> role_names{{{"viewer", Role::viewer},
                                                                       {"operator", Role::operator_},
                                                                       {"author", Role::author},
                                                                       {"admin", Role::admin}}};

}  // namespace

std::string_view to_string(HttpMethod method) {
  for (const auto& [name, value] : method_names)
    if (value == method) return name;
  return "";
}

HttpMethod http_method(std::string_view name) {
  for (const auto& [known, value] : method_names)
    if (known == name) return value;
  return HttpMethod::other;
}

std::string_view to_string(Role role) {
  for (const auto& [name, value] : role_names)
    if (value == role) return name;
  return "nobody";
}

Role role_from_name(std::string_view name) {
  for (const auto& [known, value] : role_names)
    if (known == name) return value;
  throw InvalidInput("'" + std::string(name) + "' is not a role",
                     {{"/role", "write one of viewer, operator, author, admin"}});
}

void HeaderFields::clear() {
  text_.clear();
  fields_.clear();
}

void HeaderFields::add(std::string_view name, std::string_view value) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  fields_.push_back({text_.size(), name.size(), text_.size() + name.size(), value.size()});
  for (const char c : name) text_ += lower(c);
  text_ += value;
}

std::pair<std::string_view, std::string_view> HeaderFields::at(std::size_t index) const {
  const Place& place = fields_[index];
  const std::string_view all = text_;
  return {all.substr(place.name, place.name_size), all.substr(place.value, place.value_size)};
}

std::string_view HeaderFields::find(std::string_view name) const {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (const auto [field, value] = at(i); field == name) return value;
  return {};
}

std::size_t HeaderFields::count(std::string_view name) const {
  std::size_t found = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i) found += at(i).first == name ? 1U : 0U;
  return found;
}

void HeaderFields::replace(std::string_view name, std::string_view value) {
  HeaderFields kept;
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (const auto [field, old] = at(i); field != name) kept.add(field, old);
  kept.add(name, value);
  *this = std::move(kept);
}

ApiResponse ApiResponse::json(std::string body, int status) {
  return {.status = status, .headers = {}, .content_type = "application/json", .body = std::move(body)};
}

ApiResponse ApiResponse::json(const Json& body, int status) {
  // Text from databases and scripts may hold bytes that are not UTF-8; an answer is always valid JSON.
  return json(body.dump(-1, ' ', false, Json::error_handler_t::replace), status);
}

ApiResponse ApiResponse::empty(int status) {
  return {.status = status, .headers = {}, .content_type = "", .body = ""};
}

ApiResponse&& ApiResponse::with(std::string name, std::string value) && {
  headers.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}

std::string_view ApiResponse::header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (known == name) return value;
  return {};
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

HttpError::HttpError(int status, std::string slug, const std::string& detail, std::string hint,
                     std::vector<Problem> problems)
    : Error(detail, std::move(hint)),
      status_(status),
      slug_(std::move(slug)),
      problems_(std::move(problems)) {}

HttpError&& HttpError::with(std::string name, std::string value) && {
  headers_.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}

HttpError bad_request(const std::string& detail, std::string pointer, std::string hint) {
  return HttpError(400, "bad-request", detail, std::move(hint), {{std::move(pointer), detail}});
}

ApiResponse problem_response(const HttpError& error) {
  ApiResponse response;
  response.status = error.status();
  response.headers = error.headers();
  response.content_type = "application/problem+json";
  std::string& out = response.body;
  out += R"({"type":"urn:rowhook:problem:)" + error.slug() + R"(","title":)";
  write_json_string(out, reason_phrase(error.status()));
  out += R"(,"status":)" + std::to_string(error.status()) + R"(,"detail":)";
  write_json_string(out, error.what());
  if (!error.hint().empty()) {
    out += R"(,"hint":)";
    write_json_string(out, error.hint());
  }
  out += R"(,"errors":[)";
  for (std::size_t i = 0; i < error.problems().size(); ++i) {
    out += i == 0 ? R"({"pointer":)" : R"(,{"pointer":)";
    write_json_string(out, error.problems()[i].pointer);
    out += R"(,"detail":)";
    write_json_string(out, error.problems()[i].detail);
    out += '}';
  }
  out += "]}";
  return response;
}

ApiResponse problem_response(const std::exception& error) {
  const auto answer = [](int status, const char* slug, const Error& from,
                         std::vector<Problem> problems = {}) {
    return HttpError(status, slug, from.what(), from.hint(), std::move(problems));
  };
  if (const auto* http = dynamic_cast<const HttpError*>(&error)) return problem_response(*http);
  if (const auto* invalid = dynamic_cast<const InvalidInput*>(&error))
    return problem_response(answer(422, "invalid-input", *invalid, invalid->problems()));
  if (const auto* missing = dynamic_cast<const NotFound*>(&error))
    return problem_response(answer(404, "not-found", *missing));
  if (const auto* conflict = dynamic_cast<const Conflict*>(&error))
    return problem_response(answer(409, "conflict", *conflict));
  if (const auto* transient = dynamic_cast<const TransientError*>(&error))
    return problem_response(answer(503, "try-again", *transient).with("Retry-After", "1"));
  log::error("a request failed", {{"error", error.what()}});
  if (const auto* ours = dynamic_cast<const Error*>(&error))
    return problem_response(answer(500, "internal", *ours));
  return problem_response(HttpError(500, "internal", "the server failed at this request; its log says why"));
}

}  // namespace rowhook
