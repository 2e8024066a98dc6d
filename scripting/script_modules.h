#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rowhook {

// Finds the text of a script that require() names; nullopt if there is none.
using ScriptLibrary = std::function<std::optional<std::string>(const std::string& name)>;

struct ScriptModule {
  std::string name, text;
};

// What a script needs beside its own text.
struct ScriptModules {
  std::vector<ScriptModule> found;
  bool use_state = false;  // one of them names `kv`
};

// The scripts that `names` names, and what these require, directly or not: each once, 64 at most. A name that
// the library does not know is left out: require() itself says so, with the line. What the library throws
// passes through.
ScriptModules collect_modules(std::vector<std::string> names, const ScriptLibrary& library);

}  // namespace rowhook
