#include "engine/db/condition.h"
#include "engine/db/condition_node.h"
#include "engine/db/value_compare.h"
#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

using Node = Condition::Node;
using Truth = Condition::Truth;

Truth truth(bool holds) { return holds ? Truth::yes : Truth::no; }
Truth negate(Truth value) {
  if (value == Truth::unknown) return value;
  return truth(value == Truth::no);
}

Value operand(const Node& node, const ConditionScope& scope) {
  if (node.kind == Node::Kind::literal) return {node.value_kind, node.text};
  return scope.column(node.qualifier, node.text);
}

// A column that stands alone: `active`, `NOT deleted`.
Truth truth_of(const Value& value) {
  switch (value.kind) {
    case ValueKind::yes:
      return Truth::yes;
    case ValueKind::no:
      return Truth::no;
    case ValueKind::number: {
      const auto order = compare_numbers(value.text, "0");
      return order ? truth(*order != std::strong_ordering::equal) : Truth::unknown;
    }
    case ValueKind::text:
    case ValueKind::json: {
      const auto read = parse_boolean(value.text);
      return read ? truth(*read) : Truth::unknown;
    }
    default:
      return Truth::unknown;
  }
}

Truth compare(Comparison comparison, const Value& left, const Value& right) {
  const auto order = compare_values(left, right);
  if (order == std::partial_ordering::unordered) return Truth::unknown;
  switch (comparison) {
    case Comparison::equal:
      return truth(order == 0);
    case Comparison::not_equal:
      return truth(order != 0);
    case Comparison::less:
      return truth(order < 0);
    case Comparison::less_equal:
      return truth(order <= 0);
    case Comparison::greater:
      return truth(order > 0);
    case Comparison::greater_equal:
      return truth(order >= 0);
  }
  return Truth::unknown;
}

Truth both(Truth a, Truth b) {
  if (a == Truth::no || b == Truth::no) return Truth::no;
  return a == Truth::yes && b == Truth::yes ? Truth::yes : Truth::unknown;
}

Truth in(const Node& node, const ConditionScope& scope) {
  const Value left = operand(node.children.front(), scope);
  Truth result = Truth::no;
  for (std::size_t i = 1; i < node.children.size(); ++i) {
    const Truth found = compare(Comparison::equal, left, operand(node.children[i], scope));
    if (found == Truth::yes) return Truth::yes;
    if (found == Truth::unknown) result = Truth::unknown;
  }
  return result;
}

Truth like(const Node& node, const ConditionScope& scope) {
  const auto readable = [](const Value& value) {
    return value.kind >= ValueKind::number && value.kind != ValueKind::bytes;
  };
  const Value text = operand(node.children[0], scope);
  const Value pattern = operand(node.children[1], scope);
  if (!readable(text) || !readable(pattern)) return Truth::unknown;
  const std::string_view escape = node.children.size() > 2 ? std::string_view(node.children[2].text) : "\\";
  return truth(matches_like(text.text, pattern.text, escape));
}

Truth between(const Node& node, const ConditionScope& scope) {
  const Value value = operand(node.children[0], scope);
  return both(compare(Comparison::greater_equal, value, operand(node.children[1], scope)),
              compare(Comparison::less_equal, value, operand(node.children[2], scope)));
}

Truth is_distinct(const Value& a, const Value& b) {
  if (!a.sent() || !b.sent()) return Truth::unknown;
  if (a.kind == ValueKind::null || b.kind == ValueKind::null) return truth(a.kind != b.kind);
  return truth(compare_values(a, b) != std::partial_ordering::equivalent);
}

Truth evaluate_node(const Node& node, const ConditionScope& scope);

// IS NULL, IS TRUE, IS FALSE of a column or of a condition. Of a column that was not sent nothing is known.
Truth is(const Node& node, const ConditionScope& scope) {
  const Node& child = node.children.front();
  if (child.operand()) {
    const Value value = operand(child, scope);
    if (!value.sent()) return Truth::unknown;
    if (node.kind == Node::Kind::is_null) return truth(value.kind == ValueKind::null);
  }
  const Truth value = evaluate_node(child, scope);
  if (node.kind == Node::Kind::is_null) return truth(value == Truth::unknown);
  return truth(value == (node.kind == Node::Kind::is_true ? Truth::yes : Truth::no));
}

Truth evaluate_leaf(const Node& node, const ConditionScope& scope) {
  switch (node.kind) {
    case Node::Kind::comparison:
      return compare(node.comparison, operand(node.children[0], scope), operand(node.children[1], scope));
    case Node::Kind::in:
      return in(node, scope);
    case Node::Kind::like:
      return like(node, scope);
    case Node::Kind::between:
      return between(node, scope);
    case Node::Kind::is_null:
    case Node::Kind::is_true:
    case Node::Kind::is_false:
      return is(node, scope);
    case Node::Kind::is_distinct:
      return is_distinct(operand(node.children[0], scope), operand(node.children[1], scope));
    default:
      return truth_of(operand(node, scope));
  }
}

Truth evaluate_node(const Node& node, const ConditionScope& scope) {
  if (node.kind == Node::Kind::negation) return negate(evaluate_node(node.children.front(), scope));
  if (node.kind != Node::Kind::all && node.kind != Node::Kind::any) {
    const Truth leaf = evaluate_leaf(node, scope);
    return node.negated ? negate(leaf) : leaf;
  }
  const Truth decisive = node.kind == Node::Kind::all ? Truth::no : Truth::yes;
  Truth result = negate(decisive);
  for (const auto& child : node.children) {
    const Truth part = evaluate_node(child, scope);
    if (part == decisive) return decisive;
    if (part == Truth::unknown) result = Truth::unknown;
  }
  return result;
}

// The first comparison that made the condition what it is: of AND and OR the first part with the same truth.
const Node& deciding(const Node& node, Truth value, const ConditionScope& scope) {
  if (node.kind == Node::Kind::negation) {
    const Node& child = node.children.front();
    const Node& inner = deciding(child, negate(value), scope);
    return &inner == &child ? node : inner;
  }
  if (node.kind != Node::Kind::all && node.kind != Node::Kind::any) return node;
  for (const auto& child : node.children)
    if (evaluate_node(child, scope) == value) return deciding(child, value, scope);
  return node;
}

void collect_values(const Node& node, const ConditionScope& scope, Condition::Verdict& verdict) {
  if (node.kind != Node::Kind::column) {
    for (const auto& child : node.children) collect_values(child, scope, verdict);
    return;
  }
  const std::string label = node.label();
  const Value value = scope.column(node.qualifier, node.text);
  if (!value.sent()) {
    if (verdict.missing.empty()) verdict.missing = label;
    return;
  }
  for (const auto& seen : verdict.values)
    if (seen.first == label) return;
  std::string json;
  write_json_value(json, value);
  verdict.values.emplace_back(label, std::move(json));
}

}  // namespace

Condition::Truth Condition::evaluate(const ConditionScope& scope) const {
  return evaluate_node(*root_, scope);
}

Condition::Verdict Condition::explain(const ConditionScope& scope) const {
  Verdict verdict;
  verdict.truth = evaluate(scope);
  if (verdict.truth == Truth::yes) {
    collect_values(*root_, scope, verdict);
    return verdict;
  }
  const Node& node = deciding(*root_, verdict.truth, scope);
  verdict.predicate = text_.substr(node.begin, node.end - node.begin);
  collect_values(node, scope, verdict);
  return verdict;
}

}  // namespace rowhook
