// GET /events/{event_id}/explain: a verdict per trigger, by the revisions and the scripts in force when the
// event came.
#include <algorithm>

#include "engine/execution/live_execution.h"
#include "engine/execution/scheduler.h"
#include "engine/store/store.h"
#include "web/server/given_event.h"
#include "web/server/handlers.h"
#include "web/server/verdict_json.h"

namespace rowhook {
namespace {

// The row of what the trigger made of the event, or what runs of it right now.
std::optional<Execution> execution_of(const ApiContext& api, const std::string& id) {
  if (auto written = api.store().executions().find(id)) return written;
  for (auto& running : api.services.scheduler->in_flight(10'000))
    if (running.id == id) return std::move(running);
  return std::nullopt;
}

// What the breaker of its trigger holds back has not run yet, whatever its scripts say now.
bool hold_back(Verdict& verdict, const ApiContext& api, const std::optional<Execution>& execution) {
  const auto open = api.services.scheduler->breaker(verdict.trigger->trigger.id);
  if (!open) return false;
  if (execution && execution->status != ExecutionStatus::pending &&
      execution->status != ExecutionStatus::retrying)
    return false;
  verdict.kind = VerdictKind::throttled;
  verdict.reason = "the trigger's scripts had to be stopped " + std::to_string(open->stops) +
                   " times: it is tried with one event at a time, next at " +
                   format_rfc3339(open->next_trial) +
                   (verdict.script_error.empty() ? "" : "; this event: " + verdict.reason);
  return true;
}

// What only the run of it could tell: that it is held back, or that the workflow, or the node to start at,
// was not there.
void refine(Verdict& verdict, const ApiContext& api, const std::optional<Execution>& execution) {
  const Trigger& trigger = verdict.trigger->trigger;
  const bool would_run = verdict.kind == VerdictKind::matched || verdict.kind == VerdictKind::error;
  if (would_run && hold_back(verdict, api, execution)) return;
  if (execution && execution->status == ExecutionStatus::dead_letter &&
      execution->error_message.starts_with("there is no node ")) {
    verdict.kind = VerdictKind::no_node;
    verdict.reason = execution->error_message;
    verdict.predicate = "target_node_id";
  }
  // It has not been run (yet): what would happen now is all that can be said.
  if (execution || verdict.kind != VerdictKind::matched || !trigger.target_node_id) return;
  const auto workflow = api.store().workflow(trigger.workflow_id);
  if (workflow && workflow->node(*trigger.target_node_id)) return;
  verdict.kind = VerdictKind::no_node;
  verdict.predicate = "target_node_id";
  verdict.reason =
      workflow ? "there is no node '" + *trigger.target_node_id + "' in workflow '" + workflow->id + "'"
               : "there is no workflow '" + trigger.workflow_id + "'";
}

// What kv held when the event came is not kept; whether the trigger fired, its execution tells.
void settle_state(Verdict& verdict, const ApiContext& api, const Event& event,
                  const std::optional<Execution>& execution) {
  const bool over = execution || event.seq < api.store().executions().low_water();
  VerdictKind kind = verdict.kind;
  if (execution && (kind == VerdictKind::filtered || execution->status == ExecutionStatus::completed))
    kind = VerdictKind::matched;
  if (over && !execution) kind = VerdictKind::filtered;
  std::string fact = "it is not decided yet";
  if (over) fact = execution ? "it fired" : "it did not fire";
  verdict.reason = fact +
                   "; its scripts use kv, and what that held when the event came is not kept (with what it "
                   "holds now: " +
                   verdict.reason + ")";
  if (kind == verdict.kind) return;
  verdict.kind = kind;
  verdict.predicate.clear();
  verdict.values.clear();
  verdict.line = 0;
  verdict.script_error.clear();
}

bool runs(VerdictKind kind) { return kind != VerdictKind::filtered && kind != VerdictKind::inactive; }

void write(std::string& out, const ApiContext& api, const Event& event, Verdict verdict) {
  const Trigger& trigger = verdict.trigger->trigger;
  const std::string id = execution_id(event.seq, trigger.id);
  const auto execution = runs(verdict.kind) || verdict.asked_state ? execution_of(api, id) : std::nullopt;
  if (verdict.asked_state) settle_state(verdict, api, event, execution);
  if (runs(verdict.kind)) refine(verdict, api, execution);
  JsonObject json(out);
  write_verdict(json, verdict);
  json.number("trigger_revision", trigger.revision);
  json.boolean("in_force", trigger.until_seq == UINT64_MAX);
  json.boolean("state_known", !verdict.asked_state);
  json.text_or_null("execution_id", runs(verdict.kind) ? id : std::string());
  json.text_or_null("execution_status", execution ? to_string(execution->status) : std::string_view());
  json.close();
}

// The triggers as they were when the event came: their revisions and the texts that their scripts, and what
// these require, had.
Router history_at(const ApiContext& api, std::uint64_t seq) {
  auto revisions = api.store().trigger_revisions(seq);
  std::erase_if(revisions,
                [&](const Trigger& trigger) { return trigger.from_seq > seq || trigger.until_seq <= seq; });
  return Router(std::move(revisions),
                [&](const std::string& name) { return api.store().script_text_at(name, seq); });
}

// A trigger for another source or type, or one that was made later, deserves its reason, too.
Verdict verdict_of_other(const ApiContext& api, const Router& history, std::int64_t id,
                         const EventPtr& event) {
  if (const CompiledTriggerPtr then = history.revision_at(id, event->seq))
    return Router::explain(then, event, *api.services.scripts);
  const auto stored = api.store().trigger(id);
  if (!stored)
    throw NotFound("there is no trigger '" + std::to_string(id) +
                   "', and there was none when the event came");
  Verdict verdict;
  verdict.trigger = compile_trigger(*stored, {});
  verdict.kind = VerdictKind::inactive;
  verdict.reason = "the trigger was made after the event came: it holds from seq " +
                   std::to_string(stored->from_seq) + " on";
  return verdict;
}

}  // namespace

ApiResponse explain_event(Call& call) {
  const ApiContext& api = call.api;
  const EventPtr event = journaled_event(api, call.parameter());
  const auto wanted = call.query.integer("trigger_id", 1, INT64_MAX);
  const Router history = history_at(api, event->seq);
  std::vector<Verdict> verdicts = history.explain(event, *api.services.scripts);
  if (wanted) {
    std::erase_if(verdicts, [&](const Verdict& verdict) { return verdict.trigger->trigger.id != *wanted; });
    if (verdicts.empty()) verdicts.push_back(verdict_of_other(api, history, *wanted, event));
  }
  std::string list = "[";
  for (auto& verdict : verdicts) {
    if (list.size() > 1) list += ',';
    write(list, api, *event, std::move(verdict));
  }
  std::string out;
  JsonObject json(out);
  json.text("event_id", event->id);
  json.raw("verdicts", list + "]");
  json.close();
  return ApiResponse::json(std::move(out));
}

}  // namespace rowhook
