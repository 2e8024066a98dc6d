#include "engine/event/event.h"

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "engine/event/varint.h"

namespace rowhook {
namespace {

constexpr char version = 1;
enum Flag : unsigned char { has_user = 1, is_snapshot = 2, is_old_complete = 4 };

// Two values of one column are the same change-wise; `unchanged` equals anything.
bool same(const Value& before, const Value& after) {
  return after.kind == ValueKind::unchanged || before.kind == ValueKind::unchanged || before == after;
}

}  // namespace

std::string make_event_id(const Shape& shape, std::string_view order, std::uint32_t ordinal) {
  std::string id;
  id.reserve(shape.source.size() + order.size() + 12);
  id += shape.source;
  id += ':';
  id += order;
  id += ':';
  id += std::to_string(ordinal);
  return id;
}

std::string record_key(const Shape& shape, std::string_view row) {
  if (shape.key.empty() || row.empty()) return {};
  std::string key;
  if (shape.key.size() == 1) {
    const Value value = value_at(row, shape.key.front());
    if (!value.sent()) return {};
    write_json_value(key, value);
    return key;
  }
  const auto values = read_row(row, shape.columns.size());
  key += '{';
  for (const auto index : shape.key) {
    if (!values[index].sent()) return {};
    if (key.size() > 1) key += ',';
    key += shape.json_names[index];
    write_json_value(key, values[index]);
  }
  key += '}';
  return key;
}

std::optional<std::vector<std::string_view>> changed_fields(const Event& event) {
  if (event.type != event_type::updated || !event.old_complete || event.old_row.empty()) return std::nullopt;
  std::vector<std::string_view> names;
  const auto& columns = event.shape->columns;
  const auto before = read_row(event.old_row, columns.size());
  const auto after = read_row(event.new_row, columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!same(before[i], after[i])) names.push_back(columns[i].name);
  return names;
}

std::vector<std::string_view> unchanged_fields(const Event& event) {
  std::vector<std::string_view> names;
  std::size_t index = 0;
  for (RowReader reader(event.new_row); !reader.done() && index < event.shape->columns.size(); ++index)
    if (reader.next().kind == ValueKind::unchanged) names.push_back(event.shape->columns[index].name);
  return names;
}

void encode_event(const Event& event, std::string& out) {
  out.reserve(out.size() + 160 + event.old_row.size() + event.new_row.size() + event.detail.size());
  out += version;
  unsigned flags = 0;
  if (event.user) flags |= has_user;
  if (event.snapshot) flags |= is_snapshot;
  if (event.old_complete) flags |= is_old_complete;
  out += static_cast<char>(flags);
  write_varint(out, event.shape->id);
  write_bytes(out, event.id);
  write_bytes(out, event.type);
  write_bytes(out, event.order);
  write_varint(out, event.ordinal);
  write_bytes(out, event.position);
  write_bytes(out, event.transaction_id);
  write_varint(out, static_cast<std::uint64_t>(event.timestamp));
  write_varint(out, static_cast<std::uint64_t>(event.captured_at));
  if (event.user) write_bytes(out, *event.user);
  write_bytes(out, event.key);
  write_bytes(out, event.old_row);
  write_bytes(out, event.new_row);
  write_bytes(out, event.detail);
  write_bytes(out, event.extra);
}

namespace {

// Consumes version and flags.
unsigned read_flags(std::string_view& bytes) {
  if (bytes.size() < 2 || bytes.front() != version)
    throw PermanentError("an event is stored in an unknown form",
                         "it was written by a newer version of rowhook: run that version");
  const auto flags = static_cast<unsigned char>(bytes[1]);
  if ((flags & ~static_cast<unsigned>(has_user | is_snapshot | is_old_complete)) != 0)
    throw PermanentError("encoded bytes are damaged");
  bytes.remove_prefix(2);
  return flags;
}

std::uint32_t read_ordinal(std::string_view& bytes) {
  const std::uint64_t ordinal = read_varint(bytes);
  if (ordinal > UINT32_MAX) throw PermanentError("encoded bytes are damaged");
  return static_cast<std::uint32_t>(ordinal);
}

}  // namespace

Event decode_event(std::string_view bytes, std::uint64_t seq, const ShapeLookup& shape) {
  const unsigned flags = read_flags(bytes);
  Event event;
  event.seq = seq;
  event.snapshot = (flags & is_snapshot) != 0;
  event.old_complete = (flags & is_old_complete) != 0;
  const std::uint64_t shape_id = read_varint(bytes);
  event.shape = shape(shape_id);
  if (!event.shape) throw PermanentError("event " + std::to_string(seq) + " refers to a table shape that is not stored");
  event.id = read_bytes(bytes);
  event.type = read_bytes(bytes);
  event.order = read_bytes(bytes);
  event.ordinal = read_ordinal(bytes);
  event.position = read_bytes(bytes);
  event.transaction_id = read_bytes(bytes);
  event.timestamp = static_cast<Micros>(read_varint(bytes));
  event.captured_at = static_cast<Micros>(read_varint(bytes));
  if ((flags & has_user) != 0) event.user = std::string(read_bytes(bytes));
  event.key = read_bytes(bytes);
  event.old_row = read_bytes(bytes);
  event.new_row = read_bytes(bytes);
  event.detail = read_bytes(bytes);
  event.extra = read_bytes(bytes);
  if (!bytes.empty()) throw PermanentError("encoded bytes are damaged");
  return event;
}

EventHead read_event_head(std::string_view bytes) {
  const unsigned flags = read_flags(bytes);
  EventHead head;
  head.shape_id = read_varint(bytes);
  head.id = read_bytes(bytes);
  head.type = read_bytes(bytes);
  head.order = read_bytes(bytes);
  read_ordinal(bytes);
  read_bytes(bytes);  // position
  read_bytes(bytes);  // transaction_id
  head.timestamp = static_cast<Micros>(read_varint(bytes));
  head.captured_at = static_cast<Micros>(read_varint(bytes));
  if ((flags & has_user) != 0) read_bytes(bytes);
  head.key = read_bytes(bytes);
  return head;
}

}  // namespace rowhook
