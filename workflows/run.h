#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workflows/node.h"

namespace rowhook {

// A definition that was validated and whose nodes were made. Thread safety: immutable, safe to share.
class Workflow;
using WorkflowPtr = std::shared_ptr<const Workflow>;

// Problems of a definition, with JSON Pointers into its JSON: cycles, unknown nodes, types and ports,
// unreachable nodes, duplicate ids, wrong config. Empty: it can be compiled.
std::vector<Problem> validate_workflow(const Definition& definition, NodeServices& services);
// Both at once for JSON that comes from outside: problems of its shape or, when it has none, of everything
// else.
Definition read_workflow(const nlohmann::json& json, NodeServices& services, std::vector<Problem>& problems);
WorkflowPtr compile_workflow(const Definition& definition, NodeServices& services);  // throws InvalidInput
const Definition& definition_of(const Workflow& workflow);
// settings.timeout; nullopt when the workflow leaves it to the configuration.
std::optional<std::chrono::milliseconds> timeout_of(const Workflow& workflow);

// A definition to show: settings of nodes that are secret, and header fields that let somebody in, stand as
// "***".
Definition without_secrets(Definition definition);
// Puts the secrets of `stored` back where `written`, which somebody read without them, says "***" in the same
// node.
void keep_secrets(Definition& written, const Definition& stored);

enum class StepStatus { completed, filtered, failed };

// What one node did for one item.
struct Step {
  std::string node_id, node_type;
  StepStatus status = StepStatus::completed;
  std::vector<Output> outputs;
  std::string error_message;
  std::vector<std::string> notes;
  double execution_time_ms = 0;
  int from_step = -1;  // index of the step whose output was this one's input; -1: the execution's item
  int from_output = 0;
  ItemPtr input;         // the same, at hand; not packed
  StateChanges changes;  // what its script did to its kv state; not packed
};

// The progress of one execution across its attempts: a retry goes on at the node that failed and does not
// repeat what was done. Lost in a crash; then everything runs again under the same ids.
struct RunState {
  std::vector<Step> steps;  // in the order they ended; the last one may be the failed one
};

struct RunOutcome {
  enum class Kind { completed, retry, failed } kind = Kind::completed;
  std::string error_message;
  std::optional<std::chrono::milliseconds> retry_after;  // a server's or script's wish
  bool disable_trigger = false;                          // HTTP 410: the endpoint is gone
  bool script_stopped = false;  // a script ran over its time and was stopped or killed
};

// What the scripts of the steps did to their kv state, in order.
StateChanges changes_of(const RunState& state);

// Runs from `target_node_id` ("" = the first input node), depth first in the order of connections. Never
// throws but for broken invariants. `state` is continued and updated. context.attempt counts from 1. The
// deadline is that of the workflow's settings.timeout, counted from this call, or else context.deadline ({}:
// none).
boost::asio::awaitable<RunOutcome> run_workflow(const Workflow& workflow, const std::string& target_node_id,
                                                ItemPtr item, RunContext context, RunState& state);

// Steps as stored in execution_logs.steps, a JSON array: outputs only (inputs follow from from_step), and what
// the execution started with unless that is the event; each at most 64 KiB, a longer one is stored as
// {"$truncated":{"bytes":n,"start":"..."}}. An output that is the event itself is stored as {"$event":true},
// one that is the step's own input as {"$input":true}.
std::string pack_steps(const std::vector<Step>& steps);
// The API's shape: [{node_id,node_type,status,input,output,ports,error_message,execution_time_ms,notes}];
// `event` is the event's JSON, "" when retention has dropped it. `output` is the item; null for none and an array for several, in the order of `ports`. Throws
// PermanentError on text that pack_steps did not make.
std::string steps_json(std::string_view packed, std::string_view event);
// The same without inputs and outputs: [{node_id,node_type,status,from_step,ports,error_message,
// execution_time_ms}]; from_step is the index of the step before it, -1 for the first.
std::string step_summaries(std::string_view packed);

}  // namespace rowhook
