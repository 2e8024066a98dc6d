// Unsigned LEB128 and length-prefixed bytes: the integers of the journal's and the script hosts' binary form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/errors.h"

namespace rowhook {

inline void write_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>((value & 0x7f) | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

inline void write_bytes(std::string& out, std::string_view bytes) {
  write_varint(out, bytes.size());
  out += bytes;
}

// Consumes from the front of `in`. Throws PermanentError when it ends early or the number needs more than 64 bits.
inline std::uint64_t read_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in.empty()) break;
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    if (shift == 63 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw PermanentError("encoded bytes are damaged");
}

inline std::string_view read_bytes(std::string_view& in) {
  const std::uint64_t length = read_varint(in);
  if (length > in.size()) throw PermanentError("encoded bytes are damaged");
  const std::string_view bytes = in.substr(0, length);
  in.remove_prefix(length);
  return bytes;
}

}  // namespace rowhook
