#include "engine/store/utf8_text.h"

#include <cstdint>
#include <cstring>

namespace rowhook {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}
bool continues(unsigned byte) { return (byte & 0xc0U) == 0x80U; }

// Length of the well-formed sequence at `at`; 0 when there is none (table 3-7 of the Unicode standard).
std::size_t sequence(std::string_view text, std::size_t at) {
  const unsigned a = byte_at(text, at), b = byte_at(text, at + 1), c = byte_at(text, at + 2),
                 d = byte_at(text, at + 3);
  if (a == 0) return 0;
  if (a < 0x80) return 1;
  if (a >= 0xc2 && a <= 0xdf) return continues(b) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    const bool fits = (a != 0xe0 || b >= 0xa0) && (a != 0xed || b <= 0x9f);
    return fits && continues(b) && continues(c) ? 3 : 0;
  }
  if (a >= 0xf0 && a <= 0xf4) {
    const bool fits = (a != 0xf0 || b >= 0x90) && (a != 0xf4 || b <= 0x8f);
    return fits && continues(b) && continues(c) && continues(d) ? 4 : 0;
  }
  return 0;
}

// Where the plain ASCII at the front of `text` ends, eight bytes at a time.
std::size_t plain_prefix(std::string_view text, std::size_t at) {
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t zero = (word - 0x0101010101010101U) & ~word;
    if (((word | zero) & 0x8080808080808080U) != 0) break;
  }
  return at;
}

}  // namespace

bool is_clean_utf8(std::string_view text) {
  for (std::size_t at = plain_prefix(text, 0); at < text.size();) {
    const std::size_t length = sequence(text, at);
    if (length == 0) return false;
    at = length == 1 ? plain_prefix(text, at + 1) : at + length;
  }
  return true;
}

std::string clean_utf8(std::string_view text) {
  std::string clean;
  clean.reserve(text.size() + 8);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence(text, at);
    if (length == 0) {
      clean += "\xef\xbf\xbd";
      ++at;
    } else {
      clean.append(text, at, length);
      at += length;
    }
  }
  return clean;
}

}  // namespace rowhook
