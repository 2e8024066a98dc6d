// Events about a source rather than of it: capture_gap and database_error.
#pragma once

#include "engine/capture/source.h"
#include "engine/journal/journal.h"

namespace rowhook {

// The shape of such events: source and connection, no table.
ShapePtr source_event_shape(const SourceSettings& settings);
// Top-level members from, to, reason, remedy. Its id is a function of what is lost, so that it is journaled
// once however often the same gap is found (append it with check_ids).
Event make_gap_event(const ShapePtr& shape, const Gap& gap);

struct Outage {
  std::string error_type;  // "transient" or "permanent"
  std::string message, remedy;
  unsigned retry_count = 0;
  Micros at = 0;
};
// Top-level members error_id, error_type, error_message, error_at, retry_count, context.
Event make_error_event(const ShapePtr& shape, const Outage& outage);

}  // namespace rowhook
