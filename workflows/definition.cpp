#include "workflows/definition.h"

#include <algorithm>
#include <set>

#include "engine/base/spec.h"

namespace rowhook {
namespace {

using nlohmann::json;

constexpr auto node_id_pattern = "[a-zA-Z0-9_-]+";
constexpr auto node_id_remedy = "use letters, digits, '_' and '-' only";

Field node_id_field(std::string name, std::string doc) {
  return Field::text(std::move(name), std::move(doc)).length(1, 255).pattern(node_id_pattern, node_id_remedy);
}

Field nodes_field() {
  Spec position{Field::number("x", "Pixels from the left"), Field::number("y", "Pixels from the top")};
  Spec node{
      node_id_field("node_id", "Name of the node, unique in its workflow").required(),
      Field::text("node_type", "What the node does, one of GET /node-types").length(1, 255).required(),
      Field::text("name", "Shown on the canvas").length(0, 255).fallback(""),
      Field::map("config", "Settings of the node type", Field::any("", "")).fallback(json::object()),
      Field::object("position", "Place on the canvas", std::move(position)).fallback(json::object()),
  };
  return Field::list("nodes",
                     "The nodes; a trigger without a target starts at the first input node of this list",
                     Field::object("", "", std::move(node)))
      .length(1, 1000)
      .required();
}

Field connections_field() {
  Spec connection{
      node_id_field("from_node_id", "Where items come from").required(),
      Field::text("from_port", "Output port of that node").length(1, 255).fallback("output"),
      node_id_field("to_node_id", "Where items go").required(),
      Field::text("to_port", "Input port of that node").length(1, 255).fallback("input"),
  };
  return Field::list("connections", "Which output feeds which node; items follow them in this order",
                     Field::object("", "", std::move(connection)))
      .length(0, 10000)
      .fallback(json::array());
}

Field settings_field() {
  constexpr std::int64_t year = 366 * 24 * 3600;
  Spec retry{
      Field::integer("max_retries", "Further attempts after the first").range(0, 1000),
      Field::integer("retry_delay_seconds", "Delay before the second attempt, seconds").range(0, year),
      Field::boolean("exponential_backoff", "Double the delay with every attempt"),
      Field::integer("max_delay_seconds", "The longest delay, seconds").range(0, year),
  };
  Spec settings{
      Field::duration("timeout", "Longest time one attempt may take; 5m unless configured otherwise")
          .example("5m"),
      Field::object("retry", "Overrides the retry settings of the configuration member by member",
                    std::move(retry)),
  };
  return Field::object("settings", "How executions of this workflow run", std::move(settings))
      .fallback(json::object());
}

}  // namespace

const Spec& definition_spec() {
  static const Spec spec = [] {
    Spec definition{
        Field::text("id", "Name of the workflow in URLs and triggers; made by the engine when absent")
            .length(0, 255)
            .pattern("([a-zA-Z0-9_-][a-zA-Z0-9_.-]*)?", "use letters, digits, '_', '-' and '.' only")
            .fallback(""),
        Field::text("name", "Shown in lists")
            .length(1, 255)
            .pattern("[^]*\\S[^]*", "write a name")
            .required(),
        Field::text("description", "What it is for").length(0, 10000).fallback(""),
        Field::boolean("is_active", "Whether triggers may start it").fallback(true),
        Field::list("tags", "Words to find it by", Field::text("", "").length(1, 255))
            .length(0, 100)
            .fallback(json::array()),
        Field::integer("revision", "Set by the engine; ignored when written"),
        Field::text("created_at", "Set by the engine; ignored when written"),
        Field::text("updated_at", "Set by the engine; ignored when written"),
    };
    definition.add(nodes_field()).add(connections_field()).add(settings_field());
    return definition;
  }();
  return spec;
}

const NodeDefinition* Definition::node(std::string_view node_id) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(),
                                  [&](const NodeDefinition& node) { return node.node_id == node_id; });
  return found == nodes.end() ? nullptr : &*found;
}

std::vector<std::string> Definition::input_nodes() const {
  std::set<std::string_view> fed;
  for (const auto& connection : connections) fed.insert(connection.to_node_id);
  std::vector<std::string> inputs;
  for (const auto& node : nodes)
    if (!fed.contains(node.node_id)) inputs.push_back(node.node_id);
  return inputs;
}

Definition definition_from_json(const json& document, std::vector<Problem>& problems) {
  const std::size_t before = problems.size();
  const json checked = definition_spec().check(document, "", problems);
  if (problems.size() != before) return {};
  Definition definition;
  definition.id = checked["id"];
  definition.name = checked["name"];
  definition.description = checked["description"];
  definition.is_active = checked["is_active"];
  definition.tags = checked["tags"];
  definition.settings = checked["settings"];
  for (const auto& node : checked["nodes"])
    definition.nodes.push_back(
        {node["node_id"], node["node_type"], node["name"], node["config"], node["position"]});
  for (const auto& connection : checked["connections"])
    definition.connections.push_back({connection["from_node_id"], connection["from_port"],
                                      connection["to_node_id"], connection["to_port"]});
  return definition;
}

json to_json(const Definition& definition) {
  json nodes = json::array(), connections = json::array();
  for (const auto& node : definition.nodes)
    nodes.push_back({{"node_id", node.node_id},
                     {"node_type", node.node_type},
                     {"name", node.name},
                     {"config", node.config},
                     {"position", node.position}});
  for (const auto& connection : definition.connections)
    connections.push_back({{"from_node_id", connection.from_node_id},
                           {"from_port", connection.from_port},
                           {"to_node_id", connection.to_node_id},
                           {"to_port", connection.to_port}});
  return {{"id", definition.id},
          {"name", definition.name},
          {"description", definition.description},
          {"is_active", definition.is_active},
          {"tags", definition.tags},
          {"nodes", std::move(nodes)},
          {"connections", std::move(connections)},
          {"settings", definition.settings}};
}

}  // namespace rowhook
