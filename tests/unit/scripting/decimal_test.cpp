#include "scripting/decimal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "scripting/number_text.h"

namespace rowhook {
namespace {

Decimal d(const std::string& text) { return Decimal::parse(text).value(); }
std::string text(const std::optional<Decimal>& value) { return value ? value->text() : "none"; }

TEST(Decimal, ReadsJsonNumbersOnly) {
  for (const char* good :
       {"0", "-0", "1", "-1.5", "0.001", "1e5", "1E+5", "12.50e-3", "123456789012345678901234567890"})
    EXPECT_TRUE(Decimal::parse(good)) << good;
  for (const char* bad : {"", "-", "01", "1.", ".5", "1e", "1e+", "+1", "0x1", "1 ", "nan", "--1", "1.2.3"})
    EXPECT_FALSE(Decimal::parse(bad)) << bad;
}

TEST(Decimal, PrintsAllDigits) {
  EXPECT_EQ(d("-0").text(), "0");
  EXPECT_EQ(d("1.500").text(), "1.5");
  EXPECT_EQ(d("1e5").text(), "100000");
  EXPECT_EQ(d("-1.25e-3").text(), "-0.00125");
  EXPECT_EQ(d("1e400").text(), "1" + std::string(400, '0'));
  EXPECT_EQ(d("1e999999999").text(), "1e999999999");
  EXPECT_EQ(d("1.5e-999999999").text(), "1.5e-999999999");
}

TEST(Decimal, Compares) {
  const char* ascending[] = {"-1e999999999",
                             "-10",
                             "-9.99",
                             "-0.1",
                             "0",
                             "1e-400",
                             "0.1",
                             "0.11",
                             "1",
                             "9007199254740993",
                             "9007199254740993.1",
                             "9007199254740994",
                             "1e400",
                             "1e999999999"};
  for (std::size_t i = 0; i < std::size(ascending); ++i)
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      const int order = d(ascending[i]).compare(d(ascending[j]));
      EXPECT_EQ(order < 0, i < j) << ascending[i] << " " << ascending[j];
      EXPECT_EQ(order == 0, i == j);
    }
  EXPECT_EQ(d("1.10").compare(d("1.1")), 0);
}

TEST(Decimal, AddsMultipliesDivides) {
  EXPECT_EQ(text(Decimal::sum(d("0.1"), d("0.2"))), "0.3");
  EXPECT_EQ(text(Decimal::sum(d("999"), d("1"))), "1000");
  EXPECT_EQ(text(Decimal::sum(d("1"), d("-1"))), "0");
  EXPECT_EQ(text(Decimal::sum(d("-5"), d("3.5"))), "-1.5");
  EXPECT_EQ(text(Decimal::sum(d("1e5000"), d("1"))), "none");
  EXPECT_EQ(text(Decimal::product(d("-1.5"), d("4"))), "-6");
  EXPECT_EQ(text(Decimal::product(d("99999999999"), d("99999999999"))), "9999999999800000000001");
  EXPECT_EQ(text(Decimal::quotient(d("1"), d("8"))), "0.125");
  EXPECT_EQ(text(Decimal::quotient(d("1"), d("3"))), "none");
  EXPECT_EQ(text(Decimal::quotient(d("9007199254740993"), d("2"))), "4503599627370496.5");
  EXPECT_EQ(text(Decimal::remainder(d("7"), d("3"))), "1");
  EXPECT_EQ(text(Decimal::remainder(d("-7"), d("3"))), "2");
  EXPECT_EQ(text(Decimal::remainder(d("7"), d("-3"))), "-2");
  EXPECT_EQ(text(Decimal::remainder(d("7.5"), d("0.7"))), "0.5");
  EXPECT_EQ(text(Decimal::remainder(d("6"), d("3"))), "0");
}

TEST(Decimal, FloorsAndRounds) {
  EXPECT_EQ(text(d("1.9").floor()), "1");
  EXPECT_EQ(text(d("-1.1").floor()), "-2");
  EXPECT_EQ(text(d("-0.1").floor()), "-1");
  EXPECT_EQ(text(d("0.9").floor()), "0");
  EXPECT_EQ(d("1.005").fixed(2), "1.01");
  EXPECT_EQ(d("-0.004").fixed(2), "0.00");
  EXPECT_EQ(d("9.999").fixed(2), "10.00");
  EXPECT_EQ(d("1e20").fixed(1), "100000000000000000000.0");
  EXPECT_EQ(d("0.5").fixed(0), "1");
}

TEST(Decimal, AgreesWithWholeNumbers) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const auto a = static_cast<std::int64_t>(random()) >> (random() % 60 + 2);
    const auto b = static_cast<std::int64_t>(random()) >> (random() % 60 + 2);
    const auto x = d(std::to_string(a)), y = d(std::to_string(b));
    EXPECT_EQ(text(Decimal::sum(x, y)), std::to_string(a + b));
    EXPECT_EQ(x.compare(y) < 0, a < b);
    if (b == 0) continue;
    std::int64_t remainder = a % b;
    if (remainder != 0 && (remainder < 0) != (b < 0)) remainder += b;
    EXPECT_EQ(text(Decimal::remainder(x, y)), std::to_string(remainder)) << a << " % " << b;
    const auto product = Decimal::product(x, y);
    EXPECT_EQ(text(Decimal::quotient(*product, y)), std::to_string(a));
  }
}

