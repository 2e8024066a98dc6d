#include "scripting/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "scripting/number_text.h"

namespace rowhook {
namespace {

constexpr std::int64_t exponent_bound = 1'000'000'000'000;  // farther out, an exponent is taken as this

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Natural numbers as digit strings without leading zeros, "" is zero.
std::string strip(std::string digits) {
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

int compare_naturals(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

std::string add_naturals(std::string a, std::string b) {
  if (a.size() < b.size()) std::swap(a, b);
  int carry = 0;
  for (std::size_t i = 0; i < a.size() && (i < b.size() || carry > 0); ++i) {
    char& digit = a[a.size() - 1 - i];
    const int total = (digit - '0') + (i < b.size() ? b[b.size() - 1 - i] - '0' : 0) + carry;
    digit = static_cast<char>('0' + total % 10);
    carry = total / 10;
  }
  return carry > 0 ? "1" + a : a;
}

// a - b for a >= b.
std::string subtract_naturals(std::string a, const std::string& b) {
  int borrow = 0;
  for (std::size_t i = 0; i < a.size() && (i < b.size() || borrow > 0); ++i) {
    char& digit = a[a.size() - 1 - i];
    int rest = (digit - '0') - (i < b.size() ? b[b.size() - 1 - i] - '0' : 0) - borrow;
    borrow = rest < 0 ? 1 : 0;
    if (rest < 0) rest += 10;
    digit = static_cast<char>('0' + rest);
  }
  return strip(std::move(a));
}

std::string multiply_naturals(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return {};
  std::string out(a.size() + b.size(), '0');
  for (std::size_t i = a.size(); i-- > 0;) {
    int carry = 0;
    for (std::size_t j = b.size(); j-- > 0;) {
      const int total = (out[i + j + 1] - '0') + (a[i] - '0') * (b[j] - '0') + carry;
      out[i + j + 1] = static_cast<char>('0' + total % 10);
      carry = total / 10;
    }
    out[i] = static_cast<char>('0' + carry);
  }
  return strip(std::move(out));
}

// Long division: quotient of `a` by `b` (not zero); what is left goes to `rest`.
std::string divide_naturals(const std::string& a, const std::string& b, std::string& rest) {
  std::string quotient;
  rest.clear();
  for (const char digit : a) {
    if (!rest.empty() || digit != '0') rest += digit;
    char count = '0';
    while (compare_naturals(rest, b) >= 0) {
      rest = subtract_naturals(rest, b);
      ++count;
    }
    quotient += count;
  }
  return strip(std::move(quotient));
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
  Decimal value;
  std::size_t i = 0;
  if (i < text.size() && text[i] == '-') {
    value.negative_ = true;
    ++i;
  }
  const std::size_t whole = i;
  while (i < text.size() && is_digit(text[i])) value.digits_ += text[i++];
  if (i == whole || (text[whole] == '0' && i > whole + 1)) return std::nullopt;
  if (i < text.size() && text[i] == '.') {
    const std::size_t fraction = ++i;
    while (i < text.size() && is_digit(text[i])) value.digits_ += text[i++];
    if (i == fraction) return std::nullopt;
    value.exponent_ = -static_cast<std::int64_t>(i - fraction);
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    const bool down = i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    const std::size_t start = i;
    std::int64_t exponent = 0;
    for (; i < text.size() && is_digit(text[i]); ++i)
      exponent = std::min(exponent * 10 + (text[i] - '0'), exponent_bound);
    if (i == start) return std::nullopt;
    value.exponent_ += down ? -exponent : exponent;
  }
  if (i != text.size()) return std::nullopt;
  value.trim();
  return value;
}

std::optional<Decimal> Decimal::from(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  if (value == std::floor(value) && std::fabs(value) < 1e300) {
    std::array<char, 320> buffer;
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, 0);
    return parse({buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data())});
  }
  std::string text;
  write_number(text, value);
  return parse(text);
}

void Decimal::trim() {
  digits_.erase(0, std::min(digits_.find_first_not_of('0'), digits_.size()));
  const std::size_t last = digits_.find_last_not_of('0');
  const std::size_t keep = last == std::string::npos ? 0 : last + 1;
  exponent_ += static_cast<std::int64_t>(digits_.size() - keep);
  digits_.resize(keep);
  if (digits_.empty()) {
    negative_ = false;
    exponent_ = 0;
  }
}

std::string Decimal::text() const {
  if (digits_.empty()) return "0";
  std::string out = negative_ ? "-" : "";
  const auto size = static_cast<std::int64_t>(digits_.size());
  if (std::max(size, leading()) > std::max(size, max_digits) ||
      exponent_ < -std::max(size, max_digits) - size) {
    out += digits_[0];
    if (size > 1) out.append(".").append(digits_, 1);
    return out + "e" + std::to_string(leading() - 1);
  }
  if (exponent_ >= 0) return out + digits_ + std::string(static_cast<std::size_t>(exponent_), '0');
  if (leading() <= 0) return out + "0." + std::string(static_cast<std::size_t>(-leading()), '0') + digits_;
  const auto whole = static_cast<std::size_t>(leading());
  return out + digits_.substr(0, whole) + "." + digits_.substr(whole);
}

double Decimal::nearest() const {
  const std::string scientific = (negative_ ? "-" : "") + (digits_.empty() ? "0" : digits_) + "e" +
                                 std::to_string(std::clamp<std::int64_t>(exponent_, -1'000'000, 1'000'000));
  return std::strtod(scientific.c_str(), nullptr);
}

int Decimal::compare(const Decimal& other) const {
  if (is_zero() || other.is_zero() || negative_ != other.negative_) {
    const int mine = is_zero()   ? 0
                     : negative_ ? -1
                                 : 1,
              theirs = other.is_zero()   ? 0
                       : other.negative_ ? -1
                                         : 1;
    return mine - theirs;
  }
  int order = 0;
  if (leading() != other.leading()) {
    order = leading() < other.leading() ? -1 : 1;
  } else {
    // Equal magnitude of the first digit: digit strings compare as fractions do.
    order = digits_.compare(other.digits_);
  }
  return negative_ ? -order : order;
}

Decimal Decimal::negated() const {
  Decimal result = *this;
  if (!result.is_zero()) result.negative_ = !negative_;
  return result;
}

std::optional<Decimal> Decimal::sum(const Decimal& a, const Decimal& b) {
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  const std::int64_t exponent = std::min(a.exponent_, b.exponent_);
  if (std::max(a.leading(), b.leading()) - exponent > max_digits) return std::nullopt;
  const std::string x = a.digits_ + std::string(static_cast<std::size_t>(a.exponent_ - exponent), '0');
  const std::string y = b.digits_ + std::string(static_cast<std::size_t>(b.exponent_ - exponent), '0');
  Decimal result;
  result.exponent_ = exponent;
  if (a.negative_ == b.negative_) {
    result.negative_ = a.negative_;
    result.digits_ = add_naturals(x, y);
  } else {
    const bool larger = compare_naturals(x, y) >= 0;
    result.negative_ = larger ? a.negative_ : b.negative_;
    result.digits_ = larger ? subtract_naturals(x, y) : subtract_naturals(y, x);
  }
  result.trim();
  return result;
}

std::optional<Decimal> Decimal::product(const Decimal& a, const Decimal& b) {
  if (static_cast<std::int64_t>(a.digits_.size() + b.digits_.size()) > max_digits) return std::nullopt;
  if (std::llabs(a.exponent_ + b.exponent_) > exponent_bound) return std::nullopt;
  Decimal result;
  result.negative_ = a.negative_ != b.negative_;
  result.digits_ = multiply_naturals(a.digits_, b.digits_);
  result.exponent_ = a.exponent_ + b.exponent_;
  result.trim();
  return result;
}

std::optional<Decimal> Decimal::quotient(const Decimal& a, const Decimal& b) {
  constexpr std::size_t quotient_digits = 34;
  if (static_cast<std::int64_t>(a.digits_.size() + b.digits_.size()) > max_digits) return std::nullopt;
  // Enough zeros behind the dividend for 34 digits of quotient; what then is left over would need more.
  const std::size_t zeros = quotient_digits + b.digits_.size();
  std::string rest;
  Decimal result;
  result.digits_ = divide_naturals(a.digits_ + std::string(zeros, '0'), b.digits_, rest);
  if (!rest.empty()) return std::nullopt;
  result.negative_ = a.negative_ != b.negative_;
  result.exponent_ = a.exponent_ - b.exponent_ - static_cast<std::int64_t>(zeros);
  result.trim();
  if (result.digits_.size() > std::max(quotient_digits, a.digits_.size())) return std::nullopt;
  return result;
}

std::optional<Decimal> Decimal::rounded_quotient(const Decimal& a, const Decimal& b, int places) {
  // One digit more than wanted, cut off: rounding looks at that digit alone.
  const std::int64_t shift = a.exponent_ - b.exponent_ + places + 1;
  const auto size = static_cast<std::int64_t>(a.digits_.size() + b.digits_.size());
  if (std::llabs(shift) + size > max_digits) return std::nullopt;
  const auto zeros = [](std::int64_t count) {
    return std::string(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)), '0');
  };
  std::string rest;
  Decimal cut;
  cut.digits_ = divide_naturals(a.digits_ + zeros(shift), b.digits_ + zeros(-shift), rest);
  cut.negative_ = a.negative_ != b.negative_;
  cut.exponent_ = -(places + 1);
  cut.trim();
  const auto text = cut.fixed(places);
  return text ? parse(*text) : std::nullopt;
}

