#include <algorithm>

#include "engine/db/condition.h"
#include "engine/event/event.h"

namespace rowhook {
namespace {

char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower_ascii(x) == lower_ascii(y); });
}

std::optional<std::uint32_t> find_column(const Shape& shape, std::string_view name) {
  if (const auto exact = shape.index_of(name)) return exact;
  for (std::uint32_t i = 0; i < shape.columns.size(); ++i)
    if (same_ignoring_case(shape.columns[i].name, name)) return i;
  return std::nullopt;
}

const Document* find_member(const Document* parent, std::string_view name) {
  if (!parent) return nullptr;
  const Document* exact = parent->find(name);
  return exact ? exact : parent->find_path(name);
}

bool is_null_member(const Document& document, std::string_view name) {
  const Document* member = document.find(name);
  return member && member->is_null();
}

}  // namespace

Value EventScope::column(std::string_view qualifier, std::string_view name) const {
  const auto index = find_column(*event_.shape, name);
  if (!index) return {};
  const bool insertion = event_.type == event_type::inserted;
  const bool deletion = event_.type == event_type::deleted;
  const bool old_side = qualifier == "old" || (qualifier.empty() && deletion);
  if ((old_side && insertion) || (!old_side && deletion)) return {ValueKind::null, {}};
  if (old_side) return value_at(event_.old_row, *index);
  const Value value = value_at(event_.new_row, *index);
  if (value.kind != ValueKind::unchanged) return value;
  // It did not change, so the old value, if it was sent, is the new one.
  const Value before = value_at(event_.old_row, *index);
  return before.sent() ? before : value;
}

Value DocumentScope::column(std::string_view qualifier, std::string_view name) const {
  const Document* found = nullptr;
  if (!qualifier.empty()) {
    found = find_member(document_.find(qualifier), name);
    const std::string side = std::string(qualifier) + "_values";
    if (!found && is_null_member(document_, side)) return {ValueKind::null, {}};
    if (!found) found = find_member(document_.find(side), name);
  } else {
    found = find_member(&document_, name);
    for (const std::string_view side : {"new_values", "old_values"})
      if (!found) found = find_member(document_.find(side), name);
  }
  if (!found) return {};
  if (found->is_null()) return {ValueKind::null, {}};
  if (const bool* boolean = found->boolean()) return {*boolean ? ValueKind::yes : ValueKind::no, {}};
  if (const auto* number = found->number()) return {ValueKind::number, number->digits};
  if (const auto* text = found->string()) return {ValueKind::text, *text};
  return {ValueKind::json, texts_.emplace_back(found->text())};
}

}  // namespace rowhook
