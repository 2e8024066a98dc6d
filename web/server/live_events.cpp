#include "web/server/live_events.h"

#include <charconv>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "engine/journal/event_match.h"
#include "engine/journal/journal.h"

namespace rowhook {
namespace {

constexpr std::size_t read_events = 512, read_bytes = 256U << 10;

class LiveEvent final : public LiveItem {
 public:
  explicit LiveEvent(EventPtr event) : event_(std::move(event)) {}
  std::uint64_t number() const override { return event_->seq; }
  void write(std::string& out) const override { write_json_event(out, *event_); }
  bool is(std::string_view name, std::string_view value) const override {
    if (name == "event_type") return event_->type == value;
    if (name == "source") return event_->shape->source == value;
    EventFilter filter;
    (name == "table" ? filter.table : filter.record_id) = value;
    return EventMatch(filter).event(*event_);
  }

 private:
  EventPtr event_;
};

}  // namespace

std::vector<std::string_view> LiveEvents::filters() const {
  return {"source", "event_type", "table", "record_id"};
}
std::uint64_t LiveEvents::last() const { return journal_.last_seq(); }

std::uint64_t LiveEvents::wait(std::uint64_t from, std::chrono::milliseconds time) {
  return journal_.wait(from, time);
}

std::vector<LiveItemPtr> LiveEvents::read(std::uint64_t from) {
  std::vector<LiveItemPtr> items;
  for (auto& event : journal_.read(from, read_events, read_bytes))
    items.push_back(std::make_shared<LiveEvent>(std::move(event)));
  return items;
}

std::uint64_t LiveEvents::number_of(const std::string& cursor, bool&) const {
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), seq);
  if (error != std::errc() || end != cursor.data() + cursor.size() || seq > journal_.last_seq())
    throw InvalidInput("the cursor is not one of this journal's",
                       {{"/cursor", "expected a seq from 0 to " + std::to_string(journal_.last_seq())}});
  return seq;
}

}  // namespace rowhook