std::optional<Decimal> Decimal::floor() const {
  if (is_integer()) return *this;
  Decimal result;
  result.negative_ = negative_;
  if (leading() > 0) result.digits_ = digits_.substr(0, static_cast<std::size_t>(leading()));
  if (negative_) result.digits_ = add_naturals(result.digits_.empty() ? "0" : result.digits_, "1");
  result.trim();
  return result;
}

std::optional<Decimal> Decimal::remainder(const Decimal& a, const Decimal& b) {
  const std::int64_t exponent = std::min(a.exponent_, b.exponent_);
  if (std::max(a.leading(), b.leading()) - exponent > max_digits) return std::nullopt;
  const std::string x = a.digits_ + std::string(static_cast<std::size_t>(a.exponent_ - exponent), '0');
  const std::string y = b.digits_ + std::string(static_cast<std::size_t>(b.exponent_ - exponent), '0');
  Decimal result;
  divide_naturals(x, y, result.digits_);
  if (!result.digits_.empty() && a.negative_ != b.negative_)
    result.digits_ = subtract_naturals(y, result.digits_);
  result.negative_ = b.negative_;
  result.exponent_ = exponent;
  result.trim();
  return result;
}

std::optional<std::string> Decimal::fixed(int places) const {
  if (leading() + places > max_digits) return std::nullopt;
  std::string scaled;                           // |value| * 10^places, rounded
  const std::int64_t cut = leading() + places;  // digits that stay
  if (cut >= 0) {
    const auto keep = std::min(static_cast<std::size_t>(cut), digits_.size());
    scaled = digits_.substr(0, keep) + std::string(static_cast<std::size_t>(cut) - keep, '0');
    if (keep < digits_.size() && digits_[keep] >= '5')
      scaled = add_naturals(scaled.empty() ? "0" : scaled, "1");
  }
  scaled = strip(std::move(scaled));
  const auto width = static_cast<std::size_t>(places) + 1;
  const bool nothing = scaled.empty();
  if (scaled.size() < width) scaled.insert(0, width - scaled.size(), '0');
  if (places > 0) scaled.insert(scaled.size() - static_cast<std::size_t>(places), ".");
  return negative_ && !nothing ? "-" + scaled : scaled;
}

bool Decimal::fits_lua_number() const {
  constexpr std::size_t lua_digits = 14;
  return digits_.size() <= lua_digits && leading() <= static_cast<std::int64_t>(lua_digits) &&
         exponent_ >= -300;
}

}  // namespace rowhook
