// What can only be checked with the store and the script engine at hand.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/errors.h"
#include "engine/router/trigger.h"
#include "workflows/definition.h"

namespace rowhook {

struct ApiContext;

// The trigger's workflow and target node exist, its scripts compile or exist. Appends problems with pointers.
// `check_workflow` false: the workflow is yet to be made.
void check_trigger_surroundings(const ApiContext& api, const Trigger& trigger, bool check_workflow,
                                std::vector<Problem>& problems);

// No trigger of the workflow points at a node that `definition` does not have.
void check_workflow_targets(const ApiContext& api, const Definition& definition,
                            std::vector<Problem>& problems);

// Throws InvalidInput: "`what` is not valid: POINTER: DETAIL" when there are problems.
void refuse_problems(std::string_view what, std::vector<Problem> problems);

}  // namespace rowhook
