#include "workflows/event_formats.h"

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

void write_text_member(std::string& out, std::string_view name, std::string_view text) {
  out += name;
  if (text.empty()) {
    out += "null";
  } else {
    write_json_string(out, text);
  }
}

// "public.orders/42", what the change is about; "" when it is about no table.
std::string subject_of(const Event& event) {
  const Shape& shape = *event.shape;
  if (shape.table.empty()) return {};
  std::string subject = shape.schema.empty() ? shape.table : shape.schema + "." + shape.table;
  if (event.key.empty()) return subject;
  const bool quoted = event.key.front() == '"' && event.key.size() >= 2;
  return subject + "/" + (quoted ? event.key.substr(1, event.key.size() - 2) : event.key);
}

char operation_of(const Event& event) {
  if (event.type == event_type::inserted) return event.snapshot ? 'r' : 'c';
  if (event.type == event_type::updated) return 'u';
  if (event.type == event_type::deleted) return 'd';
  if (event.type == event_type::truncated) return 't';
  throw PermanentError("an event of type " + event.type + " is no row change: format debezium cannot show it",
                       "use format json or cloudevents");
}

}  // namespace

std::string cloudevents_json(const Item& item, const Event& event) {
  std::string out = R"({"specversion":"1.0","id":)";
  write_json_string(out, event.id);
  out += R"(,"source":)";
  write_json_string(out, event.shape->source);
  out += R"(,"type":)";
  write_json_string(out, event.type);
  if (const std::string subject = subject_of(event); !subject.empty()) {
    out += R"(,"subject":)";
    write_json_string(out, subject);
  }
  out +=
      R"(,"time":")" + format_rfc3339(event.timestamp) + R"(","datacontenttype":"application/json","data":)";
  out += item.json();
  out += '}';
  return out;
}

std::string debezium_json(const Event& event) {
  const Shape& shape = *event.shape;
  const char operation = operation_of(event);
  std::string out = R"({"before":)";
  write_json_row(out, shape, event.old_row);
  out += R"(,"after":)";
  write_json_row(out, shape, event.new_row);
  out += R"(,"source":{"version":")" ROWHOOK_VERSION R"(","connector":"rowhook","name":)";
  write_json_string(out, shape.source);
  out += R"(,"ts_ms":)" + std::to_string(event.timestamp / 1000);
  out += event.snapshot ? R"(,"snapshot":"true")" : R"(,"snapshot":"false")";
  write_text_member(out, R"(,"db":)", shape.database);
  write_text_member(out, R"(,"schema":)", shape.schema);
  write_text_member(out, R"(,"table":)", shape.table);
  write_text_member(out, R"(,"txId":)", event.transaction_id);
  write_text_member(out, R"(,"position":)", event.position);
  out += R"(},"op":")";
  out += operation;
  out += R"(","ts_ms":)" + std::to_string(event.captured_at / 1000) + R"(,"transaction":null})";
  return out;
}

}  // namespace rowhook
