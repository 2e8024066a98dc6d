#pragma once

#include <string>

#include "workflows/templates.h"

namespace rowhook {

// Where a path of a template led. Column values point into the event, documents into the item; neither is
// copied. Thread safety: confined to the run; not to be moved, for it may point into itself.
struct PathResult {
  enum class Kind { missing, not_sent, column, document } kind = Kind::missing;
  Value column;
  const Document* document = nullptr;
  std::string text;  // owns what `column` shows where the event has no such text
  Document owned;    // owns what `document` shows where it had to be made

  bool is_null() const {
    return kind == Kind::document ? document->is_null() : column.kind == ValueKind::null;
  }
};

// Follows `path` (root first) from the scope.
void follow_path(const std::vector<std::string>& path, const TemplateScope& scope, PathResult& result);

}  // namespace rowhook
