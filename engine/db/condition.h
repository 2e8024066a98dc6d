// where_clause and trigger `where`: a small SQL-like condition, parsed by us and evaluated by us, never
// pasted into SQL, so that it means the same under every capture method. Grammar and three-valued logic:
// docs/conditions.md.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/event/document.h"
#include "engine/event/event.h"

namespace rowhook {

// What a condition sees: columns by name (`status`, `old.status`, `new.status`, "quoted name").
// Thread safety: as the object behind it.
class ConditionScope {
 public:
  virtual ~ConditionScope() = default;
  // absent when there is no such column or it was not sent.
  virtual Value column(std::string_view qualifier,
                       std::string_view name) const = 0;  // qualifier: "", "old" or "new"
};

// A parsed condition. Thread safety: immutable, safe to share.
class Condition {
 public:
  enum class Truth { no, yes, unknown };  // SQL's three values; only `yes` lets a row pass
  struct Verdict {
    Truth truth = Truth::unknown;
    std::string
        predicate;  // when not yes: the text of the first comparison that decided it, e.g. `status = 'paid'`
    // The columns of that comparison (of the whole condition when yes) and what it saw, as JSON text.
    std::vector<std::pair<std::string, std::string>> values;
    // The first column it needed that does not exist or was not sent ("" if none); such a column decides
    // nothing (unknown).
    std::string missing;
  };
  static constexpr std::size_t max_length = 16 * 1024;  // bytes of text
  static constexpr int max_depth = 100;                 // nested NOT and parentheses
  // Throws InvalidInput: "column 12: expected a column or a literal after '=', found 'AND'"; hint() says what
  // to write.
  static Condition parse(std::string_view text);
  Truth evaluate(const ConditionScope& scope) const;   // fast path
  Verdict explain(const ConditionScope& scope) const;  // the same truth, with reasons
  const std::string& text() const;
  std::set<std::string> columns() const;  // names it refers to, without qualifier

  struct Node;

 private:
  explicit Condition(std::shared_ptr<const Node> root, std::string text);
  std::shared_ptr<const Node> root_;
  std::string text_;
};

// Unqualified names look into the new row, or the old row of a deletion. old.* of an insertion and new.* of a
// deletion are null, as in PostgreSQL's triggers. A name that no column has exactly may match one in other
// letter case (ASCII). Keeps a reference to `event`. Thread safety: safe to share.
class EventScope final : public ConditionScope {
 public:
  explicit EventScope(const Event& event) : event_(event) {}
  Value column(std::string_view qualifier, std::string_view name) const override;

 private:
  const Event& event_;
};

// Names are members (or dotted paths) of a JSON item; for the switch node. In an item that is an event, old.x
// and new.x mean its old_values and new_values, and a name that is no member of the event itself is looked up
// as EventScope does. Keeps a reference to `document`. Thread safety: none.
class DocumentScope final : public ConditionScope {
 public:
  explicit DocumentScope(const Document& document) : document_(document) {}
  Value column(std::string_view qualifier, std::string_view name) const override;

 private:
  const Document& document_;
  mutable std::deque<std::string> texts_;  // keeps serialised members alive
};

}  // namespace rowhook
