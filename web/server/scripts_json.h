#pragma once

#include "scripting/script_costs.h"
#include "web/server/api.h"

namespace rowhook {

struct StoredScript;

// A stored script as GET /scripts/{name} answers it, with its ETag. `cost`: what its calls took since the
// engine started; null: unknown.
ApiResponse script_response(const StoredScript& script, const ScriptCost* cost, int status = 200);

// The costs as Prometheus' text format: a summary of seconds, counters of calls and errors, a gauge of
// memory.
std::string script_cost_metrics(const std::vector<ScriptCost>& costs);

}  // namespace rowhook
