// POST /triggers/{id}/test
#include "engine/event/json_writer.h"
#include "engine/execution/scheduler.h"
#include "engine/store/store.h"
#include "web/server/execution_json.h"
#include "web/server/given_event.h"
#include "web/server/handlers.h"
#include "web/server/verdict_json.h"
#include "workflows/run.h"

namespace rowhook {
namespace {

// Runs the trigger's workflow without effects on what the trigger made of the event.
std::string dry_run(const Call& call, const Trigger& trigger, const EventPtr& event, const ItemPtr& item) {
  const auto definition = call.api.store().workflow(trigger.workflow_id);
  if (!definition) return "null";
  const WorkflowPtr workflow = compile_workflow(*definition, *call.api.services.nodes);
  Execution execution =
      call.api.services.scheduler->run_once(workflow, trigger.target_node_id.value_or(""), event, item, true);
  execution.trigger_id = trigger.id;
  std::string out;
  write_execution(out, execution, steps_json(execution.steps, event_json(*event)));
  return out;
}

// A given event that does not say where it is from or of which type is one that the trigger is for.
void add_what_it_is_for(Document& body, const Trigger& trigger) {
  const Document* event = body.find("event");
  if (!event || !event->object()) return;
  const auto missing = [event](std::string_view name) {
    const Document* found = event->find(name);
    return !found || found->is_null();
  };
  const bool no_source = missing("source"), no_type = missing("event_type");
  if (no_source) body.set_path("event.source", trigger.source);
  if (no_type) body.set_path("event.event_type", trigger.event_type);
}

}  // namespace

ApiResponse test_trigger(Call& call) {
  const std::int64_t id = call.id_parameter("trigger");
  auto trigger = call.api.store().trigger(id);
  if (!trigger) throw NotFound("there is no trigger '" + std::to_string(id) + "'");
  Document body = exact_body(call.request);
  check_members(body, {"event", "event_id"});
  add_what_it_is_for(body, *trigger);
  const EventPtr event = event_of_body(body, call.api);

  const bool is_active = trigger->is_active;
  trigger->is_active = true;  // what it would do: that is what one wants to know before switching it on
  const auto scripts = [&](const std::string& name) -> std::optional<std::string> {
    if (auto script = call.api.store().script(name)) return script->text;
    return std::nullopt;
  };
  const CompiledTriggerPtr compiled = compile_trigger(*trigger, scripts);
  const Verdict verdict = Router::explain(compiled, event, *call.api.services.scripts);

  std::string out;
  JsonObject json(out);
  json.text("event_id", event->id);
  write_verdict(json, verdict);
  json.boolean("is_active", is_active);
  ItemPtr item;
  if (verdict.kind == VerdictKind::matched)
    item = Router::rematch(compiled, event, *call.api.services.scripts).item;
  json.raw("item", item ? std::string_view(item->json()) : std::string_view("null"));
  json.raw("execution", item ? dry_run(call, *trigger, event, item) : "null");
  json.close();
  return ApiResponse::json(std::move(out));
}

}  // namespace rowhook
