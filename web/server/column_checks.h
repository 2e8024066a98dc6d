// Which rows a script will see, so that a column they do not have is found before it runs.
#pragma once

#include <string>
#include <vector>

#include "engine/router/trigger.h"
#include "scripting/lua_check.h"

namespace rowhook {

struct ApiContext;

// The tables whose rows these triggers may hand to a script, each once. Empty when that is not known of each
// of them: no watched table, a database that is away, an event that is not a change of a row.
std::vector<ScriptTable> tables_of(const ApiContext& api, const std::vector<Trigger>& triggers);

// Stored triggers that lead to the workflow; `instead` (may be null) in place of the one with its id, or
// beside them when it leads there as well.
std::vector<Trigger> triggers_to(const ApiContext& api, const std::string& workflow_id,
                                 const Trigger* instead = nullptr);

// Stored triggers whose events reach the stored script: they name it, or a node of their workflow does.
std::vector<Trigger> triggers_of_script(const ApiContext& api, const std::string& script);

}  // namespace rowhook
