#include "web/server/posted_events.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "engine/base/guarded.h"
#include "engine/base/json.h"
#include "engine/event/document.h"
#include "engine/event/json_writer.h"
#include "web/server/call.h"
#include "web/server/query.h"

namespace rowhook {
namespace {

constexpr std::size_t max_batch = 1000;
constexpr std::size_t max_id = 1024;

InvalidInput wrong(const std::string& pointer, const std::string& detail) {
  return InvalidInput("the event is not valid: " + (pointer.empty() ? "" : pointer + ": ") + detail,
                      {{pointer, detail}});
}

bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool is_source(std::string_view text) {
  return text.size() >= 2 && text.size() <= 255 && lower(text.front()) && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return lower(c) || digit(c) || c == '-'; });
}
bool is_event_type(std::string_view text) {
  return !text.empty() && text.size() <= 255 && lower(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return lower(c) || digit(c) || c == '_'; });
}

// Letters and digits in lower case, everything between them one `joint`.
std::string folded(std::string_view text, char joint) {
  std::string out;
  for (const char c : text) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (lower(small) || digit(small)) {
      out += small;
    } else if (!out.empty() && out.back() != joint) {
      out += joint;
    }
  }
  while (!out.empty() && out.back() == joint) out.pop_back();
  return out;
}

// Events of one sender look alike: their shape is sealed once. Thread safety: safe to share.
class PostedShapes {
 public:
  ShapePtr find(const std::string& source, const Document::Object* row) {
    std::string key = source;
    if (row)
      for (const auto& [name, value] : *row) key.append(1, '\0').append(name);
    return shapes_.with([&](auto& shapes) {
      if (shapes.size() > 1024) shapes.clear();
      ShapePtr& shape = shapes[key];
      if (!shape) shape = make(source, row);
      return shape;
    });
  }

 private:
  static ShapePtr make(const std::string& source, const Document::Object* row) {
    Shape shape;
    shape.source = source;
    shape.method = "api";
    if (row)
      for (const auto& [name, value] : *row) shape.columns.push_back({name, "", false});
    return seal(std::move(shape));
  }
  Guarded<std::unordered_map<std::string, ShapePtr>> shapes_;
};

PostedShapes& shapes() {
  static PostedShapes cache;
  return cache;
}

// Unique over restarts by its random part, within one by its counter.
std::string new_event_id(const Random& random) {
  static const std::uint64_t run = random();
  static std::atomic<std::uint64_t> counter{0};
  std::array<char, 48> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "api-%016llx-%llu", static_cast<unsigned long long>(run),
                    static_cast<unsigned long long>(++counter));
  return {text.data(), static_cast<std::size_t>(size)};
}

void write_row(Event& event, const Document::Object& row) {
  RowWriter writer;
  for (const auto& [name, value] : row) {
    if (value.is_null()) {
      writer.add(ValueKind::null);
    } else if (const bool* truth = value.boolean()) {
      writer.add(*truth ? ValueKind::yes : ValueKind::no);
    } else if (const auto* number = value.number()) {
      writer.add(ValueKind::number, number->digits);
    } else if (const auto* text = value.string()) {
      writer.add(ValueKind::text, *text);
    } else {
      writer.add(ValueKind::json, value.text());
    }
  }
  event.new_row = writer.take();
}

void add_member(std::string& out, std::string_view name, std::string_view json) {
  if (!out.empty()) out += ',';
  write_json_string(out, name);
  out += ':';
  out += json;
}

void set_data(Event& event, const std::string& source, const Document* data, const std::string& pointer) {
  const Document::Object* row = data ? data->object() : nullptr;
  if (row) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : *row) names.push_back(name);
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
      throw wrong(pointer_append(pointer, *twice), "stands twice");
  }
  event.shape = shapes().find(source, row);
  if (row) {
    write_row(event, *row);
  } else if (data && !data->is_null()) {
    add_member(event.detail, "data", data->text());
  }
}

std::string text_at(const Document& object, std::string_view name, const std::string& pointer) {
  const Document* value = object.find(name);
  if (!value || value->is_null()) return "";
  if (!value->string()) throw wrong(pointer_append(pointer, name), "expected text");
  return *value->string();
}

Micros time_at(const std::string& text, const std::string& pointer, Micros now) {
  if (text.empty()) return now;
  try {
    return parse_rfc3339(text);
  } catch (const InvalidInput& error) {
    throw wrong(pointer, error.what());
  }
}

