#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "workflows/compiled.h"
#include "workflows/credential_headers.h"
#include "workflows/services.h"

namespace rowhook {
namespace {

void connect(Workflow& workflow, const ConnectionDefinition& connection) {
  auto& ports = workflow.places[workflow.place_of.at(connection.from_node_id)].ports;
  auto port = std::find_if(ports.begin(), ports.end(),
                           [&](const auto& known) { return known.name == connection.from_port; });
  if (port == ports.end()) {
    ports.push_back({connection.from_port, {}});
    port = std::prev(ports.end());
  }
  port->targets.push_back(workflow.place_of.at(connection.to_node_id));
}

// Applies `change(config, type)` to the settings of every node of a known type.
template <typename Change>
void for_each_config(Definition& definition, Change change) {
  for (auto& node : definition.nodes)
    if (const NodeType* type = find_node_type(node.node_type)) change(node, *type);
}

// The settings of a node as everybody may see them.
nlohmann::json shown_config(const NodeType& type, const nlohmann::json& config) {
  nlohmann::json shown = type.spec.redact(config);
  if (const auto headers = shown.find("headers"); headers != shown.end() && headers->is_object())
    for (auto& [name, value] : headers->items())
      if (carries_credentials(name)) value = "***";
  return shown;
}

// Puts members of `stored` where `shown`, its redacted form, was left as it is.
void restore(nlohmann::json& written, const nlohmann::json& shown, const nlohmann::json& stored) {
  if (written == shown) {
    written = stored;
  } else if (written.is_object() && shown.is_object() && stored.is_object()) {
    for (auto& [name, member] : written.items())
      if (shown.contains(name) && stored.contains(name)) restore(member, shown[name], stored[name]);
  }
}

}  // namespace

std::shared_ptr<Workflow> make_workflow(const Definition& definition, NodeServices& services) {
  const auto problems = validate_workflow(definition, services);
  if (!problems.empty())
    throw InvalidInput("workflow '" + definition.id + "' is not valid: " + problems.front().pointer + ": " +
                           problems.front().detail,
                       problems);
  auto workflow = std::make_shared<Workflow>();
  workflow->definition = definition;
  workflow->clock = services.clock ? services.clock : &system_clock();
  for (const auto& node : workflow->definition.nodes) {
    const NodeType* type = find_node_type(node.node_type);
    workflow->place_of.emplace(node.node_id, static_cast<std::uint32_t>(workflow->places.size()));
    workflow->places.push_back({&node, type->make(type->spec.parse(node.config, "config"), services), {}});
  }
  for (const auto& connection : definition.connections) connect(*workflow, connection);
  workflow->first_input = workflow->place_of.at(definition.input_nodes().front());
  if (const auto timeout = definition.settings.find("timeout"); timeout != definition.settings.end())
    workflow->timeout = parse_duration(timeout->get_ref<const std::string&>());
  return workflow;
}

Definition read_workflow(const nlohmann::json& json, NodeServices& services, std::vector<Problem>& problems) {
  std::vector<Problem> found;
  Definition definition = definition_from_json(json, found);
  if (found.empty()) found = validate_workflow(definition, services);
  problems.insert(problems.end(), found.begin(), found.end());
  return definition;
}

WorkflowPtr compile_workflow(const Definition& definition, NodeServices& services) {
  return make_workflow(definition, services);
}

const Definition& definition_of(const Workflow& workflow) { return workflow.definition; }
std::optional<std::chrono::milliseconds> timeout_of(const Workflow& workflow) { return workflow.timeout; }

Definition without_secrets(Definition definition) {
  for_each_config(definition, [](NodeDefinition& node, const NodeType& type) {
    node.config = shown_config(type, node.config);
  });
  return definition;
}

void keep_secrets(Definition& written, const Definition& stored) {
  for_each_config(written, [&](NodeDefinition& node, const NodeType& type) {
    const NodeDefinition* known = stored.node(node.node_id);
    if (!known || known->node_type != node.node_type) return;
    for (const auto& field : type.spec.fields())
      if (const auto& name = field.name(); (field.is_secret() || name == "headers") &&
                                           node.config.contains(name) && known->config.contains(name))
        restore(node.config[name], shown_config(type, known->config)[name], known->config[name]);
  });
}

}  // namespace rowhook
