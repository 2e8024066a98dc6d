#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/db/condition.h"
#include "engine/event/event.h"
#include "engine/router/trigger.h"
#include "scripting/script_engine.h"

namespace rowhook {

// A trigger revision made ready for matching. Immutable.
struct CompiledTrigger {
  Trigger trigger;
  std::vector<std::string> tables;   // globs; empty = all
  std::vector<std::string> changed;  // columns; empty = any
  std::optional<Condition> where;
  ScriptPtr filter, transform;       // null if none
  enum class Ordering { key, source, none } ordering = Ordering::key;
};
using CompiledTriggerPtr = std::shared_ptr<const CompiledTrigger>;

enum class VerdictKind { matched, filtered, inactive, error, throttled, loop, no_node };
std::string_view to_string(VerdictKind kind);

// Why a trigger did or did not fire for an event: one element of `explain`.
struct Verdict {
  CompiledTriggerPtr trigger;
  VerdictKind kind = VerdictKind::matched;
  std::string reason;     // one sentence
  std::string predicate;  // the condition that decided ("" if none)
  std::vector<std::pair<std::string, std::string>> values;  // name, JSON text
  int line = 0;
  std::string script_error;
};

// A trigger that fires for an event. `item` is what the workflow starts with.
struct Match {
  CompiledTriggerPtr trigger;
  EventPtr event;
  ItemPtr item;                             // null when error
  std::optional<ScriptError> error;         // the filter or transform failed: execution is made, retried, dead-lettered
};

// An immutable index over triggers by (source, event_type). Made anew whenever a trigger changes.
// Thread safety: safe to share.
class Router {
 public:
  // `scripts` resolves filter_script and transform_script names; an unknown name becomes a trigger that always errs.
  using ScriptText = std::function<std::optional<std::string>(const std::string& name)>;
  Router(std::vector<Trigger> revisions, const ScriptText& scripts);

  // Matches in (event, trigger id) order. Conditions are evaluated here, scripts in one batch per call.
  std::vector<Match> match(const std::vector<EventPtr>& events, ScriptEngine& engine) const;
  // One verdict per trigger of the event's source and type, by the revision that was in force at event.seq.
  std::vector<Verdict> explain(const EventPtr& event, ScriptEngine& engine) const;
  // The revision of `trigger_id` in force at `seq`; null if there was none.
  CompiledTriggerPtr revision_at(std::int64_t trigger_id, std::uint64_t seq) const;
  // Runs the transform of a trigger again (after a script error was mended).
  static Match rematch(const CompiledTriggerPtr& trigger, const EventPtr& event, ScriptEngine& engine);

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};
using RouterPtr = std::shared_ptr<const Router>;

}  // namespace rowhook
