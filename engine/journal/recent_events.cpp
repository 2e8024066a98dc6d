#include "engine/journal/recent_events.h"

#include "engine/journal/storage.h"

namespace rowhook {

std::size_t event_bytes(const Event& event) {
  constexpr std::size_t in_place = 15;  // shorter texts live inside the string
  std::size_t bytes = sizeof(Event) + 32;
  for (const std::string* text :
       {&event.id, &event.type, &event.order, &event.position, &event.transaction_id, &event.old_row,
        &event.new_row, &event.key, &event.detail, &event.extra})
    if (text->capacity() > in_place) bytes += text->capacity() + 16;
  if (event.user) bytes += event.user->capacity();
  return bytes;
}

void RecentEvents::add(std::vector<EventPtr> events) {
  if (events.empty()) return;
  std::vector<std::size_t> sizes;
  sizes.reserve(events.size());
  for (const auto& event : events) sizes.push_back(event_bytes(*event));
  std::vector<EventPtr> dropped;  // destroyed without the lock
  held_.with([&](Held& held) {
    if (!held.events.empty() && held.events.back().first->seq + 1 != events.front()->seq) held = {};
    for (std::size_t i = 0; i < events.size(); ++i) {
      held.bytes += sizes[i];
      held.events.emplace_back(std::move(events[i]), sizes[i]);
    }
    while (held.bytes > max_bytes_ && held.events.size() > 1) {
      held.bytes -= held.events.front().second;
      dropped.push_back(std::move(held.events.front().first));
      held.events.pop_front();
    }
  });
}

void RecentEvents::clear() {
  held_.with([](Held& held) { held = {}; });
}

std::optional<std::vector<EventPtr>> RecentEvents::read(std::uint64_t from, std::size_t limit,
                                                        std::size_t max_bytes) const {
  return held_.with([&](const Held& held) -> std::optional<std::vector<EventPtr>> {
    if (held.events.empty() || from < held.events.front().first->seq) return std::nullopt;
    std::vector<EventPtr> events;
    std::size_t bytes = 0;
    const std::size_t start = from - held.events.front().first->seq;
    for (std::size_t i = start; i < held.events.size() && events.size() < limit; ++i) {
      bytes += held.events[i].second;
      if (!events.empty() && bytes > max_bytes) break;
      if (events.empty()) events.reserve(std::min(limit, held.events.size() - start));
      events.push_back(held.events[i].first);
    }
    return events;
  });
}

EventPtr RecentEvents::at(std::uint64_t seq) const {
  return held_.with([&](const Held& held) -> EventPtr {
    if (held.events.empty() || seq < held.events.front().first->seq) return nullptr;
    const std::size_t index = seq - held.events.front().first->seq;
    return index < held.events.size() ? held.events[index].first : nullptr;
  });
}

std::uint64_t RecentEvents::first() const {
  return held_.with(
      [](const Held& held) { return held.events.empty() ? 0 : held.events.front().first->seq; });
}

std::size_t RecentEvents::bytes() const {
  return held_.with([](const Held& held) { return held.bytes; });
}

}  // namespace rowhook
