#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rowhook {

// A decimal number with as many digits as it was written with. Arithmetic is exact or refused, never rounded.
// Thread safety: none while it is changed; a value type.
class Decimal {
 public:
  // More digits than this are not computed (they are kept and compared all the same).
  static constexpr std::int64_t max_digits = 4000;

  // A JSON number. nullopt when the text is none.
  static std::optional<Decimal> parse(std::string_view json_number);
  // The decimal that a Lua number stands for: the shortest digits that read back as the same double (0.1 is
  // 0.1), and all digits of an integer. nullopt for NaN and infinities.
  static std::optional<Decimal> from(double value);

  // All digits, without an exponent while that takes at most max_digits; a JSON number.
  std::string text() const;
  double nearest() const;
  bool is_zero() const { return digits_.empty(); }
  bool is_integer() const { return exponent_ >= 0; }
  bool is_negative() const { return negative_; }
  // Negative, 0 or positive; never expands an exponent.
  int compare(const Decimal& other) const;
  Decimal negated() const;
  // Towards minus infinity, to a whole number. nullopt: too many digits.
  std::optional<Decimal> floor() const;
  // Half away from zero, with exactly `places` digits after the point. nullopt: too many digits.
  std::optional<std::string> fixed(int places) const;

  // nullopt: the result needs more than max_digits.
  static std::optional<Decimal> sum(const Decimal& a, const Decimal& b);
  static std::optional<Decimal> product(const Decimal& a, const Decimal& b);
  // The quotient where it ends within 34 digits, else nullopt (it would have to be rounded). b must not be
  // zero.
  static std::optional<Decimal> quotient(const Decimal& a, const Decimal& b);
  // Half away from zero, to `places` digits after the point. nullopt: too many digits. b must not be zero.
  static std::optional<Decimal> rounded_quotient(const Decimal& a, const Decimal& b, int places);
  // a - floor(a / b) * b, as Lua's %. b must not be zero.
  static std::optional<Decimal> remainder(const Decimal& a, const Decimal& b);

  // The value is held by a Lua number and printed by Lua with all its digits: at most 14 of them.
  bool fits_lua_number() const;

 private:
  void trim();
  std::int64_t leading() const {
    return static_cast<std::int64_t>(digits_.size()) + exponent_;
  }  // digits before the point

  bool negative_ = false;
  std::string digits_;         // '1'..'9' first and last; "" is zero
  std::int64_t exponent_ = 0;  // value = digits * 10^exponent
};

}  // namespace rowhook
