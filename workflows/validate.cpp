#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "engine/base/json.h"
#include "workflows/run.h"
#include "workflows/services.h"

namespace rowhook {
namespace {

std::string quoted(const std::string& name) { return "'" + name + "'"; }

template <typename Names>
std::string did_you_mean(const std::string& name, const Names& known) {
  const std::string near = nearest_name(name, known);
  return near.empty() ? std::string() : "; did you mean " + quoted(near) + "?";
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

// Checks one definition, part by part. Thread safety: confined to the call.
class Validation {
 public:
  Validation(const Definition& definition, NodeServices& services)
      : definition_(definition), services_(services) {}

  std::vector<Problem> run() {
    definition_spec().check(to_json(definition_), "", problems_);
    if (!problems_.empty()) return std::move(problems_);
    check_nodes();
    check_connections();
    const bool cyclic = check_cycles();
    if (!cyclic) check_reachable();
    return std::move(problems_);
  }

 private:
  struct NodeInfo {
    std::size_t index = 0;
    const NodeType* type = nullptr;
    bool config_ok = false;
    nlohmann::json config;  // with defaults
    std::vector<std::size_t> next;
  };

  void problem(std::string pointer, std::string detail) {
    problems_.push_back({std::move(pointer), std::move(detail)});
  }

  void check_nodes() {
    for (std::size_t i = 0; i < definition_.nodes.size(); ++i) {
      const auto& node = definition_.nodes[i];
      const std::string pointer = pointer_append("/nodes", i);
      const auto [known, is_new] = nodes_.try_emplace(node.node_id);
      if (!is_new) {
        problem(pointer + "/node_id", quoted(node.node_id) + " is the node_id of another node, too");
        continue;
      }
      known->second.index = i;
      known->second.type = find_node_type(node.node_type);
      if (known->second.type) {
        check_config(node, pointer + "/config", known->second);
      } else {
        std::vector<std::string> names;
        for (const auto& type : node_types()) names.emplace_back(type.name);
        const std::string near = did_you_mean(node.node_type, names);
        problem(pointer + "/node_type", "there is no node type " + quoted(node.node_type) +
                                            (near.empty() ? "; there are " + listed(names) : near));
      }
    }
  }

  void check_config(const NodeDefinition& node, const std::string& pointer, NodeInfo& info) {
    const std::size_t before = problems_.size();
    info.config = info.type->spec.check(node.config, pointer, problems_);
    info.config_ok = problems_.size() == before;
    if (!info.config_ok) return;
    std::vector<Problem> found;
    info.type->validate(info.config, services_, found);
    for (auto& fault : found) problem(pointer + fault.pointer, std::move(fault.detail));
  }

  NodeInfo* find(const std::string& node_id, const std::string& pointer) {
    const auto found = nodes_.find(node_id);
    if (found != nodes_.end()) return &found->second;
    std::vector<std::string> names;
    for (const auto& [name, info] : nodes_) names.push_back(name);
    problem(pointer, "there is no node " + quoted(node_id) + did_you_mean(node_id, names));
    return nullptr;
  }

  void check_port(const NodeInfo& node, const std::string& node_id, bool is_output, const std::string& port,
                  const std::string& pointer) {
    if (!node.type || !node.config_ok) return;
    const auto ports = is_output ? node.type->outputs(node.config) : node.type->inputs(node.config);
    if (std::find(ports.begin(), ports.end(), port) != ports.end()) return;
    const std::string near = did_you_mean(port, ports);
    problem(pointer, "node " + quoted(node_id) + " has no " + (is_output ? "output" : "input") + " port " +
                         quoted(port) + (near.empty() ? "; it has " + listed(ports) : near));
  }

  void check_connections() {
    std::set<std::tuple<std::string, std::string, std::string, std::string>> seen;
    for (std::size_t i = 0; i < definition_.connections.size(); ++i) {
      const auto& connection = definition_.connections[i];
      const std::string pointer = pointer_append("/connections", i);
      NodeInfo* from = find(connection.from_node_id, pointer + "/from_node_id");
      NodeInfo* to = find(connection.to_node_id, pointer + "/to_node_id");
      if (from)
        check_port(*from, connection.from_node_id, true, connection.from_port, pointer + "/from_port");
      if (to && to->type && to->type->is_input) {
        problem(pointer + "/to_node_id", "node " + quoted(connection.to_node_id) +
                                             " is an input node: nothing can be connected into it");
      } else if (to) {
        check_port(*to, connection.to_node_id, false, connection.to_port, pointer + "/to_port");
      }
      if (!seen.emplace(connection.from_node_id, connection.from_port, connection.to_node_id,
                        connection.to_port)
               .second)
        problem(pointer, "the same connection is listed before: its target would run twice");
      if (from && to) {
        from->next.push_back(to->index);
        edges_.push_back({from->index, to->index, i});
      }
    }
  }

  // Kahn's algorithm leaves the nodes of cycles and those behind them; a walk backwards among what is left
  // ends in a cycle.
  bool check_cycles() {
    std::vector<std::size_t> incoming(definition_.nodes.size());
    for (const auto& edge : edges_) ++incoming[edge.to];
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < incoming.size(); ++i)
      if (incoming[i] == 0) ready.push_back(i);
    std::vector<bool> done(incoming.size());
    while (!ready.empty()) {
      const std::size_t at = ready.back();
      ready.pop_back();
      done[at] = true;
      const auto found = nodes_.find(definition_.nodes[at].node_id);
      if (found == nodes_.end() || found->second.index != at) continue;
      for (const auto next : found->second.next)
        if (--incoming[next] == 0) ready.push_back(next);
    }
    const auto left = std::find(done.begin(), done.end(), false);
    if (left == done.end()) return false;
    report_cycle(done, static_cast<std::size_t>(left - done.begin()));
    return true;
  }

  void report_cycle(const std::vector<bool>& done, std::size_t at) {
    std::vector<std::size_t> trail;  // against the direction of the connections
    while (std::find(trail.begin(), trail.end(), at) == trail.end()) {
      trail.push_back(at);
      at = std::find_if(edges_.begin(), edges_.end(), [&](const Edge& edge) {
             return edge.to == at && !done[edge.from];
           })->from;
    }
    trail.erase(trail.begin(), std::find(trail.begin(), trail.end(), at));
    std::reverse(trail.begin(), trail.end());
    std::rotate(trail.begin(), std::min_element(trail.begin(), trail.end()), trail.end());
    std::string names;
    for (const auto index : trail) names += definition_.nodes[index].node_id + " -> ";
    names += definition_.nodes[trail.front()].node_id;
    const auto closing = std::find_if(edges_.begin(), edges_.end(), [&](const Edge& edge) {
      return edge.from == trail.back() && edge.to == trail.front();
    });
    problem(pointer_append("/connections", closing->connection),
            "closes a cycle: " + names + "; a workflow has none");
  }

  // Where a workflow has nodes of an input type, every other node must be reached from one of them; a
  // workflow without begins at any node that has no incoming connection, and a graph without cycles is
  // reached from those.
  void check_reachable() {
    std::vector<bool> reached(definition_.nodes.size());
    std::vector<std::size_t> front;
    for (const auto& [name, info] : nodes_)
      if (info.type && info.type->is_input) front.push_back(info.index);
    if (front.empty()) return;
    while (!front.empty()) {
      const std::size_t at = front.back();
      front.pop_back();
      if (reached[at]) continue;
      reached[at] = true;
      const auto& next = nodes_.at(definition_.nodes[at].node_id).next;
      front.insert(front.end(), next.begin(), next.end());
    }
    for (std::size_t i = 0; i < reached.size(); ++i)
      if (!reached[i] && nodes_.at(definition_.nodes[i].node_id).index == i)
        problem(pointer_append("/nodes", i),
                "node " + quoted(definition_.nodes[i].node_id) +
                    " is unreachable: no connection leads to it from an input node");
  }

  struct Edge {
    std::size_t from, to, connection;
  };
  const Definition& definition_;
  NodeServices& services_;
  std::vector<Problem> problems_;
  std::map<std::string, NodeInfo> nodes_;  // by node_id; of two with one id the first
  std::vector<Edge> edges_;
};

}  // namespace

std::vector<Problem> validate_workflow(const Definition& definition, NodeServices& services) {
  return Validation(definition, services).run();
}

}  // namespace rowhook
