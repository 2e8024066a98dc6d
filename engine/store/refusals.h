#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/db/connection.h"
#include "engine/router/trigger.h"
#include "workflows/definition.h"

namespace rowhook {

// Turn what a constraint of the schema refused into InvalidInput with the JSON Pointer of the column and
// advice, or into Conflict where another row is in the way.
[[noreturn]] void refuse_trigger(const ConstraintError& error, const Trigger& trigger);
[[noreturn]] void refuse_workflow(const ConstraintError& error, const Definition& definition);
[[noreturn]] void refuse_script(const ConstraintError& error, const std::string& name);
// Throws InvalidInput where a text holds the character NUL, which PostgreSQL cannot store: the same on every
// store.
void refuse_nul(const Trigger& trigger);
void refuse_nul(const Definition& definition);
void refuse_nul(const std::string& what, const std::string& pointer, std::string_view text);
[[noreturn]] void refuse_token(const ConstraintError& error);

// Optimistic locking: `stored` is absent when there is no row. expected 0: anything goes; expected > 0: that
// revision must be stored (Conflict, NotFound); expected < 0: there must be no row (Conflict).
void check_revision(const std::string& what, std::optional<std::int64_t> stored, std::int64_t expected);

}  // namespace rowhook
