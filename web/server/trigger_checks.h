// What can only be checked with the store and the script engine at hand.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/errors.h"
#include "engine/router/trigger.h"
#include "scripting/script_modules.h"
#include "workflows/definition.h"
#include "workflows/services.h"

namespace rowhook {

struct ApiContext;

// The trigger's scripts exist, compile and name columns that its rows have. Appends problems with pointers.
void check_trigger_scripts(const ApiContext& api, const Trigger& trigger, const ScriptLibrary& stored,
                           std::vector<Problem>& problems);

// The trigger's workflow and target node exist, and the scripts of its nodes name columns that the rows of
// this trigger, or of another one that leads there, have.
void check_trigger_workflow(const ApiContext& api, const Trigger& trigger, const NodeServices& services,
                            std::vector<Problem>& problems);

// Both, with what is stored. `check_workflow` false: the workflow is yet to be made.
void check_trigger_surroundings(const ApiContext& api, const Trigger& trigger, bool check_workflow,
                                std::vector<Problem>& problems);

// The target node of a trigger, when it names one, is there.
void check_target(const Definition& workflow, const Trigger& trigger, std::vector<Problem>& problems);

// Problems of the workflow when the events of these triggers run it.
std::vector<Problem> workflow_problems(const ApiContext& api, const Definition& definition,
                                       NodeServices services, const std::vector<Trigger>& triggers);

// No trigger of the workflow points at a node that `definition` does not have.
void check_workflow_targets(const ApiContext& api, const Definition& definition,
                            std::vector<Problem>& problems);

// Throws InvalidInput: "`what` is not valid: POINTER: DETAIL" when there are problems.
void refuse_problems(std::string_view what, std::vector<Problem> problems);

}  // namespace rowhook
