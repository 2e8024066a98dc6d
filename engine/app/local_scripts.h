#pragma once

#include <optional>
#include <string>

#include "engine/base/metrics.h"
#include "scripting/script_engine.h"

namespace rowhook {

// Runs scripts of files, with no engine around: in script hosts under the given limits. Thread safety:
// confined to one thread.
class LocalScripts {
 public:
  // `require("name")` finds directory/name.lua; "" as directory: the working directory.
  LocalScripts(const ScriptLimits& limits, std::string directory);
  ScriptResult run(ScriptKind kind, const std::string& name, const std::string& text, const EventPtr& event,
                   const ItemPtr& item = nullptr);
  // Whether the text, as a script of its own, is a filter: an expression, or a chunk that returns true or
  // false for this event. Calls it.
  ScriptResult run_as_it_is(const std::string& name, const std::string& text, const EventPtr& event,
                            const ItemPtr& item, ScriptKind& kind);

 private:
  Metrics metrics_;
  ScriptEngine engine_;
};

}  // namespace rowhook
