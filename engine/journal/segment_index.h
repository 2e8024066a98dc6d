#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/journal/event_match.h"

namespace rowhook {

// Which events of a segment may match a filter: places in ascending order, counted from the segment's first
// event.
struct Candidates {
  bool all = false;  // places is empty: look at every event
  std::vector<std::uint32_t> places;
};

// The events of one segment that share shape and type.
struct EventGroup {
  std::uint64_t count = 0;
  Micros earliest = INT64_MAX, latest = INT64_MIN;  // timestamps
  std::vector<std::uint32_t> places;                // in memory all; on disk only those of rare groups
};
struct GroupKey {
  std::uint64_t shape_id = 0;
  std::string type;
  auto operator<=>(const GroupKey&) const = default;
};
// A group is rare, and its places are worth storing, when reading the whole segment for it would waste 15 of
// 16 looks.
inline bool is_rare(std::uint64_t group, std::uint64_t segment) { return group * 16 <= segment; }

// Look-ups of the segment that is being written: two words per event, so that appending to it costs next to
// nothing. When the segment is sealed, it is written down (see sealed_index.h) and forgotten. Thread safety:
// none; the segment guards it.
class SegmentIndex {
 public:
  SegmentIndex() = default;
  SegmentIndex(const SegmentIndex&) = delete;
  SegmentIndex& operator=(const SegmentIndex&) = delete;
  void add(const EventHead& head);
  std::uint64_t size() const { return ids_.size(); }
  Micros newest() const { return newest_; }  // latest captured_at
  std::uint64_t posted() const { return posted_.size(); }

  Candidates by_id(std::string_view id) const;
  // Of posted events only, in constant time.
  Candidates by_posted_id(std::string_view id) const;
  Candidates by_key(const EventMatch& match) const;
  const std::map<GroupKey, EventGroup>& groups() const { return groups_; }
  const std::vector<std::uint64_t>& ids() const { return ids_; }    // stable_hash(id) by place
  const std::vector<std::uint64_t>& keys() const { return keys_; }  // stable_hash(key) by place; 0 = no key

 private:
  EventGroup& group_of(const EventHead& head);

  std::vector<std::uint64_t> ids_, keys_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> posted_;
  std::map<GroupKey, EventGroup> groups_;
  const GroupKey* last_key_ = nullptr;  // of the group added to last: events of one kind come together
  EventGroup* last_group_ = nullptr;
  Micros newest_ = 0;
};

// Of the groups of a segment, those a filter wants: their candidates and how many events they hold at most.
class GroupSelection {
 public:
  explicit GroupSelection(const EventMatch& match) : match_(match) {}
  void add(const Shape& shape, std::string_view type, const EventGroup& group);
  // `segment`: events in the whole segment.
  Candidates candidates(std::uint64_t segment) const;
  // The exact number of matching events where shape, type and time decide for whole groups; nullopt when
  // events must be read.
  std::optional<std::uint64_t> exact_count() const;

 private:
  const EventMatch& match_;
  std::uint64_t count_ = 0;
  bool partial_ = false, places_known_ = true;
  std::vector<std::uint32_t> places_;
};

}  // namespace rowhook
