#include "engine/journal/event_match.h"

#include "engine/event/json_writer.h"

namespace rowhook {

std::array<std::string, 2> record_key_texts(std::string_view record_id) {
  std::array<std::string, 2> texts{std::string(record_id), std::string()};
  write_json_string(texts[1], record_id);
  return texts;
}

EventMatch::EventMatch(const EventFilter& filter)
    : filter_(filter), keys_(record_key_texts(filter.record_id)) {}

bool EventMatch::shape(const Shape& shape) const {
  if (!filter_.source.empty() && shape.source != filter_.source) return false;
  if (filter_.table.empty() || shape.table == filter_.table) return true;
  const std::string_view table = filter_.table;
  return table.size() == shape.schema.size() + 1 + shape.table.size() &&
         table.substr(0, shape.schema.size()) == shape.schema && table[shape.schema.size()] == '.' &&
         table.substr(shape.schema.size() + 1) == shape.table;
}

bool EventMatch::type(std::string_view event_type) const {
  return filter_.event_type.empty() || event_type == filter_.event_type;
}

bool EventMatch::time(Micros timestamp) const {
  return (!filter_.from || timestamp >= *filter_.from) && (!filter_.to || timestamp < *filter_.to);
}

bool EventMatch::key(std::string_view record_key) const {
  return !by_key() || record_key == keys_[0] || record_key == keys_[1];
}

bool EventMatch::event(const Event& event) const {
  return seq(event.seq) && type(event.type) && time(event.timestamp) && key(event.key) && shape(*event.shape);
}

}  // namespace rowhook
