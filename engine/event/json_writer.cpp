#include "engine/event/json_writer.h"

#include <openssl/evp.h>

#include <array>

namespace rowhook {
namespace {

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

void write_string_list(std::string& out, const std::vector<std::string_view>& names) {
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
  write_string_list(out, {shape.tags.begin(), shape.tags.end()});
  out += event.old_complete ? ",\"old_complete\":true" : ",\"old_complete\":false";
  out += ",\"unchanged_fields\":";
  write_string_list(out, unchanged_fields(event));
  out += ",\"captured_at\":\"";
  out += format_rfc3339(event.captured_at);
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
      out += base64_encode(value.text);
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
  out += format_rfc3339(event.timestamp);
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

std::string base64_encode(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3 + 1, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<std::size_t>(length) - padding);
  return out;
}

}  // namespace rowhook
