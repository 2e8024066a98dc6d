// Between the digits of a JSON number and a Lua number.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rowhook {

struct LuaNumber {
  double value = 0;
  bool same_digits = true;  // write_number(value) gives back the very text
};

// A number of at most 14 significant digits (and at most 14 before the point): a double holds it, and Lua
// prints all of it. nullopt: it has more, or is written with more than 40 characters, and has to stay an
// exact value. `digits` must be a JSON number.
std::optional<LuaNumber> read_number(std::string_view digits);

// Longest text for which read_number() gives a number.
inline constexpr std::size_t longest_lua_number = 40;

// The shortest digits that read back as the same double. `value` must be finite.
void write_number(std::string& out, double value);

}  // namespace rowhook
