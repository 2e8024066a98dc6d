#include "web/server/trigger_checks.h"

#include "engine/store/store.h"
#include "scripting/script_engine.h"
#include "web/server/call.h"

namespace rowhook {
namespace {

void check_scripts(const ApiContext& api, const Trigger& trigger, std::vector<Problem>& problems) {
  const auto& config = trigger.config;
  if (!config.is_object()) return;
  const auto check = [&](const char* member, ScriptKind kind) {
    const std::string pointer = std::string("/config/") + member;
    if (const auto text = config.find(member); text != config.end() && text->is_string()) {
      const auto error = api.services.scripts->check(
          *make_script(kind, std::string("trigger ") + member, text->get<std::string>()));
      if (error) problems.push_back({pointer, error->message});
    }
    const std::string by_name = std::string(member) + "_script";
    if (const auto name = config.find(by_name); name != config.end() && name->is_string())
      if (!api.store().script(name->get<std::string>()))
        problems.push_back({"/config/" + by_name, "there is no script '" + name->get<std::string>() +
                                                      "'; PUT /scripts/{name} makes one"});
  };
  check("filter", ScriptKind::filter);
  check("transform", ScriptKind::transform);
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

void check_trigger_surroundings(const ApiContext& api, const Trigger& trigger, bool check_workflow,
                                std::vector<Problem>& problems) {
  check_scripts(api, trigger, problems);
  if (!check_workflow || trigger.workflow_id.empty()) return;
  const auto workflow = api.store().workflow(trigger.workflow_id);
  if (!workflow) {
    problems.push_back({"/workflow_id", "there is no workflow '" + trigger.workflow_id + "'; make it first"});
    return;
  }
  if (trigger.target_node_id && !workflow->node(*trigger.target_node_id)) {
    std::vector<std::string> names;
    for (const auto& node : workflow->nodes) names.push_back(node.node_id);
    problems.push_back({"/target_node_id", "the workflow '" + workflow->id + "' has no node '" +
                                               *trigger.target_node_id + "'; it has " + list_of(names)});
  }
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
