#include "engine/router/predicates.h"

#include <algorithm>

namespace rowhook {

bool glob_matches(std::string_view glob, std::string_view text) {
  std::size_t g = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (g < glob.size() && (glob[g] == '?' || (glob[g] == text[t] && glob[g] != '*'))) {
      ++g;
      ++t;
    } else if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

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
