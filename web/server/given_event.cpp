#include "web/server/given_event.h"

#include <algorithm>
#include <vector>

#include "engine/base/errors.h"
#include "engine/base/json.h"
#include "engine/event/json_writer.h"
#include "engine/journal/journal.h"
#include "web/server/call.h"

namespace rowhook {
namespace {

InvalidInput wrong(const std::string& pointer, const std::string& detail) {
  return InvalidInput("the request is not valid: " + (pointer.empty() ? "" : pointer + ": ") + detail,
                      {{pointer, detail}});
}

// Reads members of an event, collecting nothing: the first fault is reported.
class EventReader {
 public:
  EventReader(const Document& event, std::string pointer) : event_(event), pointer_(std::move(pointer)) {}

  const Document* member(std::string_view name) const {
    const Document* found = event_.find(name);
    return found && !found->is_null() ? found : nullptr;
  }
  std::vector<std::string> texts(std::string_view name) const {
    const Document* found = member(name);
    std::vector<std::string> out;
    if (!found) return out;
    if (!found->array()) throw wrong(at(name), "expected a list of names");
    for (const auto& element : *found->array()) {
      if (!element.string()) throw wrong(at(name), "expected a list of names");
      out.push_back(*element.string());
    }
    return out;
  }
  std::string text(std::string_view name) const {
    const Document* found = member(name);
    if (!found) return "";
    if (!found->string()) throw wrong(at(name), "expected text");
    return *found->string();
  }
  const Document::Object* object(std::string_view name) const {
    const Document* found = member(name);
    if (!found) return nullptr;
    if (!found->object()) throw wrong(at(name), "expected an object of columns, or null");
    return found->object();
  }
  bool boolean(std::string_view name, bool fallback) const {
    const Document* found = member(name);
    if (!found) return fallback;
    if (!found->boolean()) throw wrong(at(name), "expected true or false");
    return *found->boolean();
  }
  Micros time(std::string_view name, Micros fallback) const {
    const std::string value = text(name);
    if (value.empty()) return fallback;
    try {
      return parse_rfc3339(value);
    } catch (const InvalidInput& error) {
      throw wrong(at(name), error.what());
    }
  }
  std::string at(std::string_view name) const { return pointer_append(pointer_, name); }

