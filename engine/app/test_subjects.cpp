#include "engine/app/test_subjects.h"

#include <algorithm>

#include "engine/app/event_file.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/event/json_writer.h"
#include "engine/router/router.h"
#include "web/server/call.h"
#include "web/server/verdict_json.h"
#include "web/server/webhook_workflow.h"
#include "workflows/spies.h"

namespace rowhook {

// Generated from scripting/testing by CMake.
const std::map<std::string, std::string>& test_library_files();

namespace {

const Document* member(const Document& object, std::string_view name) {
  const Document* found = object.find(name);
  return found && !found->is_null() ? found : nullptr;
}

std::string text_of(const Document& object, std::string_view name) {
  const Document* found = member(object, name);
  return found && found->string() ? *found->string() : std::string();
}

template <typename Map>
[[noreturn]] void unknown(const std::string& what, const std::string& name, const Map& known) {
  std::vector<std::string> names;
  for (const auto& [known_name, value] : known) names.push_back(known_name);
  const std::string near = nearest_name(name, names);
  throw InvalidInput(
      "there is no " + what + " '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"), {});
}

EventPtr event_of(const Document& request) {
  const Document* event = member(request, "event");
  if (!event) throw InvalidInput("an event is missing: give fixture(\"name\")", {});
  return event_from_document(*event, "/event");
}

ItemPtr item_of(const Document& request) {
  const Document* item = member(request, "item");
  return item ? std::make_shared<const Item>(*item) : nullptr;
}

std::vector<SpyAnswer> answers_of(const Document& list) {
  std::vector<SpyAnswer> answers;
  for (const auto& given : *list.array()) {
    SpyAnswer& answer = answers.emplace_back();
    if (const Document* output = member(given, "output"))
      answer.output = std::make_shared<const Item>(*output);
    answer.error = text_of(given, "error");
    const Document* permanent = member(given, "permanent");
    answer.permanent = permanent && permanent->boolean() && *permanent->boolean();
    if (const Document* after = member(given, "retry_after"); after && after->number())
      answer.retry_after =
          std::chrono::milliseconds{static_cast<std::int64_t>(std::stod(after->number()->digits) * 1000)};
  }
  return answers;
}

std::string calls_json(const std::vector<SpyCall>& calls) {
  std::string out = "[";
  for (const auto& call : calls) {
    if (out.size() > 1) out += ',';
    JsonObject json(out);
    json.text("node_id", call.node_id);
    json.text("node_type", call.node_type);
    json.raw("input", call.input->json());
    if (const auto* would = call.would.object())
      for (const auto& [name, value] : *would) json.raw(name, value.text());
    json.close();
  }
  return out + "]";
}

std::string_view status_of(RunOutcome::Kind kind) {
  switch (kind) {
    case RunOutcome::Kind::completed:
      return "completed";
    case RunOutcome::Kind::retry:
      return "retrying";
    case RunOutcome::Kind::failed:
      return "dead_letter";
  }
  return "";
}

// What the trigger makes of an event: as in an engine, one script after the other, each seeing what the one
// before did to its state. Null: it does not fire.
ItemPtr triggered_item(const CompiledTrigger& trigger, const EventPtr& event, ScriptEngine& engine,
                       StateChanges& changes) {
  const bool concerned =
      trigger.trigger.source == event->shape->source && trigger.trigger.event_type == event->type;
  if (!concerned || !trigger.trigger.is_active || trigger.broken || !Router::considers(trigger, *event))
    return nullptr;
  ItemPtr item = std::make_shared<const Item>(event);
  for (const auto& script : {trigger.filter, trigger.transform}) {
    if (!script) continue;
    ScriptCall call{.script = script, .event = event};
    if (!changes.empty()) call.pending = std::make_shared<const StateChanges>(changes);
    ScriptResult result = engine.run(std::span(&call, 1)).front();
    changes.insert(changes.end(), result.changes.begin(), result.changes.end());
    if (result.error || !result.pass) return nullptr;
    if (script->kind == ScriptKind::transform) item = std::make_shared<const Item>(std::move(result.result));
  }
  return item;
}

ScriptLimits for_tests(ScriptLimits limits) {
  limits.hosts = 1;
  return limits;
}

}  // namespace

TestSubjects::TestSubjects(const TestProject& project, const ScriptLimits& limits)
    : project_(project),
      states_([](const std::string&) { return ScriptState(); }),
      engine_(
          for_tests(limits), metrics_, [this](const std::string& name) { return script_text(name); },
          &states_) {
  nodes_.scripts = &engine_;
  nodes_.clock = &system_clock();
  nodes_.random = system_random();
  nodes_.metrics = &metrics_;
  nodes_.script_text = [this](const std::string& name) { return script_text(name); };
  nodes_.log = [](std::string_view, std::string_view, const std::string&) {
  };  // they stand in the notes of the steps
}

std::optional<std::string> TestSubjects::script_text(const std::string& name) const {
  if (name == "rowhook.test") return test_library_files().at("rowhook.test.lua");
  const auto found = project_.definitions.scripts.find(name);
  if (found == project_.definitions.scripts.end()) return std::nullopt;
  return found->second.text;
}

