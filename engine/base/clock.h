#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace rowhook {

// Microseconds since 1970-01-01T00:00:00Z, proleptic Gregorian. The unit of every stored time.
using Micros = std::int64_t;

// Thread safety: implementations are safe to share.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Micros now() const = 0;                                  // wall clock, UTC; may jump
  virtual std::chrono::steady_clock::time_point steady() const = 0;  // for durations and deadlines
};

const Clock& system_clock();  // the machine's clocks

// "2025-08-05T10:00:00.123456Z": always six digits, always Z. Years outside 0000-9999 are printed with a sign (ISO 8601).
std::string format_rfc3339(Micros time);
void append_rfc3339(std::string& out, Micros time);  // the same, without a string in between
// Accepts RFC 3339 with any offset and any number of fractional digits (truncated to microseconds), and what
// format_rfc3339 prints for years outside 0000-9999. Throws InvalidInput.
Micros parse_rfc3339(std::string_view text);
// "500ms", "30s", "5m", "1h", "7d"; at most a century. Throws InvalidInput naming the accepted forms.
std::chrono::milliseconds parse_duration(std::string_view text);
// "64KiB", "10MiB", "2GiB", "100" (bytes). Throws InvalidInput.
std::uint64_t parse_size(std::string_view text);

}  // namespace rowhook
