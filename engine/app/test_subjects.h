#pragma once

#include <map>
#include <string>

#include "engine/app/test_project.h"
#include "engine/base/metrics.h"
#include "engine/event/document.h"
#include "scripting/script_engine.h"
#include "workflows/definition.h"
#include "workflows/services.h"

namespace rowhook {

// Does what tests ask for: runs a project's scripts, triggers and workflows, without effects. Thread safety:
// confined to one thread.
class TestSubjects {
 public:
  // `project` outlives it.
  TestSubjects(const TestProject& project, const ScriptLimits& limits);

  // A request of rowhook.test.lua: {"op": "script" | "trigger" | "workflow", ...}. The answer as JSON text.
  // Throws InvalidInput when there is no such thing.
  std::string answer(const Document& request);
  ScriptEngine& engine() { return engine_; }
  // Forgets what scripts keep in kv: each test begins without.
  void begin_test() { states_.clear(); }

 private:
  std::string run_script(const Document& request);
  std::string run_trigger(const Document& request);
  std::string run_workflow(const Document& request);
  std::optional<std::string> script_text(const std::string& name) const;
  std::string execution(const std::string& workflow_id, const std::string& node_id, const EventPtr& event,
                        const ItemPtr& item, const Document& request, const StateChanges& earlier);

  const TestProject& project_;
  Metrics metrics_;
  ScriptStates states_;
  ScriptEngine engine_;
  NodeServices nodes_;
  std::map<std::string, Definition> webhooks_;  // of triggers with an endpoint
};

}  // namespace rowhook
