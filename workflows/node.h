#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/spec.h"
#include "engine/event/document.h"
#include "engine/event/event.h"
#include "scripting/script_state.h"
#include "workflows/definition.h"

namespace rowhook {

struct NodeServices;  // workflows/services.h: scripts, HTTP client, SQL pools, clock, egress rules, logging

// What a node knows about the run it is part of. Thread safety: confined to the run.
struct RunContext {
  EventPtr event;
  std::string execution_id;
  std::int64_t trigger_id = 0;
  std::string workflow_id;
  std::string node_id;
  unsigned attempt = 1;        // from 1
  std::size_t item_index = 0;  // of the items this node gets in this run; part of idempotency keys
  bool dry_run = false;        // no effects: nodes with effects say what they would do
  std::chrono::steady_clock::time_point deadline;
  std::vector<std::string> notes;  // a node's remarks for the step ("HTTP 204", "3 rows")
  // Changes of kv state: what scripts of this execution did before this node, and what this node does.
  StateChanges earlier_changes, changes;
  // In a dry run, what a node with effects would have done: {"method","url","headers","body"},
  // {"connection","sql","params"}, {"level","message"}. Not kept with the step.
  Document would;
};

struct Output {
  std::string port;
  ItemPtr item;
};

// One node of a workflow, ready to run. Throws TransientError (retry the execution later; RetryAfter carries
// a delay), PermanentError (no retry: dead letter). No outputs: filtered, a success. Thread safety: run() may
// be called concurrently; state only in its parameters.
class Node {
 public:
  virtual ~Node() = default;
  virtual boost::asio::awaitable<std::vector<Output>> run(ItemPtr item, RunContext& context) const = 0;
};

struct NodeType {
  std::string_view name;        // "http_request"
  std::string_view title, doc;  // for the palette and the reference page
  bool is_input = false;
  bool has_effects = false;
  Spec spec;  // of config
  // Ports for a given config (switch: one per rule).
  std::vector<std::string> (*inputs)(const nlohmann::json& config);
  std::vector<std::string> (*outputs)(const nlohmann::json& config);
  // Checks beyond the Spec (conditions parse, scripts compile, URLs are well-formed); pointers relative to
  // config.
  void (*validate)(const nlohmann::json& config, NodeServices& services, std::vector<Problem>& problems);
  std::unique_ptr<Node> (*make)(const nlohmann::json& config, NodeServices& services);
};

// All node types, in palette order. An explicit list: see node_types.cpp.
const std::vector<NodeType>& node_types();
const NodeType* find_node_type(std::string_view name);
// The reference page of all node types, in Markdown, from the declarations above.
std::string node_reference_markdown();

}  // namespace rowhook
