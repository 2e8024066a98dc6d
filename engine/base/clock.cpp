#include "engine/base/clock.h"

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

constexpr std::int64_t micros_per_day = 86'400'000'000;

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

struct Date {
  std::int64_t year = 0;
  int month = 0, day = 0;
};

// Days since 1970-01-01 to the proleptic Gregorian calendar and back, over all of int64's microseconds (std::chrono's years
// end at 32767). Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": eras of 400 years that begin on 1 March.
Date date_of(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = floor_divide(days, 146'097);
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;  // from March
  Date date;
  date.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

std::int64_t days_of(const Date& date) {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

bool is_date(const Date& date) {
  if (date.month < 1 || date.month > 12 || date.day < 1) return false;
  constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
  return date.day <= lengths[date.month - 1] + (date.month == 2 && leap ? 1 : 0);
}

void put_date(std::string& out, const Date& date) {
  if (date.year < 0 || date.year > 9999) {
    out += date.year < 0 ? '-' : '+';
    put_digits(out, date.year < 0 ? -date.year : date.year, 6);
  } else {
    put_digits(out, date.year, 4);
  }
  out += '-';
  put_digits(out, date.month, 2);
  out += '-';
  put_digits(out, date.day, 2);
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
  // Microseconds of ".123", 0 when there is no fraction.
  std::int64_t fraction() {
    if (peek() != '.') return 0;
    ++at;
    std::int64_t micros = 0, unit = 100'000;
    const std::size_t start = at;
    for (; peek() >= '0' && peek() <= '9'; ++at, unit /= 10) micros += (peek() - '0') * unit;
    if (at == start) bad_time(whole);
    return micros;
  }
  // Minutes east of UTC of "Z" or "+02:00".
  std::int64_t offset() {
    const char sign = peek();
    ++at;
    if (sign == 'Z' || sign == 'z') return 0;
    if (sign != '+' && sign != '-') bad_time(whole);
    const int hours = digits(2);
    expect(':');
    const int minutes = digits(2);
    if (hours > 23 || minutes > 59) bad_time(whole);
    return (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

void append_rfc3339(std::string& out, Micros time) {
  const std::int64_t day = floor_divide(time, micros_per_day);
  // The day's text is kept: times come in crowds, and the calendar costs more than the rest.
  thread_local std::int64_t known_day = INT64_MIN;
  thread_local std::string known_date;
  if (day != known_day) {
    known_date.clear();
    put_date(known_date, date_of(day));
    known_day = day;
  }
  out += known_date;
  const std::int64_t remainder = time % micros_per_day;
  auto rest = static_cast<std::uint64_t>(remainder < 0 ? remainder + micros_per_day : remainder);
  char clock[] = "T00:00:00.000000Z";
  const auto put = [&](std::size_t at, int width, std::uint64_t value) {
    for (std::size_t i = at + static_cast<std::size_t>(width); i-- > at; value /= 10)
      clock[i] = static_cast<char>('0' + value % 10);
  };
  put(10, 6, rest % 1'000'000);
  rest /= 1'000'000;
  put(7, 2, rest % 60);
  put(4, 2, rest / 60 % 60);
  put(1, 2, rest / 3600);
  out.append(clock, sizeof clock - 1);
}

std::string format_rfc3339(Micros time) {
  std::string out;
  out.reserve(32);
  append_rfc3339(out, time);
  return out;
}

Micros parse_rfc3339(std::string_view text) {
  Cursor in{text};
  const bool negative = in.peek() == '-', long_year = negative || in.peek() == '+';
  if (long_year) ++in.at;
  Date date;
  date.year = in.digits(long_year ? 6 : 4) * (negative ? -1 : 1);
  in.expect('-');
  date.month = in.digits(2);
  in.expect('-');
  date.day = in.digits(2);
  if (!is_date(date)) bad_time(text);
  if (in.peek() != 'T' && in.peek() != 't' && in.peek() != ' ') bad_time(text);
  ++in.at;
  const int hour = in.digits(2);
  in.expect(':');
  const int minute = in.digits(2);
  in.expect(':');
  const int second = in.digits(2);
  if (hour > 23 || minute > 59 || second > 60) bad_time(text);
  const std::int64_t fraction = in.fraction();
  const std::int64_t seconds = ((days_of(date) * 24 + hour) * 60 + minute - in.offset()) * 60 + second;
  if (in.at != text.size()) bad_time(text);
  constexpr std::int64_t limit = INT64_MAX / 1'000'000;  // years beyond -290307 and 294247 do not fit
  if (seconds >= limit || seconds <= -limit) bad_time(text);
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
  constexpr std::int64_t longest = 36'500LL * 86'400'000;  // a century: sums with clock times never overflow
  if (error != std::errc{} || factor == 0 || value < 0 || value > longest / factor)
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
