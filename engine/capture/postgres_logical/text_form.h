// The text forms that scalar values and array elements share.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace rowhook {

// True when `text` is a JSON number as it stands: 42, -0.5, 1e+20; not NaN, Infinity, 007 or +1.
bool is_json_number(std::string_view text);

// Appends the bytes of bytea's hex form "\x6869". False (and `out` unchanged) when it is another form.
bool append_hex_bytes(std::string& out, std::string_view text);

struct InstantText {
  std::array<char, 27> characters;
  std::string_view view() const { return {characters.data(), characters.size()}; }
};
// "2024-02-29 10:00:00.5+00" to "2024-02-29T10:00:00.500000Z". False for everything RFC 3339 cannot say:
// infinity, BC, years beyond 9999, another zone than UTC.
bool format_instant(std::string_view text, InstantText& out);

// True when append_clean_json() would copy the text as it is (asked cheaply: ASCII without line breaks).
bool is_plain_json(std::string_view json);
// Appends a JSON text on one line (line breaks between its tokens become spaces) with bytes that are not
// UTF-8, as a SQL_ASCII database may hold them, replaced by U+FFFD.
void append_clean_json(std::string& out, std::string_view json);

}  // namespace rowhook
