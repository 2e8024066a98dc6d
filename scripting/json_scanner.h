// Reads JSON in place: slices of the text instead of a document. RFC 8259, at most 64 levels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rowhook {

inline constexpr int max_json_depth = 64;

enum class JsonKind : std::uint8_t { null, no, yes, number, string, array, object, bad };

// The kind of the value at the front of `text`; `bad` when none begins there. Looks at the first byte only.
JsonKind json_kind(std::string_view text);

// Without JSON's white space around it.
std::string_view trim_json(std::string_view text);

// The whole text is one JSON value (white space around it allowed). Checks every byte, UTF-8 excepted.
bool is_json(std::string_view text);

// The content of a string literal (without its quotes) with its escapes resolved, appended to `out`.
// Lone surrogates become U+FFFD.
void unescape_json(std::string_view raw, std::string& out);

// Goes over the members of an object or the elements of an array; `text` must have passed is_json().
// Thread safety: none.
class JsonCursor {
 public:
  // `text` begins with { or [.
  explicit JsonCursor(std::string_view text);
  bool is_array() const { return array_; }
  // False at the end. `name` is the raw content of the name's literal, empty for arrays.
  bool next(std::string_view& name, std::string_view& value);

 private:
  std::string_view text_;
  std::size_t at_ = 1;
  bool array_;
};

}  // namespace rowhook
