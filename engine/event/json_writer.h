// JSON straight from rows, without a document in between. Numbers keep every digit.
#pragma once

#include <string>
#include <string_view>

#include "engine/event/event.h"

namespace rowhook {

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void write_json_string(std::string& out, std::string_view text);
// `text` with every byte that is not part of UTF-8, and every NUL, replaced by U+FFFD: what any database can hold.
std::string to_utf8(std::string_view text);
// Appends any value: null for null/absent/unchanged, base64 text for bytes.
void write_json_value(std::string& out, const Value& value);
// Appends an encoded row as an object; absent and unchanged columns are left out. "null" for an empty row.
void write_json_row(std::string& out, const Shape& shape, std::string_view row);
// Appends the whole event in the shape of CONTRACT.md section 2.
void write_json_event(std::string& out, const Event& event);
std::string event_json(const Event& event);

std::string base64_encode(std::string_view bytes);
// Standard alphabet with padding. nullopt when malformed.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace rowhook
