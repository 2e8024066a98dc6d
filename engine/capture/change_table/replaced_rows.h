#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/value.h"

namespace rowhook {

// Tells which rows INSERT OR REPLACE, UPDATE OR REPLACE and ON CONFLICT REPLACE removed; SQLite fires no
// DELETE trigger for them unless recursive_triggers is on. The BEFORE trigger logs each row in the way of a
// new one as a candidate. The new row's own log entry proves that the candidate is gone, as long as nothing
// else touched it: both cannot be in the table. No such entry comes after OR IGNORE, a failed statement, or
// ON CONFLICT DO UPDATE (which touches the candidate). With recursive_triggers the deletion has an entry of
// its own, which touches the candidate as well. Pure. Rows are encoded rows of the layout with all its
// columns. Thread safety: none; confined to one thread.
class ReplacedRows {
 public:
  struct Candidate {
    std::int64_t id = 0;  // in the change table
    std::int64_t layout = 0;
    std::string row;  // in the way of `new_row`
    std::string
        new_row;  // null where a NOT NULL column takes its default; the rowid is -1 where SQLite chooses it
    std::string marks;                 // whatever the caller keeps with the row
    std::optional<std::size_t> rowid;  // index of the column that is the rowid
  };
  // A statement in the midst of which more changes than this are logged (by the user's own triggers) loses
  // its candidates.
  static constexpr std::int64_t horizon = 1000;

  bool empty() const { return pending_.empty(); }
  // The oldest candidate that may still turn out to be replaced; reading has to begin before it after a
  // restart.
  std::optional<std::int64_t> oldest() const;
  void add(Candidate candidate);
  // An entry with this old row: updated or deleted by itself.
  void touched(std::int64_t layout, std::string_view old_row);
  // An entry `id` with this new row: returns the candidates that it replaced, in the order they were logged.
  std::vector<Candidate> replaced_by(std::int64_t id, std::int64_t layout, std::string_view new_row);
  // Every statement whose entries were seen has ended.
  void settle() { pending_.clear(); }

 private:
  std::deque<Candidate> pending_;
};

}  // namespace rowhook
