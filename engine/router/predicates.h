// The tests of a trigger that need no script: tables and changed columns.
#pragma once

#include <string_view>

#include "engine/base/glob.h"
#include "engine/event/event.h"
#include "engine/router/router.h"

namespace rowhook {

// A glob with a dot is held against `schema.table`, one without against `table`, both also the other way
// round, so that `public.*` and `orders` do what they say. Events without a table pass only an empty list.
bool tables_match(const std::vector<std::string>& globs, const Shape& shape);

enum class Changed { yes, no, unknown };
// Whether one of `columns` changed. Unknown when none is known to have changed and the database did not send
// what would tell. Events that are not updates: yes.
Changed columns_changed(const std::vector<std::string>& columns, const Event& event);

}  // namespace rowhook
