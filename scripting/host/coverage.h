#pragma once

#include <lua.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rowhook {

// Which lines of a sandbox's scripts hold code and which of them ran in the current call. Only where the
// limits ask for it: every line that runs costs a call of a hook. Thread safety: confined to the host's
// script thread.
class Coverage {
 public:
  // Reads from the compiled function on top of the stack, and those written inside it, which lines hold code.
  // May raise a Lua error. Pops nothing.
  void note_code(lua_State* L);
  // From now to end() lines that run are noted; those of the call before are forgotten.
  void begin(lua_State* L);
  void end(lua_State* L);
  // varint n, n x (bytes script, varint lines, lines x varint, varint ran, ran x varint); lines ascend.
  const std::string& encoded();

 private:
  struct Source {
    std::string name;
    std::vector<char> holds_code, ran;  // by line
  };
  static void on_line(lua_State* L, lua_Debug* frame);
  Source* find(std::string_view name);

  std::vector<Source> sources_;
  std::string encoded_;
};

}  // namespace rowhook
