#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/db/connection.h"
#include "workflows/definition.h"

namespace rowhook {

// The columns workflow_from_row() reads, in order.
inline constexpr std::string_view workflow_columns = "id, name, description, definition, revision, is_active";

// A row that some other program wrote and whose definition is not a valid one gives a workflow without nodes.
Definition workflow_from_row(std::span<const SqlValue> row);
std::optional<Definition> read_workflow(Connection& connection, const std::string& id);

}  // namespace rowhook