void refuse_unknown(const Document& object, std::initializer_list<std::string_view> known,
                    const std::string& pointer) {
  for (const auto& [name, value] : *object.object()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest_name(name, std::vector<std::string>(known.begin(), known.end()));
    throw wrong(pointer_append(pointer, name),
                "unknown member" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
}

// The seed's form.
Event native_event(const Document& body, const Clock& clock, const Random& random) {
  if (!body.object()) throw wrong("", "expected an object {event_type, data, metadata}");
  refuse_unknown(body, {"event_type", "data", "metadata"}, "");
  Event event;
  event.captured_at = clock.now();
  event.type = text_at(body, "event_type", "");
  if (!is_event_type(event.type))
    throw wrong(
        "/event_type",
        event.type.empty()
            ? "is missing, e.g. \"order_placed\""
            : "'" + event.type.substr(0, 255) +
                  "' is not an event type: lower-case letters, digits and '_', beginning with a letter");
  std::string source = "api";
  event.timestamp = event.captured_at;
  if (const Document* metadata = body.find("metadata"); metadata && !metadata->is_null()) {
    if (!metadata->object()) throw wrong("/metadata", "expected an object");
    refuse_unknown(*metadata, {"source", "timestamp", "user_id", "additional_data", "hops"}, "/metadata");
    if (std::string given = text_at(*metadata, "source", "/metadata"); !given.empty())
      source = std::move(given);
    if (!is_source(source))
      throw wrong("/metadata/source", "'" + source.substr(0, 255) +
                                          "' is not a source: two or more lower-case letters, digits and "
                                          "'-', beginning with a letter, e.g. \"web-shop\"");
    event.timestamp =
        time_at(text_at(*metadata, "timestamp", "/metadata"), "/metadata/timestamp", event.captured_at);
    if (const Document* user = metadata->find("user_id"); user && !user->is_null())
      event.user = user->string() ? *user->string() : user->text();
    if (const Document* more = metadata->find("additional_data"); more && !more->is_null())
      add_member(event.extra, "additional_data", more->text());
    if (const Document* hops = metadata->find("hops"); hops && !hops->is_null()) {
      if (!hops->number() ||
          !std::all_of(hops->number()->digits.begin(), hops->number()->digits.end(), digit) ||
          hops->number()->digits.size() > 4)
        throw wrong("/metadata/hops", "expected a small whole number");
      add_member(event.extra, "hops", hops->number()->digits);
    }
  }
  event.id = new_event_id(random);
  set_data(event, source, body.find("data"), "/data");
  return event;
}

// One CloudEvent, as its structured form has it. `pointer` is where it stands in the body.
Event cloud_event(const Document& body, const std::string& pointer, const Clock& clock) {
  if (!body.object())
    throw wrong(pointer, "expected a CloudEvent: an object with specversion, id, source and type");
  Event event;
  event.captured_at = clock.now();
  const auto required = [&](std::string_view name) {
    std::string value = text_at(body, name, pointer);
    if (value.empty()) throw wrong(pointer_append(pointer, name), "is missing: a CloudEvent needs it");
    return value;
  };
  if (const std::string version = required("specversion"); version != "1.0")
    throw wrong(pointer_append(pointer, "specversion"),
                "'" + version.substr(0, 20) + "' is not supported; send 1.0");
  const std::string id = required("id"), source = required("source"), type = required("type");
  const std::size_t scheme = source.find("://");
  std::string name =
      is_source(source)
          ? source
          : folded(std::string_view(source).substr(scheme == std::string::npos ? 0 : scheme + 3), '-');
  if (!is_source(name))
    throw wrong(pointer_append(pointer, "source"),
                "'" + source.substr(0, 255) + "' holds no name that could be a source");
  event.type = is_event_type(type) ? type : folded(type, '_');
  if (!is_event_type(event.type))
    throw wrong(pointer_append(pointer, "type"),
                "'" + type.substr(0, 255) + "' holds no name that could be an event type");
  event.id = source + ":" + id;
  if (event.id.size() > max_id)
    throw wrong(pointer_append(pointer, "id"), "source and id together take more than 1024 bytes");
  event.timestamp =
      time_at(text_at(body, "time", pointer), pointer_append(pointer, "time"), event.captured_at);
  Document::Object attributes;
  for (const auto& [attribute, value] : *body.object())
    if (attribute != "data" && attribute != "data_base64") attributes.emplace_back(attribute, value);
  add_member(event.extra, "cloudevent", Document(std::move(attributes)).text());
  set_data(event, name, body.find("data"), pointer_append(pointer, "data"));
  if (const std::string bytes = text_at(body, "data_base64", pointer); !bytes.empty()) {
    if (!base64_decode(bytes)) throw wrong(pointer_append(pointer, "data_base64"), "is not base64");
    std::string text;
    write_json_string(text, bytes);
    add_member(event.detail, "data_base64", text);
  }
  return event;
}

// The attributes stand in the head as ce-NAME, percent-encoded (CloudEvents HTTP binding 3.1.3); the body is
// the data.
Document from_binary_mode(const ApiRequest& request) {
  Document::Object members;
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    if (!name.starts_with("ce-")) continue;
    auto decoded = percent_decode(value);
    if (!decoded) throw bad_request("the field " + std::string(name) + " is not valid percent-encoded UTF-8");
    const std::string attribute(name.substr(3));
    if (attribute == "data" || attribute == "data_base64")
      throw bad_request("the data of a CloudEvent in binary mode is the body");
    members.emplace_back(attribute, Document(*std::move(decoded)));
  }
  if (request.body.find_first_not_of(" \t\r\n") != std::string::npos)
    members.emplace_back("data", exact_body(request));
  return Document(std::move(members));
}

}  // namespace

PostedRequest posted_events(const ApiRequest& request, const Clock& clock, const Random& random) {
  PostedRequest out;
  const std::string_view type = request.header("content-type");
  // The media types were checked against these three at the gate.
  if (type.find("cloudevents-batch") != std::string_view::npos) {
    out.batch = out.post.check_ids = true;
    const Document body = exact_body(request);
    if (!body.array()) throw wrong("", "expected an array of CloudEvents");
    if (body.array()->size() > max_batch) throw wrong("", "a batch holds at most 1000 events");
    for (std::size_t i = 0; i < body.array()->size(); ++i)
      out.post.events.push_back(cloud_event((*body.array())[i], pointer_append("", i), clock));
  } else if (type.find("cloudevents") != std::string_view::npos) {
    out.post.check_ids = true;
    out.post.events.push_back(cloud_event(exact_body(request), "", clock));
  } else if (request.headers.has("ce-specversion") || request.headers.has("ce-id")) {
    out.post.check_ids = true;
    out.post.events.push_back(cloud_event(from_binary_mode(request), "", clock));
  } else {
    out.post.events.push_back(native_event(exact_body(request), clock, random));
  }
  return out;
}

}  // namespace rowhook
