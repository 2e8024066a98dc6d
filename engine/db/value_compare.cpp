#include "engine/db/value_compare.h"

#include <algorithm>
#include <array>

namespace rowhook {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool equal_ignoring_case(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

// A number as 0.d1d2d3... times 10^point, its digits still where they were written.
struct Decimal {
  enum class Rank { minus_infinity, finite, infinity, nan } rank = Rank::finite;
  int sign = 0;  // 0 for zero
  std::string_view whole, fraction;
  std::int64_t point = 0;
  char digit(std::size_t i) const {
    if (i < whole.size()) return whole[i];
    i -= whole.size();
    return i < fraction.size() ? fraction[i] : '0';
  }
  std::size_t digits() const { return whole.size() + fraction.size(); }
};

std::string_view take_digits(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  const std::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

bool take_exponent(std::string_view& text, std::int64_t& exponent) {
  if (text.empty() || (text.front() != 'e' && text.front() != 'E')) return true;
  text.remove_prefix(1);
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const std::string_view digits = take_digits(text);
  constexpr std::int64_t ceiling =
      100'000'000'000'000'000;  // far beyond any database; keeps the sums from overflowing
  for (const char c : digits) exponent = std::min(exponent * 10 + (c - '0'), ceiling);
  if (negative) exponent = -exponent;
  return !digits.empty();
}

std::optional<Decimal> parse_decimal(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  Decimal number;
  int sign = 1;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    if (text.front() == '-') sign = -1;
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  if (!is_digit(text.front()) && text.front() != '.') {
    if (equal_ignoring_case(text, "nan"))
      number.rank = Decimal::Rank::nan;
    else if (equal_ignoring_case(text, "infinity") || equal_ignoring_case(text, "inf"))
      number.rank = sign > 0 ? Decimal::Rank::infinity : Decimal::Rank::minus_infinity;
    else
      return std::nullopt;
    return number;
  }
  number.whole = take_digits(text);
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    number.fraction = take_digits(text);
  }
  if (number.digits() == 0 || !take_exponent(text, number.point) || !text.empty()) return std::nullopt;
  number.whole.remove_prefix(std::min(number.whole.find_first_not_of('0'), number.whole.size()));
  if (number.whole.empty()) {
    const std::size_t zeros = std::min(number.fraction.find_first_not_of('0'), number.fraction.size());
    number.fraction.remove_prefix(zeros);
    number.point -= static_cast<std::int64_t>(zeros);
  }
  number.point += static_cast<std::int64_t>(number.whole.size());
  number.sign = number.digits() == 0 ? 0 : sign;
  return number;
}

std::strong_ordering compare_decimals(const Decimal& a, const Decimal& b) {
  if (a.rank != b.rank) return a.rank <=> b.rank;
  if (a.rank != Decimal::Rank::finite) return std::strong_ordering::equal;
  if (a.sign != b.sign || a.sign == 0) return a.sign <=> b.sign;
  const auto signed_order = [&](std::strong_ordering order) { return a.sign > 0 ? order : 0 <=> order; };
  if (a.point != b.point) return signed_order(a.point <=> b.point);
  const std::size_t length = std::max(a.digits(), b.digits());
  for (std::size_t i = 0; i < length; ++i)
    if (a.digit(i) != b.digit(i)) return signed_order(a.digit(i) <=> b.digit(i));
  return std::strong_ordering::equal;
}

// The plain integers that fill most columns; false when the text is anything else.
bool parse_small(std::string_view text, std::int64_t& number) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 18) return false;
  std::int64_t sum = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    sum = sum * 10 + (c - '0');
  }
  number = negative ? -sum : sum;
  return true;
}

bool is_boolean(ValueKind kind) { return kind == ValueKind::no || kind == ValueKind::yes; }

std::partial_ordering compare_bytes(std::string_view a, std::string_view b) { return a.compare(b) <=> 0; }

std::partial_ordering compare_as_numbers(std::string_view a, std::string_view b) {
  const auto order = compare_numbers(a, b);
  return order ? std::partial_ordering(*order) : std::partial_ordering::unordered;
}

// `boolean` against `other`, which is not null.
std::partial_ordering compare_boolean(bool boolean, const Value& other) {
  if (is_boolean(other.kind)) return boolean <=> (other.kind == ValueKind::yes);
  if (other.kind == ValueKind::number) return compare_as_numbers(boolean ? "1" : "0", other.text);
  if (other.kind == ValueKind::bytes) return std::partial_ordering::unordered;
  const auto read = parse_boolean(other.text);
  return read ? std::partial_ordering(boolean <=> *read) : std::partial_ordering::unordered;
}

std::size_t character_length(std::string_view text, std::size_t at) {
  std::size_t length = 1;
  while (at + length < text.size() && (static_cast<unsigned char>(text[at + length]) & 0xc0) == 0x80)
    ++length;
  return length;
}

}  // namespace

std::optional<std::strong_ordering> compare_numbers(std::string_view a, std::string_view b) {
  std::int64_t small_a = 0, small_b = 0;
  if (parse_small(a, small_a) && parse_small(b, small_b)) return small_a <=> small_b;
  const auto left = parse_decimal(a);
  if (!left) return std::nullopt;
  const auto right = parse_decimal(b);
  if (!right) return std::nullopt;
  return compare_decimals(*left, *right);
}

std::partial_ordering compare_values(const Value& a, const Value& b) {
  if (a.kind <= ValueKind::null || b.kind <= ValueKind::null) return std::partial_ordering::unordered;
  if (is_boolean(a.kind)) return compare_boolean(a.kind == ValueKind::yes, b);
  if (is_boolean(b.kind)) return 0 <=> compare_boolean(b.kind == ValueKind::yes, a);
  if (a.kind == ValueKind::number || b.kind == ValueKind::number) {
    if (a.kind == ValueKind::bytes || b.kind == ValueKind::bytes) return std::partial_ordering::unordered;
    return compare_as_numbers(a.text, b.text);
  }
  return compare_bytes(a.text, b.text);
}

bool matches_like(std::string_view text, std::string_view pattern, std::string_view escape) {
  std::size_t t = 0, p = 0;
  std::size_t after_percent = std::string_view::npos,
              retry = 0;  // where to go on when the last % takes one more
  for (;;) {
    const bool escaped =
        !escape.empty() && pattern.substr(p).starts_with(escape) && p + escape.size() < pattern.size();
    if (p < pattern.size() && pattern[p] == '%' && !escaped) {
      after_percent = ++p;
      retry = t;
      continue;
    }
    if (p == pattern.size() && t == text.size()) return true;
    const std::size_t literal = escaped ? p + escape.size() : p;
    if (p < pattern.size() && t < text.size()) {
      if (pattern[p] == '_' && !escaped) {
        t += character_length(text, t);
        ++p;
        continue;
      }
      if (pattern[literal] == text[t]) {
        ++t;
        p = literal + 1;
        continue;
      }
    }
    if (after_percent == std::string_view::npos || retry >= text.size()) return false;
    retry += character_length(text, retry);
    t = retry;
    p = after_percent;
  }
}

std::optional<bool> parse_boolean(std::string_view text) {
  constexpr std::array<std::string_view, 6> yes{"true", "t", "yes", "y", "on", "1"};
  constexpr std::array<std::string_view, 6> no{"false", "f", "no", "n", "off", "0"};
  const auto is = [&](std::string_view word) { return equal_ignoring_case(text, word); };
  if (std::any_of(yes.begin(), yes.end(), is)) return true;
  if (std::any_of(no.begin(), no.end(), is)) return false;
  return std::nullopt;
}

}  // namespace rowhook
