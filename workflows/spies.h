#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workflows/run.h"

namespace rowhook {

// What a spy saw: one run of a node that has effects.
struct SpyCall {
  std::string node_id, node_type;
  ItemPtr input;
  Document would;  // RunContext::would of the node itself
};

// What a spy gives instead of an effect's outcome.
struct SpyAnswer {
  ItemPtr output;          // null: what the node assumes in a dry run
  std::string error;       // not "": it fails with this
  bool permanent = false;  // the failure is final; else the execution is retried
  std::optional<std::chrono::milliseconds> retry_after;  // of a failure that is not
};

// Stands in for the nodes of a workflow that have effects. Thread safety: none; confined to the run.
struct Spies {
  std::map<std::string, std::vector<SpyAnswer>> answers;  // by node; one after another, the last one for ever
  std::vector<SpyCall> calls;                             // in the order they were made
};

// The workflow with every node that has effects replaced by a spy. The node itself still makes its request,
// statement or line from the item, so that a wrong template fails here, too; only the effect is left out.
// `spies` and `services` outlive the workflow. Throws InvalidInput.
WorkflowPtr compile_with_spies(const Definition& definition, NodeServices& services, Spies& spies);

// run_workflow() to its end in the calling thread.
RunOutcome run_here(const Workflow& workflow, const std::string& target_node_id, ItemPtr item,
                    RunContext context, RunState& state);

}  // namespace rowhook
