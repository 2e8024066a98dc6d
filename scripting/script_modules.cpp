#include "scripting/script_modules.h"

#include <set>

#include "scripting/script_text.h"

namespace rowhook {

ScriptModules collect_modules(std::vector<std::string> names, const ScriptLibrary& library) {
  constexpr std::size_t most_modules = 64;
  ScriptModules modules;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < names.size() && modules.found.size() < most_modules; ++i) {
    const std::string name = names[i];
    if (!seen.insert(name).second) continue;
    auto text = library(name);
    if (!text) continue;
    ScriptText read = read_script_text(*text);
    modules.use_state = modules.use_state || read.uses_state;
    for (auto& next : read.modules) names.push_back(std::move(next));
    modules.found.push_back({name, std::move(*text)});
  }
  return modules;
}

}  // namespace rowhook
