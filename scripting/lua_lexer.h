#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rowhook {

// One token of Lua 5.1 source as LuaJIT reads it. `text` points into the source.
struct LuaToken {
  enum class Kind : std::uint8_t { name, number, string, symbol, bad };
  Kind kind = Kind::symbol;
  std::string_view text;  // as written, quotes and brackets included
  int line = 1;           // 1-based, of its first byte
  std::size_t offset = 0;
};

// Splits source text into tokens; comments and white space are left out. Never fails: what cannot be read (an
// unfinished string) becomes one `bad` token that ends the list, and the compiler reports it. Pure.
std::vector<LuaToken> lua_tokens(std::string_view source);

// The value of a string token without escapes in it; false when it has any (names of modules need none).
bool plain_string(const LuaToken& token, std::string_view& value);

}  // namespace rowhook
