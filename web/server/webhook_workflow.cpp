#include "web/server/webhook_workflow.h"

#include <algorithm>
#include <array>

#include "engine/journal/journal.h"
#include "engine/store/store.h"
#include "web/server/call.h"
#include "workflows/run.h"

namespace rowhook {
namespace {

constexpr auto made_for_trigger = "webhook";  // the tag of such a workflow
constexpr std::array taken_over{"secret", "format"};

std::string slug(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      out += upper ? static_cast<char>(c + 32) : c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  out.resize(std::min<std::size_t>(out.size(), 60));
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "trigger" : out;
}

Json node_config(const Trigger& trigger) {
  Json config{{"url", trigger.config.at("endpoint")}};
  for (const char* member : taken_over)
    if (trigger.config.contains(member)) config[member] = trigger.config[member];
  return config;
}

// What validation says about the generated workflow, in terms of the trigger the user wrote.
void check(const Definition& definition, const ApiContext& api, std::vector<Problem>& problems) {
  const std::string url = "/nodes/1/config/url", config = "/nodes/1/config";
  for (auto& problem : validate_workflow(definition, *api.services.nodes)) {
    if (problem.pointer.starts_with(url)) {
      problem.pointer = "/config/endpoint";
    } else if (problem.pointer.starts_with(config)) {
      problem.pointer = "/config" + problem.pointer.substr(config.size());
    } else {
      problem.pointer = "/config/endpoint";
    }
    problems.push_back(std::move(problem));
  }
}

// The trigger's workflow, if it is one that was made here.
std::optional<Definition> generated(const Trigger& trigger, const ApiContext& api) {
  auto definition = api.store().workflow(trigger.workflow_id);
  if (!definition || definition->tags != std::vector<std::string>{made_for_trigger} ||
      definition->nodes.size() != 2)
    return std::nullopt;
  return definition;
}

}  // namespace

Definition webhook_definition(const Trigger& trigger, std::string id) {
  Definition definition;
  definition.id = std::move(id);
  definition.name = trigger.name;
  definition.description = "Sends the events of the trigger '" + trigger.name + "' to its endpoint.";
  definition.tags = {made_for_trigger};
  definition.nodes = {{"input", "input", "", Json::object(), {{"x", 0}, {"y", 0}}},
                      {"webhook", "http_request", "", node_config(trigger), {{"x", 280}, {"y", 0}}}};
  definition.connections = {{"input", "output", "webhook", "input"}};
  return definition;
}

Definition webhook_workflow(const Trigger& trigger, const ApiContext& api, std::vector<Problem>& problems) {
  std::array<char, 9> suffix{};
  std::snprintf(suffix.data(), suffix.size(), "%08x", static_cast<unsigned>(api.services.random()));
  Definition definition = webhook_definition(trigger, "webhook-" + slug(trigger.name) + "-" + suffix.data());
  check(definition, api, problems);
  return definition;
}

std::optional<Definition> changed_webhook_workflow(const Trigger& stored, const Trigger& update,
                                                   const ApiContext& api, std::vector<Problem>& problems) {
  if (!stored.config.contains("endpoint") || !update.config.contains("endpoint")) return std::nullopt;
  const Json before = node_config(stored), after = node_config(update);
  if (before == after) return std::nullopt;
  auto definition = generated(stored, api);
  if (!definition) return std::nullopt;
  Json& config = definition->nodes[1].config;
  for (const auto& [member, value] : before.items()) config.erase(member);
  config.update(after);
  check(*definition, api, problems);
  return definition;
}

void delete_webhook_workflow(const Trigger& trigger, const ApiContext& api) {
  const auto definition = generated(trigger, api);
  TriggerFilter users;
  users.workflow_id = trigger.workflow_id;
  if (definition && api.store().count_triggers(users) == 0)
    api.store().delete_workflow(definition->id, definition->revision, api.journal().last_seq());
}

}  // namespace rowhook
