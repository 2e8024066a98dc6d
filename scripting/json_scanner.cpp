#include "scripting/json_scanner.h"

#include <algorithm>

namespace rowhook {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  bool document() {
    skip();
    if (!value(0)) return false;
    skip();
    return at_ == text_.size();
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }
  bool digits() {
    const std::size_t start = at_;
    while (is_digit(peek())) ++at_;
    return at_ > start;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      return digits();
    }
    return true;
  }

  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') continue;
      const char escape = peek();
      if (at_ >= text_.size() || std::string_view("\"\\/bfnrtu").find(escape) == std::string_view::npos)
        return false;
      ++at_;
      for (int i = 0; escape == 'u' && i < 4; ++i, ++at_)
        if (!is_hex(peek())) return false;
    }
    return false;
  }

  bool container(char close, bool named, int depth) {
    ++at_;
    skip();
    if (take(close)) return true;
    for (;;) {
      if (named) {
        if (!string()) return false;
        skip();
        if (!take(':')) return false;
        skip();
      }
      if (!value(depth + 1)) return false;
      skip();
      if (take(close)) return true;
      if (!take(',')) return false;
      skip();
    }
  }

  bool value(int depth) {
    if (depth > max_json_depth) return false;
    switch (json_kind(text_.substr(at_, 1))) {
      case JsonKind::null:
        return word("null");
      case JsonKind::no:
        return word("false");
      case JsonKind::yes:
        return word("true");
      case JsonKind::number:
        return number();
      case JsonKind::string:
        return string();
      case JsonKind::array:
        return container(']', false, depth);
      case JsonKind::object:
        return container('}', true, depth);
      case JsonKind::bad:
        break;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

unsigned hex_value(std::string_view four) {
  unsigned value = 0;
  for (const char c : four)
    value = value * 16 + static_cast<unsigned>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  return value;
}

void append_utf8(std::string& out, unsigned code) {
  const auto byte = [&](unsigned value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0U | (code >> 6));
    byte(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    byte(0xe0U | (code >> 12));
    byte(0x80U | ((code >> 6) & 0x3fU));
    byte(0x80U | (code & 0x3fU));
  } else {
    byte(0xf0U | (code >> 18));
    byte(0x80U | ((code >> 12) & 0x3fU));
    byte(0x80U | ((code >> 6) & 0x3fU));
    byte(0x80U | (code & 0x3fU));
  }
}

// Where the value that begins at `at` ends; the text is known to be well-formed.
std::size_t value_end(std::string_view text, std::size_t at) {
  const auto string_end = [&](std::size_t i) {
    for (++i; i < text.size() && text[i] != '"'; ++i)
      if (text[i] == '\\') ++i;
    return i + 1;
  };
  if (text[at] == '"') return string_end(at);
  if (text[at] != '{' && text[at] != '[') {
    while (at < text.size() && !is_space(text[at]) && text[at] != ',' && text[at] != '}' && text[at] != ']')
      ++at;
    return at;
  }
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = string_end(at);
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) break;
  }
  return at;
}

}  // namespace

JsonKind json_kind(std::string_view text) {
  if (text.empty()) return JsonKind::bad;
  switch (text.front()) {
    case 'n':
      return JsonKind::null;
    case 'f':
      return JsonKind::no;
    case 't':
      return JsonKind::yes;
    case '"':
      return JsonKind::string;
    case '[':
      return JsonKind::array;
    case '{':
      return JsonKind::object;
    default:
      return text.front() == '-' || is_digit(text.front()) ? JsonKind::number : JsonKind::bad;
  }
}

std::string_view trim_json(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_json(std::string_view text) { return Checker(text).document(); }

void unescape_json(std::string_view raw, std::string& out) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\' || i + 1 >= raw.size()) {
      out += raw[i];
      continue;
    }
    const char c = raw[++i];
    constexpr std::string_view from = "bfnrt", to = "\b\f\n\r\t";
    if (const std::size_t at = from.find(c); at != std::string_view::npos) {
      out += to[at];
    } else if (c != 'u') {
      out += c;
    } else {
      unsigned code = hex_value(raw.substr(i + 1, 4));
      i += 4;
      if (code >= 0xd800 && code < 0xdc00 && raw.substr(i + 1, 2) == "\\u") {
        const unsigned low = hex_value(raw.substr(i + 3, 4));
        if (low >= 0xdc00 && low < 0xe000) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          i += 6;
        }
      }
      append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
    }
  }
}

JsonCursor::JsonCursor(std::string_view text) : text_(text), array_(!text.empty() && text.front() == '[') {}

bool JsonCursor::next(std::string_view& name, std::string_view& value) {
  const auto skip = [&] {
    while (at_ < text_.size() && (is_space(text_[at_]) || text_[at_] == ',' || text_[at_] == ':')) ++at_;
  };
  skip();
  if (at_ >= text_.size() || text_[at_] == ']' || text_[at_] == '}') return false;
  name = {};
  if (!array_) {
    const std::size_t end = value_end(text_, at_);
    name = text_.substr(at_ + 1, end - at_ - 2);
    at_ = end;
    skip();
  }
  const std::size_t end = value_end(text_, at_);
  value = text_.substr(at_, end - at_);
  at_ = end;
  return true;
}

}  // namespace rowhook
