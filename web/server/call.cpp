#include "web/server/call.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "engine/event/json_writer.h"

namespace rowhook {

std::string Call::parameter(std::size_t index) const {
  auto decoded = percent_decode(match.values.at(index));
  if (!decoded) throw bad_request("the path is not valid percent-encoded UTF-8");
  return *std::move(decoded);
}

std::int64_t Call::id_parameter(std::string_view what, std::size_t index) const {
  const std::string text = parameter(index);
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id <= 0)
    throw NotFound("there is no " + std::string(what) + " '" + text + "'");
  return id;
}

namespace {

HttpError malformed(const InvalidInput& error) {
  return HttpError(400, "malformed-json", error.what(), error.hint(), error.problems());
}

// How deep the lists and objects of a JSON text stand in one another.
std::size_t nesting(std::string_view json) {
  std::size_t depth = 0, deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_text = !in_text;
    } else if (!in_text && (c == '[' || c == '{')) {
      deepest = std::max(deepest, ++depth);
    } else if (!in_text && (c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

bool blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

Json json_body(const ApiRequest& request, bool optional) {
  if (blank(request.body)) {
    if (optional) return Json::object();
    throw bad_request("the request needs a JSON body");
  }
  try {
    return parse_json(request.body);
  } catch (const InvalidInput& error) {
    throw malformed(error);
  }
}

Document exact_body(const ApiRequest& request, bool optional) {
  if (blank(request.body)) {
    if (optional) return Document(Document::Object{});
    throw bad_request("the request needs a JSON body");
  }
  if (nesting(request.body) > 64) throw bad_request("JSON is nested deeper than 64 levels");
  try {
    return Document::parse(request.body);
  } catch (const InvalidInput& error) {
    throw malformed(error);
  }
}

std::string entity_tag(std::int64_t revision) { return '"' + std::to_string(revision) + '"'; }

void check_if_match(const ApiRequest& request, std::int64_t revision, bool required) {
  if (request.header("if-none-match") == "*" && request.method == HttpMethod::put)
    throw HttpError(412, "precondition-failed", "it exists already", "leave out If-None-Match to replace it");
  const std::string_view header = request.header("if-match");
  if (header.data() == nullptr) {
    if (!required) return;
    throw HttpError(428, "precondition-required",
                    "this request needs If-Match, so that nobody's change is lost",
                    "GET it, then send its ETag, now " + entity_tag(revision) + ", as If-Match");
  }
  std::string_view rest = header;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    std::string_view tag = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    while (!tag.empty() && (tag.front() == ' ' || tag.front() == '\t')) tag.remove_prefix(1);
    while (!tag.empty() && (tag.back() == ' ' || tag.back() == '\t')) tag.remove_suffix(1);
    if (tag == "*" || tag == entity_tag(revision) || tag == std::to_string(revision)) return;
  }
  throw HttpError(
      412, "precondition-failed",
      "it was changed meanwhile: its revision is " + std::to_string(revision) + ", not " +
          std::string(header),
      "GET it again, apply the change to that and send ETag " + entity_tag(revision) + " as If-Match")
      .with("ETag", entity_tag(revision));
}

void JsonObject::member(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  write_json_string(out_, name);
  out_ += ':';
}

void JsonObject::text(std::string_view name, std::string_view value) {
  member(name);
  write_json_string(out_, value);
}

void JsonObject::text_or_null(std::string_view name, std::string_view value) {
  if (!value.empty()) return text(name, value);
  raw(name, "null");
}

void JsonObject::number(std::string_view name, std::uint64_t value) { raw(name, std::to_string(value)); }
void JsonObject::number(std::string_view name, std::int64_t value) { raw(name, std::to_string(value)); }

void JsonObject::number(std::string_view name, double value) {
  if (!std::isfinite(value)) return raw(name, "null");
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  raw(name, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void JsonObject::boolean(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }

void JsonObject::time(std::string_view name, std::int64_t micros) {
  if (micros == 0) return raw(name, "null");
  text(name, format_rfc3339(micros));
}

void JsonObject::raw(std::string_view name, std::string_view json) {
  member(name);
  out_ += json.empty() ? std::string_view("null") : json;
}

std::string& ListBody::item() {
  if (!first_) text_ += ',';
  first_ = false;
  return text_;
}

ApiResponse ListBody::finish(const std::optional<std::string>& next_cursor, std::uint64_t total,
                             bool at_least, int status) && {
  text_ += "],\"next_cursor\":";
  if (next_cursor) {
    write_json_string(text_, *next_cursor);
  } else {
    text_ += "null";
  }
  text_ += ",\"total\":" + std::to_string(total);
  if (at_least) text_ += ",\"total_is_at_least\":true";
  ApiResponse response = ApiResponse::json(std::move(text_) + '}', status);
  response.next_cursor = next_cursor;
  return response;
}

ApiResponse short_list(const Page& page, const std::vector<ShortListItem>& items) {
  std::size_t begin = std::min(page.skip, items.size());
  if (page.cursor) {
    const auto last = std::find_if(items.begin(), items.end(),
                                   [&](const ShortListItem& item) { return item.key == *page.cursor; });
    if (last == items.end()) throw bad_request("the cursor is not one that a page of this list gave");
    begin = static_cast<std::size_t>(last - items.begin()) + 1;
  }
  const std::size_t end = begin + std::min(items.size() - begin, page.limit);
  ListBody list;
  for (std::size_t i = begin; i < end; ++i) list.item() += items[i].json;
  return std::move(list).finish(
      end < items.size() ? std::optional(items[end - 1].key) : std::optional<std::string>(), items.size());
}

}  // namespace rowhook