std::string TestSubjects::answer(const Document& request) {
  const std::string op = text_of(request, "op");
  if (op == "script") return run_script(request);
  if (op == "trigger") return run_trigger(request);
  return run_workflow(request);
}

std::string TestSubjects::run_script(const Document& request) {
  const std::string name = text_of(request, "name");
  const auto text = script_text(name);
  if (!text) unknown("script", name, project_.definitions.scripts);
  const ScriptKind kind = text_of(request, "kind") == "filter" ? ScriptKind::filter : ScriptKind::transform;
  const ScriptCall call{
      .script = make_script(kind, name, *text), .event = event_of(request), .item = item_of(request)};
  const ScriptResult result = engine_.run(std::span(&call, 1)).front();
  states_.apply(result.changes);
  std::string out;
  JsonObject json(out);
  if (result.error) {
    std::string error;
    JsonObject inner(error);
    inner.text("type", to_string(result.error->type));
    inner.text("message", result.error->message);
    inner.close();
    json.raw("error", error);
  } else {
    json.raw("result", result.pass || kind == ScriptKind::filter ? std::string_view(result.result) : "null");
  }
  json.close();
  return out;
}

std::string TestSubjects::run_trigger(const Document& request) {
  const auto& triggers = project_.definitions.triggers;
  const std::string name = text_of(request, "name");
  const auto found = triggers.find(name);
  if (found == triggers.end()) unknown("trigger", name, triggers);
  std::vector<Problem> problems;
  Trigger trigger = trigger_from_json(found->second.json, problems);
  if (!problems.empty())
    throw InvalidInput(found->second.file + ": " + problems.front().pointer + ": " + problems.front().detail,
                       problems);
  trigger.id = 1 + std::distance(triggers.begin(), found);
  if (trigger.workflow_id.empty() && trigger.config.contains("endpoint")) {
    trigger.workflow_id = "webhook-" + std::to_string(trigger.id);
    webhooks_[trigger.workflow_id] = webhook_definition(trigger, trigger.workflow_id);
  }
  const auto compiled =
      compile_trigger(trigger, [this](const std::string& script) { return script_text(script); });
  const EventPtr event = event_of(request);
  const Verdict verdict = Router::explain(compiled, event, engine_);
  StateChanges changes;
  const ItemPtr item = triggered_item(*compiled, event, engine_, changes);
  std::string out;
  JsonObject json(out);
  write_verdict(json, verdict);
  if (item) {
    json.raw("item", item->json());
    const std::string run =
        execution(trigger.workflow_id, trigger.target_node_id.value_or(""), event, item, request, changes);
    out += "," + run.substr(1, run.size() - 2);
  } else {
    states_.apply(changes);
  }
  json.close();
  return out;
}

std::string TestSubjects::run_workflow(const Document& request) {
  const ItemPtr item = item_of(request);
  EventPtr event;
  if (!member(request, "event") && item) {
    event = event_from_document(Document(Document::Object{{"event_type", "workflow_run"}, {"source", "api"}}),
                                "/event");
  } else {
    event = event_of(request);
  }
  return execution(text_of(request, "id"), text_of(request, "node"), event,
                   item ? item : std::make_shared<const Item>(event), request, {});
}

std::string TestSubjects::execution(const std::string& workflow_id, const std::string& node_id,
                                    const EventPtr& event, const ItemPtr& item, const Document& request,
                                    const StateChanges& earlier) {
  Definition definition;
  if (const auto webhook = webhooks_.find(workflow_id); webhook != webhooks_.end()) {
    definition = webhook->second;
  } else {
    const auto& workflows = project_.definitions.workflows;
    const auto found = workflows.find(workflow_id);
    if (found == workflows.end()) unknown("workflow", workflow_id, workflows);
    std::vector<Problem> problems;
    definition = read_workflow(found->second.json, nodes_, problems);
    if (!problems.empty())
      throw InvalidInput(
          found->second.file + ": " + problems.front().pointer + ": " + problems.front().detail, problems);
  }
  Spies spies;
  if (const Document* answers = member(request, "answers"))
    for (const auto& [node, list] : *answers->object()) {
      if (!definition.node(node))
        throw InvalidInput("workflow '" + workflow_id + "' has no node '" + node + "' to spy on", {});
      spies.answers[node] = answers_of(list);
    }
  const WorkflowPtr workflow = compile_with_spies(definition, nodes_, spies);
  RunContext context;
  context.event = event;
  context.execution_id = std::to_string(event->seq) + "-1";
  context.trigger_id = 1;
  context.earlier_changes = earlier;
  RunState state;
  const RunOutcome outcome = run_here(*workflow, node_id, item, std::move(context), state);
  if (outcome.kind == RunOutcome::Kind::completed) {
    states_.apply(earlier);
    states_.apply(changes_of(state));
  }
  std::string out;
  JsonObject json(out);
  json.text("status", status_of(outcome.kind));
  json.text_or_null("error_message", outcome.error_message);
  if (outcome.retry_after)
    json.number("retry_after", static_cast<double>(outcome.retry_after->count()) / 1000);
  json.raw("steps", steps_json(pack_steps(state.steps), event_json(*event)));
  json.raw("calls", calls_json(spies.calls));
  json.close();
  return out;
}

}  // namespace rowhook
