#include "engine/journal/source_events.h"

#include "engine/event/json_writer.h"
#include "engine/journal/stable_hash.h"

namespace rowhook {
namespace {

void add_text(std::string& out, std::string_view name, std::string_view text) {
  if (!out.empty()) out += ',';
  write_json_string(out, name);
  out += ':';
  write_json_string(out, text);
}

std::string hex(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

Event make_event(const ShapePtr& shape, std::string_view type, std::string_view what, Micros at) {
  Event event;
  event.shape = shape;
  event.type = type;
  event.timestamp = event.captured_at = at;
  event.id = shape->source + ':' + std::string(type) + ':' + hex(stable_hash(what));
  return event;
}

}  // namespace

ShapePtr source_event_shape(const SourceSettings& settings) {
  Shape shape;
  shape.source = settings.source;
  shape.connection = settings.connection;
  shape.method = settings.method;
  shape.database = settings.database;
  return seal(std::move(shape));
}

Event make_gap_event(const ShapePtr& shape, const Gap& gap) {
  Event event =
      make_event(shape, event_type::capture_gap, gap.from + '\0' + gap.to + '\0' + gap.reason, gap.at);
  event.position = gap.from;
  add_text(event.detail, "from", gap.from);
  add_text(event.detail, "to", gap.to);
  add_text(event.detail, "reason", gap.reason);
  add_text(event.detail, "remedy", gap.remedy);
  return event;
}

Event make_error_event(const ShapePtr& shape, const Outage& outage) {
  Event event = make_event(shape, event_type::database_error,
                           outage.message + '\0' + std::to_string(outage.at), outage.at);
  add_text(event.detail, "error_id", event.id);
  add_text(event.detail, "error_type", outage.error_type);
  add_text(event.detail, "error_message", outage.message);
  add_text(event.detail, "error_at", format_rfc3339(outage.at));
  event.detail += ",\"retry_count\":" + std::to_string(outage.retry_count);
  std::string context;
  add_text(context, "connection", shape->connection);
  add_text(context, "method", shape->method);
  add_text(context, "remedy", outage.remedy);
  event.detail += ",\"context\":{" + context + '}';
  return event;
}

}  // namespace rowhook
