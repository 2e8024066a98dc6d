#include "engine/journal/segment_index.h"

#include "engine/journal/stable_hash.h"

namespace rowhook {

void SegmentIndex::add(const EventHead& head) {
  const auto place = static_cast<std::uint32_t>(ids_.size());
  ids_.push_back(stable_hash(head.id));
  keys_.push_back(head.key.empty() ? 0 : stable_hash(head.key));
  if (head.order.empty()) posted_.emplace(ids_.back(), place);
  EventGroup& group = group_of(head);
  ++group.count;
  group.earliest = std::min(group.earliest, head.timestamp);
  group.latest = std::max(group.latest, head.timestamp);
  group.places.push_back(place);
  newest_ = std::max(newest_, head.captured_at);
}

EventGroup& SegmentIndex::group_of(const EventHead& head) {
  if (last_group_ && last_key_->shape_id == head.shape_id && last_key_->type == head.type)
    return *last_group_;
  auto found = groups_.try_emplace(GroupKey{head.shape_id, std::string(head.type)}).first;
  last_key_ = &found->first;
  last_group_ = &found->second;
  return *last_group_;
}

Candidates SegmentIndex::by_id(std::string_view id) const {
  Candidates found;
  const std::uint64_t hash = stable_hash(id);
  for (std::size_t i = 0; i < ids_.size(); ++i)
    if (ids_[i] == hash) found.places.push_back(static_cast<std::uint32_t>(i));
  return found;
}

Candidates SegmentIndex::by_posted_id(std::string_view id) const {
  Candidates found;
  const auto [begin, end] = posted_.equal_range(stable_hash(id));
  for (auto at = begin; at != end; ++at) found.places.push_back(at->second);
  std::sort(found.places.begin(), found.places.end());
  return found;
}

Candidates SegmentIndex::by_key(const EventMatch& match) const {
  Candidates found;
  const std::uint64_t first = stable_hash(match.keys()[0]), second = stable_hash(match.keys()[1]);
  for (std::size_t i = 0; i < keys_.size(); ++i)
    if (keys_[i] == first || keys_[i] == second) found.places.push_back(static_cast<std::uint32_t>(i));
  return found;
}

void GroupSelection::add(const Shape& shape, std::string_view type, const EventGroup& group) {
  if (!match_.shape(shape) || !match_.type(type)) return;
  const EventFilter& filter = match_.filter();
  if ((filter.from && group.latest < *filter.from) || (filter.to && group.earliest >= *filter.to)) return;
  if (!match_.time(group.earliest) || !match_.time(group.latest)) partial_ = true;
  count_ += group.count;
  if (group.places.size() != group.count) places_known_ = false;
  if (places_known_) places_.insert(places_.end(), group.places.begin(), group.places.end());
}

Candidates GroupSelection::candidates(std::uint64_t segment) const {
  if (count_ > 0 && (!places_known_ || !is_rare(count_, segment))) return {true, {}};
  Candidates found{false, places_};
  std::sort(found.places.begin(), found.places.end());
  return found;
}

std::optional<std::uint64_t> GroupSelection::exact_count() const {
  if (partial_ && count_ > 0) return std::nullopt;
  return count_;
}

}  // namespace rowhook
