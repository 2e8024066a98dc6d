// Places in the journal as requests name them: a seq, or a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/json.h"

namespace rowhook {

struct ApiContext;
struct EventFilter;
class Query;

// The member `name` of a body: a seq as a number or text, or a time (RFC 3339), which is the first event
// captured then. nullopt when absent or null. Throws InvalidInput.
std::optional<std::uint64_t> seq_member(const ApiContext& api, const Json& body, std::string_view name);

// `from` and `to` of a listing: times, [from, to), or seqs, both inclusive. Throws HttpError 400.
void read_range(const Query& query, EventFilter& filter);

}  // namespace rowhook
