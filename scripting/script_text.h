// What is read from, and done to, an author's text before LuaJIT compiles it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rowhook {

// The name under which rewritten number literals reach the constructor of exact values; no script can be
// named so.
inline constexpr std::string_view exact_literal = "_rowhook_exact";

struct ScriptText {
  std::string text;                  // the same lines, with number literals no Lua number holds made exact
  std::vector<std::string> modules;  // names in require("name"), each once, in order
  bool statements = false;           // holds `return` or begins with a statement: a chunk, not an expression
  bool uses_state = false;           // names `kv`
  int only_return = 0;               // the line of `return` where the text has exactly one, else 0
  // A mistake found here: its line and what to write instead.
  std::optional<std::pair<int, std::string>> problem;
};

// - 9007199254740993, 0.1000000000000000000001 and 42LL become exact values; 42i is a problem.
// - `new.column == nil` is right, `new.column == null` is never true: a problem.
// Pure. Keeps every line where it is.
ScriptText read_script_text(std::string_view source);

}  // namespace rowhook
