#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/journal/event_match.h"
#include "engine/journal/journal.h"

namespace rowhook {

// What the journal knows beside its events: as of the last acknowledged write.
struct JournalState {
  std::uint64_t next_seq = 1;
  std::map<std::string, Resume> positions;  // by source
  std::vector<Gap> gaps;                    // the newest max_gaps, oldest first
};
inline constexpr std::size_t max_gaps = 1000;

// One durable transaction.
struct WriteSet {
  std::vector<const Event*> events;  // seq assigned, consecutive from the state's next_seq
  std::size_t bytes = 0;             // about what they occupy
  std::map<std::string, Resume> positions;
  std::vector<Gap> gaps;
  bool empty() const { return events.empty() && positions.empty() && gaps.empty(); }
};

// Where a journal keeps its bytes. DurableLog does everything that does not depend on it.
// Thread safety: open, recover and write are called by one thread at a time; housekeep by another one; the
// rest by any.
class JournalStorage {
 public:
  virtual ~JournalStorage() = default;
  virtual JournalState open() = 0;
  // Writes all of `set` durably or throws TransientError. After a throw nothing is known of the set's fate:
  // recover() comes before the next write. `before` is the state without the set.
  virtual void write(const WriteSet& set, const JournalState& before) = 0;
  // Makes writing possible again and returns the state that holds from now on: `acknowledged`, or what turned
  // out to have been written nevertheless. Throws TransientError as long as it is not possible.
  virtual JournalState recover(const JournalState& acknowledged) = 0;
  // Index, checkpoint, drop what retention allows. Slow; must not delay write().
  virtual void housekeep(std::uint64_t low_water) = 0;
  // Whether housekeep() has work that should not wait for the next round.
  virtual bool wants_housekeeping() const = 0;
  // Drops whole sealed parts below `low_water`, oldest first, until `needed` more bytes fit the budget.
  virtual void make_room(std::uint64_t low_water, std::uint64_t needed) = 0;

  virtual std::uint64_t first_seq() const = 0;  // the oldest that is kept; next_seq when there is none
  virtual std::uint64_t bytes() const = 0;

  // `end` (exclusive) hides what is written but not yet acknowledged.
  virtual std::vector<EventPtr> read(std::uint64_t from, std::uint64_t end, std::size_t limit,
                                     std::size_t max_bytes) = 0;
  virtual EventPtr find(std::string_view event_id, std::uint64_t end) = 0;
  virtual std::vector<EventPtr> list(const EventMatch& match, std::uint64_t end) = 0;
  virtual std::uint64_t count(const EventMatch& match, std::uint64_t end) = 0;
  // seq of those posted events (Event::order empty) that are kept, by id.
  virtual std::unordered_map<std::string, std::uint64_t> find_posted(std::span<const std::string> ids) = 0;
};

// Counting stops here where events have to be read one by one.
inline constexpr std::uint64_t count_cap = 10'000;

// About what an event occupies in memory.
std::size_t event_bytes(const Event& event);

}  // namespace rowhook
