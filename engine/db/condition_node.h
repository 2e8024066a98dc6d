// The parsed form of a condition. Internal to engine/db: everybody else uses condition.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/db/condition.h"

namespace rowhook {

enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal };

// One node of the tree; children are owned. Thread safety: immutable once parsed.
struct Condition::Node {
  enum class Kind {
    literal,      // value_kind, text
    column,       // qualifier, text (its name)
    comparison,   // left op right
    in,           // left, candidates...
    like,         // left, pattern [, escape]
    between,      // left, low, high
    is_null,      // operand or condition
    is_true,      // operand or condition
    is_false,     // operand or condition
    is_distinct,  // left, right
    all,          // AND of its children
    any,          // OR of its children
    negation      // NOT child
  };

  Kind kind = Kind::literal;
  bool negated = false;  // NOT IN, NOT LIKE, NOT BETWEEN, IS NOT ...
  Comparison comparison = Comparison::equal;
  ValueKind value_kind = ValueKind::null;
  std::string qualifier, text;
  std::size_t begin = 0, end = 0;  // where it stands in the condition's text
  std::vector<Node> children;

  bool operand() const { return kind == Kind::literal || kind == Kind::column; }
  // The column as it is written in reasons: `status`, `old.status`.
  std::string label() const { return qualifier.empty() ? text : qualifier + '.' + text; }
};

}  // namespace rowhook
