#include "scripting/number_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace rowhook {
namespace {

constexpr int lua_digits = 14;
// Powers of ten that a double holds exactly: multiplying or dividing a whole number below 2^53 by one rounds
// once.
constexpr std::array<double, 23> powers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                           1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Scan {
  std::uint64_t mantissa = 0;  // significant digits without trailing zeros
  int significant = 0;
  int zeros = 0;     // trailing zeros not in the mantissa
  int fraction = 0;  // digits behind the point
  bool exponent = false;
  int power = 0;

  // False: too many digits.
  bool digit(char c) {
    if (c == '0') {
      if (mantissa != 0) ++zeros;
      return true;
    }
    significant += zeros + 1;
    if (significant > lua_digits) return false;
    for (; zeros >= 0; --zeros) mantissa *= 10;
    zeros = 0;
    mantissa += static_cast<std::uint64_t>(c - '0');
    return true;
  }
};

// False: stays exact.
bool scan(std::string_view text, Scan& out) {
  std::size_t i = 0;
  for (; i < text.size() && is_digit(text[i]); ++i)
    if (!out.digit(text[i])) return false;
  if (i < text.size() && text[i] == '.')
    for (++i; i < text.size() && is_digit(text[i]); ++i, ++out.fraction)
      if (!out.digit(text[i])) return false;
  if (i == text.size()) return true;
  out.exponent = true;
  const bool down = text[i + 1] == '-';
  for (i += down || text[i + 1] == '+' ? 2U : 1U; i < text.size(); ++i) {
    out.power = out.power * 10 + (text[i] - '0');
    if (out.power > 400) return false;
  }
  if (down) out.power = -out.power;
  return true;
}

}  // namespace

std::optional<LuaNumber> read_number(std::string_view digits) {
  if (digits.size() > longest_lua_number || digits.empty()) return std::nullopt;
  const bool negative = digits.front() == '-';
  Scan number;
  if (!scan(digits.substr(negative ? 1 : 0), number)) return std::nullopt;
  const int power = number.zeros - number.fraction + number.power;
  if (number.mantissa == 0) return LuaNumber{negative ? -0.0 : 0.0, digits == "0" || digits == "-0"};
  if (number.significant + power > lua_digits || power < -300) return std::nullopt;
  double value = static_cast<double>(number.mantissa);
  if (power >= 0) {
    value *= powers[static_cast<std::size_t>(power)];
  } else if (power >= -22) {
    value /= powers[static_cast<std::size_t>(-power)];
  } else {
    std::from_chars(digits.data() + (negative ? 1 : 0), digits.data() + digits.size(), value);
  }
  const bool plain = !number.exponent && (number.fraction == 0 || (number.zeros == 0 && value >= 1e-3));
  return LuaNumber{negative ? -value : value, plain};
}

void write_number(std::string& out, double value) {
  std::array<char, 32> buffer;
  const bool whole = value == std::floor(value) && std::fabs(value) < 9007199254740992.0;
  const auto end =
      whole && !(value == 0 && std::signbit(value))
          ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<std::int64_t>(value))
          : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out.append(buffer.data(), end.ptr);
}

}  // namespace rowhook
