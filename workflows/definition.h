#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/errors.h"
#include "engine/base/json.h"
#include "engine/base/spec.h"

namespace rowhook {

struct NodeDefinition {
  std::string node_id, node_type, name;
  nlohmann::json config = nlohmann::json::object();
  nlohmann::json position = nlohmann::json::object();
};

struct ConnectionDefinition {
  std::string from_node_id, from_port = "output", to_node_id, to_port = "input";
};

// A workflow as its users write it: a directed acyclic graph of nodes. Node ids match [a-zA-Z0-9_-]+.
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

// The shape of a workflow's JSON (CONTRACT.md section 5), for checks, the editor's schema and the reference
// page.
const Spec& definition_spec();
// Reads the JSON. Faults of its shape are appended to `problems` with JSON Pointers, and then an empty
// definition is returned; what needs more than the shape (types of nodes, cycles, node settings) is checked
// by validate_workflow.
Definition definition_from_json(const nlohmann::json& json, std::vector<Problem>& problems);
// The same JSON again, with the defaults of absent members; without `revision`.
nlohmann::json to_json(const Definition& definition);

}  // namespace rowhook
