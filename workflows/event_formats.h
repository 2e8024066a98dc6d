#pragma once

#include <string>

#include "engine/event/document.h"
#include "engine/event/event.h"

namespace rowhook {

// CloudEvents 1.0, structured mode (application/cloudevents+json): `item` is the data; id, source, type, time
// and subject are the event's.
std::string cloudevents_json(const Item& item, const Event& event);

// The change event value of Debezium without its schema: before, after, source, op (c, u, d, r, t), ts_ms.
// Throws PermanentError for events that are no row change.
std::string debezium_json(const Event& event);

}  // namespace rowhook
