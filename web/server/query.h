// The query of a request: only parameters that its route declares, each at most once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"

namespace rowhook {

struct QueryParameter {
  std::string_view name;
  std::string_view doc;  // one line, for the reference pages
};

// Where a listing begins and how long it is. `cursor` is set when the client pages by it; then skip is 0.
struct Page {
  std::size_t skip = 0, limit = 100;
  std::optional<std::string> cursor;
};

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
// %41 and the like; '+' stays a plus. nullopt when malformed or when a NUL byte or invalid UTF-8 comes out.
std::optional<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);  // everything but unreserved characters

// Thread safety: immutable.
class Query {
 public:
  Query() = default;
  // Throws HttpError 400 for a parameter that is not among `known` (with the nearest one) or stands twice.
  // `listing` adds skip, limit and cursor. In a query '+' is a space.
  Query(std::string_view text, std::span<const QueryParameter> known, bool listing);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::string text(std::string_view name) const;  // "" when absent
  // nullopt when absent. Throw HttpError 400 naming the parameter when it is something else.
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high) const;
  std::optional<bool> boolean(std::string_view name) const;
  std::optional<Micros> time(std::string_view name) const;  // RFC 3339
  Page page() const;

 private:
  const std::string* find(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace rowhook
