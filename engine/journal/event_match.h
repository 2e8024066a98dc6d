#pragma once

#include <array>
#include <string>
#include <string_view>

#include "engine/journal/journal.h"

namespace rowhook {

// The JSON texts of a key that a filter `record_id` may stand for: as given, and as a JSON string.
std::array<std::string, 2> record_key_texts(std::string_view record_id);

// EventFilter's predicate, but for skip and limit. `table` is a name or schema.name.
// Thread safety: immutable.
class EventMatch {
 public:
  explicit EventMatch(const EventFilter& filter);

  bool shape(const Shape& shape) const;  // source and table
  bool type(std::string_view event_type) const;
  bool time(Micros timestamp) const;
  bool key(std::string_view record_key) const;
  bool event(const Event& event) const;  // all of them and the range of seq
  bool seq(std::uint64_t value) const { return value >= filter_.from_seq && value < filter_.before_seq; }
  bool by_key() const { return !filter_.record_id.empty(); }
  const std::array<std::string, 2>& keys() const { return keys_; }
  const EventFilter& filter() const { return filter_; }

 private:
  EventFilter filter_;
  std::array<std::string, 2> keys_;
};

}  // namespace rowhook
