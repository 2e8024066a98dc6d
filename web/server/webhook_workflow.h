// Triggers with an endpoint of their own: the one-node workflow behind them (seed 2).
#pragma once

#include <optional>
#include <vector>

#include "engine/base/errors.h"
#include "engine/router/trigger.h"
#include "workflows/definition.h"

namespace rowhook {

struct ApiContext;

// The workflow input -> http_request of a trigger with config.endpoint, under `id`. Not checked.
Definition webhook_definition(const Trigger& trigger, std::string id);

// A workflow input -> http_request that sends what the trigger lets pass to config.endpoint, signed with
// config.secret, in config.format. Appends what is wrong with those, with pointers into the trigger.
Definition webhook_workflow(const Trigger& trigger, const ApiContext& api, std::vector<Problem>& problems);

// The workflow webhook_workflow() once made for `stored`, adapted to `update`; nullopt when the trigger has a
// workflow of another kind or nothing of it changes.
std::optional<Definition> changed_webhook_workflow(const Trigger& stored, const Trigger& update,
                                                   const ApiContext& api, std::vector<Problem>& problems);

// After `trigger` was deleted: its generated workflow, unless another trigger uses it.
void delete_webhook_workflow(const Trigger& trigger, const ApiContext& api);

}  // namespace rowhook
