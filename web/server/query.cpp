#include "web/server/query.h"

#include <algorithm>
#include <charconv>

#include "web/server/api.h"

namespace rowhook {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::size_t max_limit = 1000;

HttpError wrong_value(std::string_view name, const std::string& expected) {
  return bad_request("query parameter '" + std::string(name) + "': expected " + expected);
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const auto tail = [&](std::size_t at) { return (byte(at) & 0xc0U) == 0x80U; };
    const unsigned first = byte(i);
    if (first < 0x80) {
      i += 1;
    } else if (first >= 0xc2 && first < 0xe0 && tail(i + 1)) {
      i += 2;
    } else if (first >= 0xe0 && first < 0xf0 && tail(i + 1) && tail(i + 2) &&
               !(first == 0xe0 && byte(i + 1) < 0xa0) && !(first == 0xed && byte(i + 1) >= 0xa0)) {
      i += 3;
    } else if (first >= 0xf0 && first < 0xf5 && tail(i + 1) && tail(i + 2) && tail(i + 3) &&
               !(first == 0xf0 && byte(i + 1) < 0x90) && !(first == 0xf4 && byte(i + 1) >= 0x90)) {
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

Query::Query(std::string_view text, std::span<const QueryParameter> known, bool listing) {
  std::vector<std::string> names;
  for (const auto& parameter : known) names.emplace_back(parameter.name);
  if (listing) names.insert(names.end(), {"skip", "limit", "cursor"});
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    std::string raw(pair);
    for (char& c : raw)
      if (c == '+') c = ' ';
    const std::string_view spaced = raw;
    const auto name = percent_decode(spaced.substr(0, equals));
    const auto value =
        percent_decode(equals == std::string_view::npos ? std::string_view() : spaced.substr(equals + 1));
    if (!name || !value) throw bad_request("the query is not valid percent-encoded UTF-8");
    if (std::find(names.begin(), names.end(), *name) == names.end()) {
      const std::string near = nearest_name(*name, names);
      std::string list;
      for (const auto& each : names) list += (list.empty() ? "" : ", ") + each;
      throw bad_request("unknown query parameter '" + *name + "'" +
                        (!near.empty()  ? "; did you mean '" + near + "'?"
                         : list.empty() ? "; this route takes none"
                                        : "; known are " + list));
    }
    if (has(*name)) throw bad_request("the query parameter '" + *name + "' stands twice");
    values_.emplace_back(*name, *value);
  }
}

const std::string* Query::find(std::string_view name) const {
  for (const auto& [known, value] : values_)
    if (known == name) return &value;
  return nullptr;
}

std::string Query::text(std::string_view name) const {
  const std::string* value = find(name);
  return value ? *value : std::string();
}

std::optional<std::int64_t> Query::integer(std::string_view name, std::int64_t low, std::int64_t high) const {
  const std::string* value = find(name);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || end != value->data() + value->size() || number < low || number > high)
    throw wrong_value(name, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
  return number;
}

std::optional<bool> Query::boolean(std::string_view name) const {
  const std::string* value = find(name);
  if (!value) return std::nullopt;
  if (*value == "true" || *value == "1") return true;
  if (*value == "false" || *value == "0") return false;
  throw wrong_value(name, "true or false");
}

std::optional<Micros> Query::time(std::string_view name) const {
  const std::string* value = find(name);
  if (!value) return std::nullopt;
  try {
    return parse_rfc3339(*value);
  } catch (const InvalidInput&) {
    // A '+' of a zone offset that was not percent-encoded arrives as a space.
    std::string mended = *value;
    if (const auto space = mended.rfind(' '); space != std::string::npos && space > 10) mended[space] = '+';
    try {
      return parse_rfc3339(mended);
    } catch (const InvalidInput&) {
      throw wrong_value(name, "a time such as 2025-08-05T10:00:00Z");
    }
  }
}

Page Query::page() const {
  Page page;
  if (const auto limit = integer("limit", 1, static_cast<std::int64_t>(max_limit)))
    page.limit = static_cast<std::size_t>(*limit);
  if (const auto skip = integer("skip", 0, INT64_C(1) << 53)) page.skip = static_cast<std::size_t>(*skip);
  if (const std::string* cursor = find("cursor"); cursor && !cursor->empty()) {
    if (page.skip > 0) throw bad_request("give either 'skip' or 'cursor', not both");
    page.cursor = *cursor;
  }
  return page;
}

}  // namespace rowhook
