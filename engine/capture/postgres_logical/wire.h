// Big-endian integers of the replication protocol.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/errors.h"

namespace rowhook {

// PostgreSQL counts microseconds from 2000-01-01T00:00:00Z.
inline constexpr Micros postgres_epoch = 946'684'800'000'000;

// Reads from the front of bytes it does not own. Throws PermanentError when they end early.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::string_view bytes(std::size_t count) {
    if (count > rest_.size()) throw PermanentError("replication message ends too early");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(bytes(1).front()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() { return integer(8); }
  Micros time() { return static_cast<Micros>(u64() + static_cast<std::uint64_t>(postgres_epoch)); }
  std::string_view string() {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) throw PermanentError("replication message ends inside a string");
    const std::string_view text = bytes(end);
    bytes(1);
    return text;
  }

 private:
  std::uint64_t integer(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : bytes(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  std::string_view rest_;
};

inline void put_u64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

}  // namespace rowhook
