#include "engine/router/predicates.h"

#include <algorithm>

namespace rowhook {

bool tables_match(const std::vector<std::string>& globs, const Shape& shape) {
  if (globs.empty()) return true;
  if (shape.table.empty()) return false;
  std::string qualified;  // made only when a glob asks for it
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    if (glob_matches(glob, shape.table)) return true;
    if (glob.find('.') == std::string::npos || shape.schema.empty()) return false;
    if (qualified.empty()) qualified = shape.schema + "." + shape.table;
    return glob_matches(glob, qualified);
  });
}

Changed columns_changed(const std::vector<std::string>& columns, const Event& event) {
  if (columns.empty() || event.type != event_type::updated) return Changed::yes;
  bool unknown = false;
  for (const auto& name : columns) {
    const auto index = event.shape->index_of(name);
    if (!index) continue;
    const Value after = value_at(event.new_row, *index);
    const Value before = value_at(event.old_row, *index);
    if (after.kind == ValueKind::unchanged || before.kind == ValueKind::unchanged) continue;
    if (event.old_row.empty() || before.kind == ValueKind::absent) {
      unknown = true;
    } else if (before != after) {
      return Changed::yes;
    }
  }
  return unknown ? Changed::unknown : Changed::no;
}

}  // namespace rowhook
