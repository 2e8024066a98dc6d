#include "web/server/trigger_checks.h"

#include "engine/store/store.h"
#include "scripting/script_engine.h"
#include "web/server/call.h"
#include "web/server/column_checks.h"
#include "workflows/run.h"

namespace rowhook {
namespace {

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

void check_trigger_scripts(const ApiContext& api, const Trigger& trigger, const ScriptLibrary& stored,
                           std::vector<Problem>& problems) {
  const auto& config = trigger.config;
  if (!config.is_object()) return;
  std::optional<std::vector<ScriptTable>> tables;  // looked up for the first script
  const auto check_text = [&](const std::string& pointer, ScriptKind kind, const std::string& name,
                              const std::string& text) {
    if (!tables) tables = tables_of(api, {trigger});
    const auto error = api.services.scripts->check(*make_script(kind, name, text), *tables);
    if (error) problems.push_back({pointer, with_place(*error)});
  };
  const auto check = [&](const char* member, ScriptKind kind) {
    const std::string pointer = std::string("/config/") + member;
    if (const auto text = config.find(member); text != config.end() && text->is_string())
      check_text(pointer, kind, std::string("trigger ") + member, text->get<std::string>());
    const auto name = config.find(std::string(member) + "_script");
    if (name == config.end() || !name->is_string()) return;
    if (const auto text = stored(*name)) return check_text(pointer + "_script", kind, *name, *text);
    problems.push_back({pointer + "_script", "there is no script '" + name->get<std::string>() +
                                                 "'; PUT /scripts/{name} makes one"});
  };
  check("filter", ScriptKind::filter);
  check("transform", ScriptKind::transform);
}

void check_target(const Definition& workflow, const Trigger& trigger, std::vector<Problem>& problems) {
  if (!trigger.target_node_id || workflow.node(*trigger.target_node_id)) return;
  std::vector<std::string> names;
  for (const auto& node : workflow.nodes) names.push_back(node.node_id);
  problems.push_back({"/target_node_id", "the workflow '" + workflow.id + "' has no node '" +
                                             *trigger.target_node_id + "'; it has " + list_of(names)});
}

std::vector<Problem> workflow_problems(const ApiContext& api, const Definition& definition,
                                       NodeServices services, const std::vector<Trigger>& triggers) {
  services.tables = tables_of(api, triggers);
  return validate_workflow(definition, services);
}

void check_trigger_workflow(const ApiContext& api, const Trigger& trigger, const NodeServices& services,
                            std::vector<Problem>& problems) {
  if (trigger.workflow_id.empty()) return;
  const auto workflow = api.store().workflow(trigger.workflow_id);
  if (!workflow) {
    problems.push_back({"/workflow_id", "there is no workflow '" + trigger.workflow_id + "'; make it first"});
    return;
  }
  check_target(*workflow, trigger, problems);
  const auto triggers = triggers_to(api, workflow->id, &trigger);
  if (tables_of(api, triggers).empty()) return;
  // A workflow that is wrong by itself is not this trigger's fault.
  if (!workflow_problems(api, *workflow, services, {}).empty()) return;
  for (const auto& problem : workflow_problems(api, *workflow, services, triggers))
    problems.push_back({"/workflow_id", "the workflow '" + workflow->id + "' would fail: " + problem.pointer +
                                            ": " + problem.detail});
}

void check_trigger_surroundings(const ApiContext& api, const Trigger& trigger, bool check_workflow,
                                std::vector<Problem>& problems) {
  check_trigger_scripts(api, trigger, api.services.nodes->script_text, problems);
  if (check_workflow) check_trigger_workflow(api, trigger, *api.services.nodes, problems);
}

void check_workflow_targets(const ApiContext& api, const Definition& definition,
                            std::vector<Problem>& problems) {
  TriggerFilter filter;
  filter.workflow_id = definition.id;
  ListRange range;
  range.limit = 1000;
  for (;; range.skip += range.limit) {
    const auto triggers = api.store().triggers(filter, range);
    for (const auto& trigger : triggers)
      if (trigger.target_node_id && !definition.node(*trigger.target_node_id))
        problems.push_back({"/nodes", "the trigger " + std::to_string(trigger.id) + " ('" + trigger.name +
                                          "') starts at the node '" + *trigger.target_node_id +
                                          "', which would be gone: keep it or change the trigger first"});
    if (triggers.size() < range.limit) return;
  }
}

void refuse_problems(std::string_view what, std::vector<Problem> problems) {
  if (problems.empty()) return;
  const Problem& first = problems.front();
  throw InvalidInput(std::string(what) + " is not valid: " +
                         (first.pointer.empty() ? "" : first.pointer + ": ") + first.detail,
                     problems);
}

}  // namespace rowhook
