#pragma once

#include <deque>
#include <optional>

#include "engine/base/guarded.h"
#include "engine/event/event.h"

namespace rowhook {

// The newest events, consecutive, bounded by bytes: readers that keep up never touch the disk.
// Thread safety: safe to share.
class RecentEvents {
 public:
  explicit RecentEvents(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // `events` follow each other; if they do not follow what is held, that is dropped first.
  void add(std::vector<EventPtr> events);
  void clear();
  // Up to `limit` events or `max_bytes` (at least one) from `from` on; nullopt when `from` is older than what
  // is held.
  std::optional<std::vector<EventPtr>> read(std::uint64_t from, std::size_t limit,
                                            std::size_t max_bytes) const;
  EventPtr at(std::uint64_t seq) const;  // null when it is not held
  std::uint64_t first() const;           // 0 when empty
  std::size_t bytes() const;

 private:
  struct Held {
    std::deque<std::pair<EventPtr, std::size_t>> events;
    std::size_t bytes = 0;
  };
  std::size_t max_bytes_;
  Guarded<Held> held_;
};

}  // namespace rowhook
