// Conditions (`where`) in nodes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/db/condition.h"
#include "workflows/nodes/nodes.h"

namespace rowhook {

Field where_field();
void check_where(const nlohmann::json& config, std::vector<Problem>& problems);
std::optional<Condition> condition_of(const nlohmann::json& config);

// Whether the item passes. While the item is the event itself its columns are meant; later, members of the
// item; `new.` and `old.` are always the event's rows. When it does not pass, a note says which comparison
// decided.
bool passes(const Condition& condition, const Item& item, RunContext& context);

}  // namespace rowhook