TEST(Decimal, StandsForALuaNumberAsItPrints) {
  EXPECT_EQ(text(Decimal::from(0.1)), "0.1");
  EXPECT_EQ(text(Decimal::from(1e22)), "10000000000000000000000");
  EXPECT_EQ(text(Decimal::from(9007199254740994.0)), "9007199254740994");
  EXPECT_EQ(text(Decimal::from(1e300)), "1" + std::string(300, '0'));
  EXPECT_EQ(text(Decimal::from(NAN)), "none");
  EXPECT_EQ(text(Decimal::from(INFINITY)), "none");
}

TEST(NumberText, TakesWhatLuaPrintsWhole) {
  for (const char* kept : {"0", "-0", "42", "-1", "149.95", "0.1", "99999999999999", "1.5", "0.00123"}) {
    const auto number = read_number(kept);
    ASSERT_TRUE(number) << kept;
    std::string written;
    write_number(written, number->value);
    EXPECT_EQ(written, kept);
    EXPECT_TRUE(number->same_digits) << kept;
  }
  for (const char* other : {"1.10", "100.00", "0.0", "1e3", "1E-2", "0.00001", "-1.50"}) {
    const auto number = read_number(other);
    ASSERT_TRUE(number) << other;
    EXPECT_FALSE(number->same_digits) << other;
    EXPECT_EQ(number->value, std::strtod(other, nullptr));
  }
  for (const char* exact :
       {"123456789012345", "9007199254740993", "0.123456789012345", "100000000000000", "1e14", "1e-301",
        "1e999999999999999999", "0.00000000000000000000000000000000000000000001"})
    EXPECT_FALSE(read_number(exact)) << exact;
}

TEST(NumberText, ReadsAsTheCLibraryDoes) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20000; ++i) {
    std::string digits = std::to_string(random() % 100'000'000'000'000ULL);
    if (const auto point = random() % 12; point > 0) {
      if (digits.size() <= point) digits.insert(0, point + 1 - digits.size(), '0');
      digits.insert(digits.size() - point, ".");
    }
    if (random() % 4 == 0) digits.insert(0, "-");
    const auto number = read_number(digits);
    ASSERT_TRUE(number) << digits;
    EXPECT_EQ(number->value, std::strtod(digits.c_str(), nullptr)) << digits;
    if (!number->same_digits) continue;
    std::string written;
    write_number(written, number->value);
    EXPECT_EQ(written, digits);
  }
}

}  // namespace
}  // namespace rowhook
