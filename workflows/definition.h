#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/errors.h"
#include "engine/base/json.h"

namespace rowhook {

struct NodeDefinition {
  std::string node_id, node_type, name;
  nlohmann::json config = nlohmann::json::object();
  nlohmann::json position = nlohmann::json::object();
};

struct ConnectionDefinition {
  std::string from_node_id, from_port = "output", to_node_id, to_port = "input";
};

// A workflow as its users write it: a directed acyclic graph of nodes.
struct Definition {
  std::string id, name, description;
  bool is_active = true;
  std::vector<std::string> tags;
  std::vector<NodeDefinition> nodes;
  std::vector<ConnectionDefinition> connections;
  nlohmann::json settings = nlohmann::json::object();
  std::int64_t revision = 0;  // the store's; the ETag of the API

  const NodeDefinition* node(std::string_view node_id) const;
  // Nodes without an incoming connection, in the order of `nodes`.
  std::vector<std::string> input_nodes() const;
};

Definition definition_from_json(const nlohmann::json& json, std::vector<Problem>& problems);
nlohmann::json to_json(const Definition& definition);

}  // namespace rowhook
