#include "engine/event/json_writer.h"

#include <algorithm>
#include <array>

namespace rowhook {
namespace {

void append_base64(std::string& out, std::string_view bytes);

// Length of the UTF-8 sequence at the front of `text`, 0 when it is malformed (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return byte(1) >= low && byte(1) <= high && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return byte(1) >= low && byte(1) <= high && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

// Bytes that can be copied as they are: printable ASCII but for the quote and the backslash.
constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> plain{};
  for (std::size_t i = 0x20; i < 0x7f; ++i) plain[i] = i != '"' && i != '\\';
  return plain;
}();

void write_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  constexpr char digits[] = "0123456789abcdef";
  out += "\\u00";
  out += digits[c >> 4];
  out += digits[c & 15];
}

template <typename Names>
void write_string_list(std::string& out, const Names& names) {
  out += '[';
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ',';
    write_json_string(out, names[i]);
  }
  out += ']';
}

void write_member(std::string& out, std::string_view name, std::string_view text) {
  out += name;
  if (text.empty()) {
    out += "null";
  } else {
    write_json_string(out, text);
  }
}

// unchanged_fields() without the list in between: it is empty nearly always.
void write_unchanged_fields(std::string& out, const Event& event) {
  out += '[';
  bool first = true;
  std::size_t index = 0;
  const auto& columns = event.shape->columns;
  for (RowReader reader(event.new_row); !reader.done() && index < columns.size(); ++index) {
    if (reader.next().kind != ValueKind::unchanged) continue;
    if (!first) out += ',';
    first = false;
    write_json_string(out, columns[index].name);
  }
  out += ']';
}

void write_metadata(std::string& out, const Event& event) {
  const Shape& shape = *event.shape;
  write_member(out, ",\"metadata\":{\"connection\":", shape.connection);
  write_member(out, ",\"method\":", shape.method);
  write_member(out, ",\"position\":", event.position);
  write_member(out, ",\"transaction_id\":", event.transaction_id);
  out += ",\"ordinal\":";
  out += std::to_string(event.ordinal);
  out += event.snapshot ? ",\"snapshot\":true" : ",\"snapshot\":false";
  out += ",\"tags\":";
  write_string_list(out, shape.tags);
  out += event.old_complete ? ",\"old_complete\":true" : ",\"old_complete\":false";
  out += ",\"unchanged_fields\":";
  write_unchanged_fields(out, event);
  out += ",\"captured_at\":\"";
  append_rfc3339(out, event.captured_at);
  out += '"';
  if (!event.extra.empty()) {
    out += ',';
    out += event.extra;
  }
  out += '}';
}

}  // namespace

void write_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t start = 0, i = 0;
  const auto flush = [&] { out.append(text.substr(start, i - start)); };
  while (i < text.size()) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (plain_bytes[c]) {
      ++i;
      continue;
    }
    if (c >= 0x80) {
      if (const std::size_t length = utf8_length(text.substr(i)); length > 0) {
        i += length;
        continue;
      }
      flush();
      out += "\xef\xbf\xbd";
    } else {
      flush();
      write_escape(out, c);
    }
    start = ++i;
  }
  flush();
  out += '"';
}

std::string to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = text.front() == '\0' ? 0 : utf8_length(text);
    if (length > 0) {
      out += text.substr(0, length);
    } else {
      out += "\xef\xbf\xbd";
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

void write_json_value(std::string& out, const Value& value) {
  switch (value.kind) {
    case ValueKind::absent:
    case ValueKind::unchanged:
    case ValueKind::null: out += "null"; break;
    case ValueKind::no: out += "false"; break;
    case ValueKind::yes: out += "true"; break;
    case ValueKind::number:
    case ValueKind::json: out += value.text; break;
    case ValueKind::text: write_json_string(out, value.text); break;
    case ValueKind::bytes:
      out += '"';
      append_base64(out, value.text);
      out += '"';
      break;
  }
}

void write_json_row(std::string& out, const Shape& shape, std::string_view row) {
  if (row.empty()) {
    out += "null";
    return;
  }
  out += '{';
  bool first = true;
  std::size_t index = 0;
  for (RowReader reader(row); !reader.done() && index < shape.json_names.size(); ++index) {
    const Value value = reader.next();
    if (!value.sent()) continue;
    if (!first) out += ',';
    first = false;
    out += shape.json_names[index];
    write_json_value(out, value);
  }
  out += '}';
}

void write_json_event(std::string& out, const Event& event) {
  const Shape& shape = *event.shape;
  out.reserve(out.size() + 700 + 2 * (event.old_row.size() + event.new_row.size()));
  write_member(out, "{\"event_id\":", event.id);
  write_member(out, ",\"trigger_id\":", event.id);
  out += ",\"seq\":";
  out += std::to_string(event.seq);
  write_member(out, ",\"source\":", shape.source);
  write_member(out, ",\"event_type\":", event.type);
  write_member(out, ",\"database\":", shape.database);
  write_member(out, ",\"schema\":", shape.schema);
  write_member(out, ",\"table\":", shape.table);
  out += ",\"record_id\":";
  out += event.key.empty() ? "null" : event.key;
  out += ",\"old_values\":";
  write_json_row(out, shape, event.old_row);
  out += ",\"new_values\":";
  write_json_row(out, shape, event.new_row);
  out += ",\"changed_fields\":";
  if (const auto names = changed_fields(event)) {
    write_string_list(out, *names);
  } else {
    out += "null";
  }
  out += ",\"timestamp\":\"";
  append_rfc3339(out, event.timestamp);
  out += '"';
  write_member(out, ",\"user\":", event.user.value_or(""));
  if (!event.detail.empty()) {
    out += ',';
    out += event.detail;
  }
  write_metadata(out, event);
  out += '}';
}

std::string event_json(const Event& event) {
  std::string out;
  write_json_event(out, event);
  return out;
}

namespace {

constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> base64_digits = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < base64_alphabet.size(); ++i)
    digits[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::int8_t>(i);
  return digits;
}();

void append_base64(std::string& out, std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[i])); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    const char digits[] = {base64_alphabet[group >> 18], base64_alphabet[group >> 12 & 63],
                           base64_alphabet[group >> 6 & 63], base64_alphabet[group & 63]};
    out.append(digits, sizeof digits);
  }
  if (i == bytes.size()) return;
  const bool two = i + 2 == bytes.size();
  const unsigned group = byte(i) << 16 | (two ? byte(i + 1) << 8 : 0U);
  out += base64_alphabet[group >> 18];
  out += base64_alphabet[group >> 12 & 63];
  out += two ? base64_alphabet[group >> 6 & 63] : '=';
  out += '=';
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  append_base64(out, bytes);
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  text.remove_suffix(padding);
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const int digit = base64_digits[static_cast<unsigned char>(c)];
    if (digit < 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(group >> bits & 0xff);
  }
  if ((group & ((1U << bits) - 1)) != 0) return std::nullopt;  // bits that no encoder leaves
  return out;
}

}  // namespace rowhook
