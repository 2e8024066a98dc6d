// Events that a request carries or names, for trying out triggers, workflows and scripts. None of them is
// journaled.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "engine/event/document.h"
#include "engine/event/event.h"

namespace rowhook {

class Clock;
struct ApiContext;

// Throws InvalidInput when `body` is not an object or has a member that is not among `known` (naming the
// nearest).
void check_members(const Document& body, std::initializer_list<std::string_view> known);
// "" or `fallback` when absent or null. Throw InvalidInput when it is something else.
std::string text_member(const Document& body, std::string_view name);
bool boolean_member(const Document& body, std::string_view name, bool fallback);

// An event written as GET /events/{event_id} answers. Only event_type is needed, and not even that where
// new_values or old_values say what it is; what is absent is as in an event without it. Columns are the
// members of new_values and old_values in their order; changed_fields follows from them, but for those that
// metadata.unchanged_fields names; record_id is taken as given. Members that no row change has (`change_type`
// of a changed schema) are kept. Values keep their digits. Throws InvalidInput with pointers below `pointer`.
EventPtr given_event(const Document& event, const std::string& pointer, const Clock& clock);

// Throws NotFound when the journal does not have it.
EventPtr journaled_event(const ApiContext& api, const std::string& id);

// The event in body.event (given) or named by body.event_id (recorded). Throws InvalidInput when neither or
// both are there, NotFound when the journal does not have it.
EventPtr event_of_body(const Document& body, const ApiContext& api);
// The same, or, when neither is there, an event of type workflow_run that carries body.item as its new_values
// if it is an object.
EventPtr event_for_run(const Document& body, const ApiContext& api);

}  // namespace rowhook
