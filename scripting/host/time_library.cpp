// Times are RFC 3339 text, as in rows and in the event; every function takes text or seconds since 1970
// (UTC).
#include <array>
#include <cmath>
#include <cstdio>

#include "engine/base/clock.h"
#include "scripting/host/context.h"

namespace rowhook {
namespace {

constexpr Micros second = 1'000'000;

// Forms that databases print, as RFC 3339: a date alone, a space for the T, no zone (UTC), a zone of hours
// only.
std::string normalized(std::string_view text) {
  std::string time(text);
  if (time.size() == 10) return time + "T00:00:00Z";
  if (time.size() > 10 && time[10] == ' ') time[10] = 'T';
  const std::size_t zone = time.find_first_of("Zz+-", 11);
  if (zone == std::string::npos) return time + "Z";
  if (time[zone] != 'Z' && time[zone] != 'z' && time.size() - zone == 3) time += ":00";
  return time;
}

Micros parse_time(std::string_view text) {
  try {
    return parse_rfc3339(normalized(text));
  } catch (const std::exception&) {
    throw std::invalid_argument("'" + std::string(text.substr(0, 60)) +
                                "' is no time: write it as 2025-08-05T10:00:00Z, or as seconds since 1970");
  }
}

// The argument as a time. Lua's argument errors are raised before any C++ object is made.
Micros time_argument(lua_State* L, int index) {
  if (lua_type(L, index) == LUA_TNUMBER) {
    const double seconds = lua_tonumber(L, index);
    if (!(std::fabs(seconds) < 1e12)) throw std::invalid_argument("the number of seconds is out of range");
    return static_cast<Micros>(std::llround(seconds * 1e6));
  }
  return parse_time(check_text(L, index));
}

void push_micros_as_seconds(lua_State* L, Micros micros) {
  lua_pushnumber(L, static_cast<double>(micros) / 1e6);
}

int now(lua_State* L) {
  ScriptContext& c = context(L);
  const auto& header = c.call->header;
  c.scratch = format_rfc3339(header.captured_at != 0 ? header.captured_at : header.timestamp);
  push_text(L, c.scratch);
  return 1;
}

int parse(lua_State* L) {
  push_micros_as_seconds(L, time_argument(L, 1));
  return 1;
}

struct Parts {
  int year;
  unsigned month, day;
  int hour, minute, second_of_minute, micros, weekday, yearday;
};

Parts parts_of(Micros time) {
  const std::chrono::sys_time<std::chrono::microseconds> at{std::chrono::microseconds{time}};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{at - day};
  const auto first = std::chrono::sys_days{date.year() / 1 / 1};
  return {.year = int{date.year()},
          .month = unsigned{date.month()},
          .day = unsigned{date.day()},
          .hour = static_cast<int>(clock.hours().count()),
          .minute = static_cast<int>(clock.minutes().count()),
          .second_of_minute = static_cast<int>(clock.seconds().count()),
          .micros = static_cast<int>(clock.subseconds().count()),
          .weekday = static_cast<int>(std::chrono::weekday{day}.iso_encoding()),
          .yearday = static_cast<int>((day - first).count()) + 1};
}

void append_padded(std::string& out, long value, int width) {
  std::array<char, 16> digits;
  out.append(digits.data(),
             static_cast<std::size_t>(std::snprintf(digits.data(), digits.size(), "%0*ld", width, value)));
}

std::string format_pattern(Micros time, std::string_view pattern) {
  constexpr std::array<std::string_view, 7> days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Parts parts = parts_of(time);
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    switch (++i < pattern.size() ? pattern[i] : '\0') {
      case 'Y':
        append_padded(out, parts.year, 4);
        break;
      case 'm':
        append_padded(out, parts.month, 2);
        break;
      case 'd':
        append_padded(out, parts.day, 2);
        break;
      case 'H':
        append_padded(out, parts.hour, 2);
        break;
      case 'M':
        append_padded(out, parts.minute, 2);
        break;
      case 'S':
        append_padded(out, parts.second_of_minute, 2);
        break;
      case 'f':
        append_padded(out, parts.micros, 6);
        break;
      case 'j':
        append_padded(out, parts.yearday, 3);
        break;
      case 'a':
        out += days[static_cast<std::size_t>(parts.weekday - 1)];
        break;
      case 'b':
        out += months[parts.month - 1];
        break;
      case '%':
        out += '%';
        break;
      default:
        throw std::invalid_argument("time.format knows %Y %m %d %H %M %S %f %j %a %b and %% only");
    }
  }
  return out;
}

int format(lua_State* L) {
  luaL_checkany(L, 1);
  const char* pattern = luaL_optstring(L, 2, nullptr);
  const Micros time = time_argument(L, 1);
  context(L).scratch = pattern ? format_pattern(time, pattern) : format_rfc3339(time);
  push_text(L, context(L).scratch);
  return 1;
}

int add(lua_State* L) {
  Micros time = time_argument(L, 1);
  if (lua_type(L, 2) == LUA_TNUMBER) {
    const double seconds = lua_tonumber(L, 2);
    if (!(std::fabs(seconds) < 1e12)) throw std::invalid_argument("the duration is out of range");
    time += static_cast<Micros>(std::llround(seconds * 1e6));
  } else {
    std::string_view duration = check_text(L, 2);
    const bool back = duration.starts_with('-');
    if (back) duration.remove_prefix(1);
    const Micros span = std::chrono::microseconds{parse_duration(duration)}.count();
    time += back ? -span : span;
  }
  context(L).scratch = format_rfc3339(time);
  push_text(L, context(L).scratch);
  return 1;
}

int diff(lua_State* L) {
  const Micros later = time_argument(L, 1);
  push_micros_as_seconds(L, later - time_argument(L, 2));
  return 1;
}

int parts(lua_State* L) {
  const Micros time = time_argument(L, 1);
  const Parts split = parts_of(time);
  const struct {
    const char* name;
    double value;
  } fields[] = {{"year", double(split.year)},
                {"month", double(split.month)},
                {"day", double(split.day)},
                {"hour", double(split.hour)},
                {"minute", double(split.minute)},
                {"second", split.second_of_minute + double(split.micros) / double(second)},
                {"weekday", double(split.weekday)},
                {"yearday", double(split.yearday)}};
  lua_newtable(L);
  for (const auto& field : fields) {
    lua_pushnumber(L, field.value);
    lua_setfield(L, -2, field.name);
  }
  return 1;
}

}  // namespace

int time_library(lua_State* L) {
  const luaL_Reg functions[] = {{"now", guarded<now>}, {"parse", guarded<parse>}, {"format", guarded<format>},
                                {"add", guarded<add>}, {"diff", guarded<diff>},   {"parts", guarded<parts>},
                                {nullptr, nullptr}};
  lua_newtable(L);
  luaL_register(L, nullptr, functions);
  return 1;
}

}  // namespace rowhook
