#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/event/value.h"

namespace rowhook {

namespace event_type {
inline constexpr std::string_view inserted = "record_inserted";
inline constexpr std::string_view updated = "record_updated";
inline constexpr std::string_view deleted = "record_deleted";
inline constexpr std::string_view truncated = "table_truncated";
inline constexpr std::string_view schema_changed = "schema_changed";
inline constexpr std::string_view database_error = "database_error";
inline constexpr std::string_view capture_gap = "capture_gap";
}  // namespace event_type

// One change, or one thing posted to the API. CONTRACT: JSON field names and meanings as in docs/events.md.
// Built once by a source, immutable afterwards (passed as EventPtr). Thread safety: safe to share once const.
struct Event {
  std::uint64_t seq = 0;  // the journal's; 0 until journaled
  std::string id;         // event_id; make_event_id() for captured changes
  std::string type;       // event_type::* or any [a-z][a-z0-9_]* that was posted
  ShapePtr shape;         // never null; its table is empty for events that concern no table
  // Where in the source: `order` sorts byte-wise within one source in commit order ("" for posted events), all changes
  // of one transaction share it, and `ordinal` counts from 0 within the transaction.
  std::string order;
  std::uint32_t ordinal = 0;
  std::string position;        // the same place as the database prints it, e.g. "0/16B3748"
  std::string transaction_id;  // "" if unknown
  Micros timestamp = 0;        // commit time by the database's clock (or when posted)
  Micros captured_at = 0;
  std::optional<std::string> user;
  bool snapshot = false;
  bool old_complete = true;  // false: old_row holds key columns only, or nothing though the row existed before
  std::string old_row;       // encoded row of shape->columns; "" = null in JSON
  std::string new_row;
  std::string key;     // record_id as JSON text (`42`, `"a"`, `{"a":1,"b":2}`); "" = null
  std::string detail;  // further top-level JSON members `"change_type":"ALTER",...` (no braces); "" for none
  std::string extra;   // further members of metadata, likewise
};
using EventPtr = std::shared_ptr<const Event>;

// "{source}:{order}:{ordinal}": equal on every redelivery of the same change, different for different changes.
std::string make_event_id(const Shape& shape, std::string_view order, std::uint32_t ordinal);
// record_id from the key columns of an encoded row; "" when the shape has no key or a key column was not sent.
std::string record_key(const Shape& shape, std::string_view row);

// Names of columns that differ between old and new, in column order; nullopt when unknown (old_complete false) or not an
// update. A column that is `unchanged` is not changed.
std::optional<std::vector<std::string_view>> changed_fields(const Event& event);
std::vector<std::string_view> unchanged_fields(const Event& event);

// Binary form, for the journal and the script hosts. Version byte first. Does not contain seq nor the shape, only its id.
void encode_event(const Event& event, std::string& out);
using ShapeLookup = std::function<ShapePtr(std::uint64_t id)>;
// Throws PermanentError when the bytes are not an event or the shape is unknown.
Event decode_event(std::string_view bytes, std::uint64_t seq, const ShapeLookup& shape);

// What an index or a filter needs of an encoded event, without decoding the rest. Views into the bytes it was read from.
struct EventHead {
  std::uint64_t shape_id = 0;
  std::string_view id, type, order, key;
  Micros timestamp = 0, captured_at = 0;
};
// Throws PermanentError as decode_event does; the rows are not looked at.
EventHead read_event_head(std::string_view bytes);

}  // namespace rowhook
