#include "engine/base/json.h"

#include <nlohmann/json.hpp>

#include <numeric>
#include <set>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

constexpr int max_depth = 64;

std::string place_of(std::string_view text, std::size_t byte) {
  std::size_t line = 1, column = 1;
  for (std::size_t i = 0; i + 1 < byte && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

}  // namespace

Json parse_json(std::string_view text, bool comments) {
  std::vector<std::set<std::string>> keys;
  std::string duplicate;
  bool too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
        if (depth >= max_depth) too_deep = true;
        keys.emplace_back();
        break;
      case Json::parse_event_t::array_start:
        if (depth >= max_depth) too_deep = true;
        break;
      case Json::parse_event_t::object_end: keys.pop_back(); break;
      case Json::parse_event_t::key:
        if (!keys.back().insert(parsed.get<std::string>()).second && duplicate.empty())
          duplicate = parsed.get<std::string>();
        break;
      default: break;
    }
    if (too_deep) throw InvalidInput("JSON is nested deeper than 64 levels", {{"", "nest at most 64 levels"}});
    return true;
  };
  Json result;
  try {
    result = Json::parse(text, watch, true, comments);
  } catch (const Json::parse_error& error) {
    std::string what = error.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    if (const auto colon = what.find(": "); colon != std::string::npos) what = what.substr(colon + 2);
    throw InvalidInput("not valid JSON: " + place_of(text, error.byte) + ": " + what,
                       {{"", place_of(text, error.byte) + ": " + what}});
  } catch (const Json::out_of_range& error) {  // a number no double holds, e.g. 1e999
    std::string what = error.what();
    if (const auto bracket = what.find("] "); bracket != std::string::npos) what = what.substr(bracket + 2);
    throw InvalidInput("not valid JSON: " + what, {{"", what}});
  }
  if (!duplicate.empty())
    throw InvalidInput("the key '" + duplicate + "' stands twice in one object", {{"", "remove one '" + duplicate + "'"}});
  return result;
}

std::string pointer_append(std::string_view pointer, std::string_view token) {
  std::string out(pointer);
  out += '/';
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string pointer_append(std::string_view pointer, std::size_t index) {
  return std::string(pointer) + '/' + std::to_string(index);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace rowhook
