#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/db/condition.h"
#include "engine/event/event.h"
#include "engine/router/trigger.h"
#include "scripting/script_engine.h"

namespace rowhook {

// config.retry: what a trigger says about its retries; the rest comes from the workflow and the
// configuration.
struct RetryOverrides {
  std::optional<unsigned> max_retries;
  std::optional<std::chrono::milliseconds> retry_delay;
  std::optional<bool> exponential_backoff;
  std::optional<std::chrono::milliseconds> max_delay;
};
RetryOverrides retry_overrides(
    const nlohmann::json& retry);  // members that are absent or not numbers stay unset

// A trigger revision made ready for matching. Immutable.
struct CompiledTrigger {
  Trigger trigger;
  std::vector<std::string> tables;   // globs; empty = all
  std::vector<std::string> changed;  // columns; empty = any
  std::optional<Condition> where;
  ScriptPtr filter, transform;  // null if none
  enum class Ordering { key, source, none } ordering = Ordering::key;
  RetryOverrides retry;
  std::optional<ScriptError>
      broken;  // it cannot be evaluated (unknown script, unreadable condition): it always errs
  bool has_scripts() const { return filter || transform; }
  // Its scripts keep state (kv): each sees what the one before it did, so they are asked one by one.
  bool keeps_state() const { return (filter && filter->uses_state) || (transform && transform->uses_state); }
};
using CompiledTriggerPtr = std::shared_ptr<const CompiledTrigger>;

enum class VerdictKind { matched, filtered, inactive, error, throttled, loop, no_node };
std::string_view to_string(VerdictKind kind);

// Why a trigger did or did not fire for an event: one element of `explain`.
struct Verdict {
  CompiledTriggerPtr trigger;
  VerdictKind kind = VerdictKind::matched;
  std::string reason;                                       // one sentence
  std::string predicate;                                    // the condition that decided ("" if none)
  std::vector<std::pair<std::string, std::string>> values;  // name, JSON text
  int line = 0;
  std::string script_error;
  // A script that keeps state (kv) was asked: it saw the state of now, not that of when the event came.
  bool asked_state = false;
};

// A trigger whose tables, changed and where let an event pass. Its scripts have not been asked yet.
struct Candidate {
  CompiledTriggerPtr trigger;
  EventPtr event;
};

// A trigger that fires for an event. `item` is what the workflow starts with.
struct Match {
  CompiledTriggerPtr trigger;
  EventPtr event;
  ItemPtr item;  // null when error, and when a script let the event drop (see evaluate)
  std::optional<ScriptError>
      error;  // the filter or transform failed: execution is made, retried, dead-lettered
  std::chrono::nanoseconds script_time{0};  // what its filter and transform took
  bool fires() const { return item || error; }
};

// How often a change may come out of a change it caused before it is parked (`loop`). The count travels as
// the member `hops` of the event's metadata, which whoever writes on behalf of an execution sets to
// hops_of(its event) + 1: a source that knows the origin of a change (a replication origin, a comment, a
// marker row) and POST /events. Sources whose database cannot carry an origin leave it out, and the count is
// 0.
constexpr unsigned max_hops = 8;
unsigned hops_of(const Event& event);

// An immutable index over triggers by (source, event_type). Made anew whenever a trigger changes. Routing is
// a pure function of (event, revision): a revision holds for events with from_seq <= seq < until_seq; an
// event without seq (posted to a test) meets the revisions in force now. Thread safety: safe to share.
class Router {
 public:
  // `scripts` resolves filter_script and transform_script names, and what their scripts require; an unknown
  // name becomes a trigger that always errs. Asked here only: a changed script needs another router.
  using ScriptText = ScriptLibrary;
  Router(std::vector<Trigger> revisions, const ScriptText& scripts);

  // The two halves of match(), in (event, trigger id) order. candidates() costs no script and well under a
  // microsecond.
  std::vector<Candidate> candidates(const std::vector<EventPtr>& events) const;
  // Whether the trigger's tables, changed and where let the event pass. Its source, event type and whether it
  // is active are not looked at; one that is broken passes, and errs.
  static bool considers(const CompiledTrigger& trigger, const Event& event);
  // One Match per candidate, in order, also for those that a script dropped (fires() is false): one batch for
  // all filters and one for the transforms of what passed.
  static std::vector<Match> evaluate(const std::vector<Candidate>& candidates, ScriptEngine& engine);

  // Matches in (event, trigger id) order. Conditions are evaluated here, scripts in one batch per call.
  std::vector<Match> match(const std::vector<EventPtr>& events, ScriptEngine& engine) const;
  // One verdict per trigger of the event's source and type, by the revision that was in force at event.seq.
  std::vector<Verdict> explain(const EventPtr& event, ScriptEngine& engine) const;
  // The verdict of one trigger, also for an event of another source or type.
  static Verdict explain(const CompiledTriggerPtr& trigger, const EventPtr& event, ScriptEngine& engine);
  // The revision of `trigger_id` in force at `seq`; null if there was none.
  CompiledTriggerPtr revision_at(std::int64_t trigger_id, std::uint64_t seq) const;
  // The revision in force now; null if the trigger is deleted or unknown.
  CompiledTriggerPtr current(std::int64_t trigger_id) const;
  // Triggers that fire for new events.
  std::size_t active_count() const;
  // Runs the scripts of a trigger again (after a script error was mended). fires() is false when they drop
  // the event.
  static Match rematch(const CompiledTriggerPtr& trigger, const EventPtr& event, ScriptEngine& engine);

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};
using RouterPtr = std::shared_ptr<const Router>;

// Makes a revision ready. Never throws for what a user wrote: what cannot be used becomes `broken`.
CompiledTriggerPtr compile_trigger(Trigger trigger, const Router::ScriptText& scripts);

}  // namespace rowhook
