#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/event/event.h"

namespace rowhook {

// Where capture of a source stands; stored in the journal in the same transaction as the events.
struct Resume {
  std::string position;  // up to here everything is journaled; "" = never started. Sorts byte-wise within one source.
  std::string last_order;         // Event::order and ordinal of the last journaled event: a redelivery up to here is ignored
  std::uint32_t last_ordinal = 0;
  std::string state;  // whatever else the source needs to recognise its database again; opaque, small (JSON)
};

// What one read of a source gave. Events are in commit order; one transaction may span batches.
// A batch may carry a position and no events: that is how an idle table frees the server's WAL.
struct Batch {
  std::vector<Event> events;
  std::optional<std::string> position;  // only ever the end of a transaction that is contained up to here
  std::optional<std::string> state;     // replaces Resume::state
  std::size_t bytes = 0;                // about what the events occupy
  bool empty() const { return events.empty() && !position && !state; }
};

}  // namespace rowhook
