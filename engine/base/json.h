// JSON documents (configuration, API, workflow definitions). Never per event: rows have a writer of their own (event/json.h).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace rowhook {

using Json = nlohmann::json;                 // object members sorted by name
using OrderedJson = nlohmann::ordered_json;  // object members in the order written

// Parses text as JSON; `//` and `/* */` comments are accepted when `comments`. At most 64 levels deep, no duplicate keys.
// Throws InvalidInput with "line L, column C: ..." in the message.
Json parse_json(std::string_view text, bool comments = false);

// RFC 6901: escapes one reference token (~ and /) and appends it to `pointer` behind a slash.
std::string pointer_append(std::string_view pointer, std::string_view token);
std::string pointer_append(std::string_view pointer, std::size_t index);

// The candidate nearest to `name` by edit distance, "" if none is near enough to be a likely slip.
template <typename Names>
std::string nearest_name(std::string_view name, const Names& candidates);
std::size_t edit_distance(std::string_view a, std::string_view b);

template <typename Names>
std::string nearest_name(std::string_view name, const Names& candidates) {
  std::string best;
  std::size_t best_distance = name.size() / 2 + 1;
  for (const auto& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace rowhook