 private:
  const Document& event_;
  std::string pointer_;
};

void add_value(RowWriter& row, const Document* value, ValueKind if_missing) {
  if (!value) {
    row.add(if_missing);
  } else if (value->is_null()) {
    row.add(ValueKind::null);
  } else if (const bool* truth = value->boolean()) {
    row.add(*truth ? ValueKind::yes : ValueKind::no);
  } else if (const auto* number = value->number()) {
    row.add(ValueKind::number, number->digits);
  } else if (const auto* text = value->string()) {
    row.add(ValueKind::text, *text);
  } else {
    row.add(ValueKind::json, value->text());
  }
}

void add_columns(Shape& shape, const Document::Object* row, const Document* key) {
  if (!row) return;
  for (const auto& [name, value] : *row) {
    if (shape.index_of(name)) continue;
    // Which columns are the key is only known when record_id names them: {"a":1,"b":2}.
    const bool is_key = key && key->object() && key->find(name) != nullptr;
    shape.columns.push_back({name, "", is_key});
  }
}

std::string row_of(const Shape& shape, const Document::Object* row,
                   const std::vector<std::string>& unchanged) {
  if (!row) return "";
  RowWriter writer;
  for (const auto& column : shape.columns) {
    const auto found = std::find_if(row->begin(), row->end(),
                                    [&](const auto& member) { return member.first == column.name; });
    const bool kept = std::find(unchanged.begin(), unchanged.end(), column.name) != unchanged.end();
    add_value(writer, found == row->end() ? nullptr : &found->second,
              kept ? ValueKind::unchanged : ValueKind::absent);
  }
  return writer.take();
}

// Members that are not among `known`, as JSON without the braces.
std::string further_members(const Document* object, std::initializer_list<std::string_view> known) {
  std::string out;
  if (!object || !object->object()) return out;
  for (const auto& [name, value] : *object->object()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (!out.empty()) out += ',';
    write_json_string(out, name);
    out += ':';
    value.write(out);
  }
  return out;
}

const Document nothing{Document::Object{}};

// The type of the change that these values are of; "" without any.
std::string type_of(bool has_new, bool has_old) {
  if (has_new) return has_old ? "record_updated" : "record_inserted";
  return has_old ? "record_deleted" : "";
}

}  // namespace

void check_members(const Document& body, std::initializer_list<std::string_view> known) {
  if (!body.object()) throw wrong("", "expected an object");
  for (const auto& [name, value] : *body.object()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest_name(name, std::vector<std::string>(known.begin(), known.end()));
    throw wrong(pointer_append("", name),
                "unknown member '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
}

std::string text_member(const Document& body, std::string_view name) {
  return EventReader(body, "").text(name);
}

bool boolean_member(const Document& body, std::string_view name, bool fallback) {
  return EventReader(body, "").boolean(name, fallback);
}

EventPtr given_event(const Document& document, const std::string& pointer, const Clock& clock) {
  if (!document.object())
    throw wrong(pointer, "expected an event: an object as GET /events/{event_id} answers");
  const EventReader read(document, pointer);
  const Document* metadata = read.member("metadata");
  const EventReader read_metadata(metadata && metadata->object() ? *metadata : nothing, read.at("metadata"));
  auto event = std::make_shared<Event>();
  event->type = read.text("event_type");
  if (event->type.empty()) event->type = type_of(read.member("new_values"), read.member("old_values"));
  if (event->type.empty()) throw wrong(read.at("event_type"), "is missing, e.g. \"record_updated\"");
  event->id = read.text("event_id");
  if (event->id.empty()) event->id = "given";
  event->timestamp = read.time("timestamp", clock.now());
  event->captured_at = clock.now();
  if (read.member("user")) event->user = read.text("user");
  event->old_complete = read_metadata.boolean("old_complete", true);
  event->snapshot = read_metadata.boolean("snapshot", false);
  event->transaction_id = read_metadata.text("transaction_id");
  event->position = read_metadata.text("position");

  const Document* key = read.member("record_id");
  const auto* new_values = read.object("new_values");
  const auto* old_values = read.object("old_values");
  Shape shape;
  shape.source = read.text("source");
  shape.connection = read_metadata.text("connection");
  shape.method = read_metadata.text("method");
  if (shape.method.empty()) shape.method = "api";
  shape.database = read.text("database");
  shape.schema = read.text("schema");
  shape.table = read.text("table");
  shape.tags = read_metadata.texts("tags");
  const auto unchanged = read_metadata.texts("unchanged_fields");
  add_columns(shape, new_values, key);
  add_columns(shape, old_values, key);
  for (const auto& name : unchanged)
    if (!shape.index_of(name)) shape.columns.push_back({name, "", false});
  event->shape = seal(std::move(shape));
  event->new_row = row_of(*event->shape, new_values, unchanged);
  event->old_row = row_of(*event->shape, old_values, {});
  event->detail =
      further_members(&document, {"event_id", "trigger_id", "seq", "source", "event_type", "database",
                                  "schema", "table", "record_id", "old_values", "new_values",
                                  "changed_fields", "timestamp", "user", "metadata"});
  event->extra =
      further_members(metadata, {"connection", "method", "position", "transaction_id", "ordinal", "snapshot",
                                 "tags", "old_complete", "unchanged_fields", "captured_at"});
  if (key) event->key = key->text();
  return event;
}

EventPtr event_of_body(const Document& body, const ApiContext& api) {
  const Document* given = body.find("event");
  const std::string id = text_member(body, "event_id");
  if (given && !given->is_null() && !id.empty())
    throw wrong("/event_id", "give either 'event' or 'event_id', not both");
  if (given && !given->is_null()) return given_event(*given, "/event", *api.services.clock);
  if (id.empty()) throw wrong("/event", "is missing: an event, or the id of a recorded one as 'event_id'");
  return journaled_event(api, id);
}

EventPtr journaled_event(const ApiContext& api, const std::string& id) {
  EventPtr recorded = api.journal().find(id);
  if (!recorded)
    throw NotFound("the journal has no event '" + id + "'",
                   "retention may have dropped it: see journal.retention");
  return recorded;
}

EventPtr event_for_run(const Document& body, const ApiContext& api) {
  const Document* item = body.find("item");
  if (body.find("event") || body.find("event_id")) return event_of_body(body, api);
  Document::Object event{{"event_type", "workflow_run"}, {"source", "api"}};
  if (item && item->object()) event.emplace_back("new_values", *item);
  return given_event(Document(std::move(event)), "/item", *api.services.clock);
}

}  // namespace rowhook
