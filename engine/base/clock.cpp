#include "engine/base/clock.h"

#include <cctype>
#include <charconv>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

class SystemClock final : public Clock {
 public:
  Micros now() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  std::chrono::steady_clock::time_point steady() const override { return std::chrono::steady_clock::now(); }
};

void put_digits(std::string& out, std::int64_t value, int width) {
  char buffer[20];
  for (int i = width - 1; i >= 0; --i) {
    buffer[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(buffer, static_cast<std::size_t>(width));
}

[[noreturn]] void bad_time(std::string_view text) {
  throw InvalidInput("'" + std::string(text) + "' is not an RFC 3339 time", {},
                     "write it as 2025-08-05T10:00:00Z");
}

struct Cursor {
  std::string_view whole;
  std::size_t at = 0;
  char peek() const { return at < whole.size() ? whole[at] : '\0'; }
  int digits(std::size_t count) {
    if (at + count > whole.size()) bad_time(whole);
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = whole[at + i];
      if (c < '0' || c > '9') bad_time(whole);
      value = value * 10 + (c - '0');
    }
    at += count;
    return value;
  }
  void expect(char c) {
    if (peek() != c) bad_time(whole);
    ++at;
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string format_rfc3339(Micros time) {
  using namespace std::chrono;
  const sys_time<microseconds> point{microseconds{time}};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss<microseconds> clock{point - day};
  std::string out;
  out.reserve(32);
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999) {
    out += year < 0 ? '-' : '+';
    put_digits(out, year < 0 ? -year : year, 6);
  } else {
    put_digits(out, year, 4);
  }
  out += '-';
  put_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  put_digits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  put_digits(out, clock.hours().count(), 2);
  out += ':';
  put_digits(out, clock.minutes().count(), 2);
  out += ':';
  put_digits(out, clock.seconds().count(), 2);
  out += '.';
  put_digits(out, clock.subseconds().count(), 6);
  out += 'Z';
  return out;
}

Micros parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  Cursor in{text};
  const year y{in.digits(4)};
  in.expect('-');
  const month m{static_cast<unsigned>(in.digits(2))};
  in.expect('-');
  const day d{static_cast<unsigned>(in.digits(2))};
  const year_month_day date{y, m, d};
  if (!date.ok()) bad_time(text);
  if (in.peek() != 'T' && in.peek() != 't' && in.peek() != ' ') bad_time(text);
  ++in.at;
  const int hour = in.digits(2);
  in.expect(':');
  const int minute = in.digits(2);
  in.expect(':');
  const int second = in.digits(2);
  if (hour > 23 || minute > 59 || second > 60) bad_time(text);
  std::int64_t fraction = 0;
  if (in.peek() == '.') {
    ++in.at;
    int scale = 6;
    std::size_t count = 0;
    for (; std::isdigit(static_cast<unsigned char>(in.peek())); ++in.at, ++count) {
      if (scale > 0) {
        fraction = fraction * 10 + (in.peek() - '0');
        --scale;
      }
    }
    if (count == 0) bad_time(text);
    for (; scale > 0; --scale) fraction *= 10;
  }
  std::int64_t offset_minutes = 0;
  if (in.peek() == 'Z' || in.peek() == 'z') {
    ++in.at;
  } else if (in.peek() == '+' || in.peek() == '-') {
    const int sign = in.peek() == '-' ? -1 : 1;
    ++in.at;
    const int hours = in.digits(2);
    in.expect(':');
    offset_minutes = sign * (hours * 60 + in.digits(2));
  } else {
    bad_time(text);
  }
  if (in.at != text.size()) bad_time(text);
  const std::int64_t day_number = sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = ((day_number * 24 + hour) * 60 + minute - offset_minutes) * 60 + second;
  return seconds * 1'000'000 + fraction;
}

std::chrono::milliseconds parse_duration(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  std::int64_t factor = 0;
  if (unit == "ms") factor = 1;
  if (unit == "s") factor = 1000;
  if (unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (unit == "d") factor = 86'400'000;
  if (error != std::errc{} || factor == 0 || value < 0 || value > INT64_MAX / factor)
    throw InvalidInput("'" + std::string(text) + "' is not a duration", {}, "write 500ms, 30s, 5m, 1h or 7d");
  return std::chrono::milliseconds{value * factor};
}

std::uint64_t parse_size(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  std::uint64_t factor = 0;
  if (unit.empty() || unit == "B") factor = 1;
  if (unit == "KiB") factor = 1ULL << 10;
  if (unit == "MiB") factor = 1ULL << 20;
  if (unit == "GiB") factor = 1ULL << 30;
  if (unit == "TiB") factor = 1ULL << 40;
  if (error != std::errc{} || factor == 0 || value > UINT64_MAX / factor)
    throw InvalidInput("'" + std::string(text) + "' is not a size", {}, "write 100, 64KiB, 10MiB or 2GiB");
  return value * factor;
}

}  // namespace rowhook
