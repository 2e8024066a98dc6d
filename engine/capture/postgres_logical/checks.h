// What must hold before changes can be captured, as pure functions over facts: `rowhook doctor` prints all
// findings, open() stops at the errors among them.
#pragma once

#include <string>
#include <vector>

#include "engine/capture/postgres_logical/catalog.h"
#include "engine/capture/postgres_logical/publications.h"

namespace rowhook {

// `slot`: ours, which with its sender is among those in use when it exists.
std::vector<Finding> check_server(const ServerFacts& server, const SlotFacts& slot);
// Existence, kind, replica identity, and the columns that the configuration names. Columns in `state` are
// known although gone. `existing`: names to suggest from.
std::vector<Finding> check_tables(const std::vector<TableWatch>& watches,
                                  const std::vector<TableFacts>& tables, const StreamState& state,
                                  const std::vector<std::string>& existing);
std::vector<Finding> check_publications(const PublicationPlan& plan, const ServerFacts& server,
                                        const std::vector<TableFacts>& tables);
std::vector<Finding> check_slot(const SlotFacts& slot, const std::string& name,
                                const SourceSettings& settings);

// Throws PermanentError with all errors of `findings` in one line and all their remedies, one per line;
// nothing when there are none.
void refuse_errors(const std::vector<Finding>& findings);

}  // namespace rowhook
