#include "engine/capture/change_table/replaced_rows.h"

#include <algorithm>

namespace rowhook {
namespace {

bool is_minus_one(const Value& value) { return value.kind == ValueKind::number && value.text == "-1"; }

// Whether `row` is the new row that the candidate stood in the way of.
bool is_the_new_row(const ReplacedRows::Candidate& candidate, std::string_view row) {
  RowReader planned(candidate.new_row), written(row), old(candidate.row);
  for (std::size_t i = 0; !planned.done() && !written.done(); ++i) {
    const Value expected = planned.next(), found = written.next(), before = old.next();
    if (expected == found || expected.kind == ValueKind::null) continue;
    // SQLite chose a rowid; then -1 stood for "none yet", and a row whose rowid is -1 was not in the way.
    if (i != candidate.rowid || !is_minus_one(expected) || is_minus_one(before)) return false;
  }
  return planned.done() && written.done();
}

}  // namespace

std::optional<std::int64_t> ReplacedRows::oldest() const {
  if (pending_.empty()) return std::nullopt;
  return pending_.front().id;
}

void ReplacedRows::add(Candidate candidate) {
  while (!pending_.empty() && pending_.front().id < candidate.id - horizon) pending_.pop_front();
  pending_.push_back(std::move(candidate));
}

void ReplacedRows::touched(std::int64_t layout, std::string_view old_row) {
  std::erase_if(pending_, [&](const auto& candidate) {
    return candidate.layout == layout && candidate.row == old_row;
  });
}

std::vector<ReplacedRows::Candidate> ReplacedRows::replaced_by(std::int64_t id, std::int64_t layout,
                                                               std::string_view new_row) {
  while (!pending_.empty() && pending_.front().id < id - horizon) pending_.pop_front();
  std::vector<Candidate> replaced;
  for (const auto& candidate : pending_) {
    const bool known = std::any_of(replaced.begin(), replaced.end(),
                                   [&](const auto& other) { return other.row == candidate.row; });
    if (!known && candidate.layout == layout && is_the_new_row(candidate, new_row))
      replaced.push_back(candidate);
  }
  for (const auto& candidate : replaced) touched(layout, candidate.row);
  return replaced;
}

}  // namespace rowhook
