#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "engine/db/connection.h"
#include "engine/router/trigger.h"

namespace rowhook {

// workflow_trigger_revisions: which version of a trigger is in force for which journal seqs. All functions
// run in the caller's transaction, together with the change of workflow_triggers itself.

// Triggers with the revision in force: "FROM workflow_triggers t LEFT JOIN ... r". A row some other program
// wrote and that has not been adopted yet reads as revision 1.
extern const std::string_view trigger_select;
Trigger trigger_from_row(std::span<const SqlValue> row);

// What a revision keeps of a trigger: all but id, revision and range.
nlohmann::json trigger_definition(const Trigger& trigger);
Trigger trigger_from_definition(const nlohmann::json& definition);
// Whether a revision says the same about routing as the row does; times do not count.
bool same_definition(const Trigger& a, const Trigger& b);

// Begins the next revision of `trigger` for events behind head_seq and ends the one before; sets revision,
// from_seq and until_seq.
void begin_revision(Connection& connection, Trigger& trigger, std::uint64_t head_seq, Micros now);
// Ends the revision in force, if there is one.
void end_revision(Connection& connection, std::int64_t trigger_id, std::uint64_t head_seq);

// Removes what the scripts written into the trigger keep with kv: no other trigger will have its id.
void drop_trigger_state(Connection& connection, std::int64_t trigger_id);

}  // namespace rowhook
