#pragma once

#include <string>
#include <string_view>

#include "engine/router/router.h"

namespace rowhook {

class JsonObject;

// Appends trigger_id, trigger_name, verdict, reason, predicate, values, line and script_error.
void write_verdict(JsonObject& json, const Verdict& verdict);

}  // namespace rowhook
