#include "engine/db/value_compare.h"

#include <gtest/gtest.h>

#include <random>

namespace rowhook {
namespace {

TEST(CompareNumbers, AnyLengthAndForm) {
  const std::string long_one = "1" + std::string(400, '0');
  // Ascending; each is less than all that follow.
  const std::string ascending[] = {"-Infinity",
                                   "-1e500",
                                   "-" + long_one,
                                   "-9007199254740993",
                                   "-9007199254740992",
                                   "-1.5",
                                   "-0.001",
                                   "0",
                                   "1e-400",
                                   "0.0009",
                                   "0.001",
                                   "0.01",
                                   "1",
                                   "1.0000000000000000000001",
                                   "9",
                                   "10",
                                   "99.99",
                                   "9007199254740992",
                                   "9007199254740992.5",
                                   "9007199254740993",
                                   "18446744073709551615",
                                   long_one,
                                   long_one + ".1",
                                   "1e401",
                                   "Infinity",
                                   "NaN"};
  const auto count = std::size(ascending);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < count; ++j)
      EXPECT_EQ(compare_numbers(ascending[i], ascending[j]), i <=> j)
          << ascending[i] << " and " << ascending[j];
}

TEST(CompareNumbers, EqualInOtherForms) {
  const std::pair<std::string_view, std::string_view> equal[] = {
      {"1", "1.000"},  {"0", "-0.00"},    {"0e99", "0"},      {"1e2", "100"},
      {"100e-2", "1"}, {"0.001", "1E-3"}, {"+5", "5"},        {"007", "7"},
      {" 7\t", "7.0"}, {".5", "0.5"},     {"-1e-1", "-0.10"}, {"0.000012e5", "1.2"}};
  for (const auto& [a, b] : equal)
    EXPECT_EQ(compare_numbers(a, b), std::strong_ordering::equal) << a << ' ' << b;
}

TEST(CompareNumbers, WhatIsNoNumber) {
  for (const std::string_view text :
       {"", " ", "-", ".", "e5", "1e", "1e+", "1x", "0x10", "1 2", "--1", "1.2.3", "infinit"})
    EXPECT_EQ(compare_numbers(text, "1"), std::nullopt) << text;
}

TEST(CompareNumbers, AgreesWithIntegersAtRandom) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const auto a = static_cast<std::int64_t>(random()) >> (random() % 60);
    const auto b = static_cast<std::int64_t>(random()) >> (random() % 60);
    EXPECT_EQ(compare_numbers(std::to_string(a), std::to_string(b)), a <=> b);
    EXPECT_EQ(compare_numbers(std::to_string(a) + ".0", std::to_string(b)), a <=> b);
  }
}

// The definition of LIKE, exponential and obviously right.
bool like_by_definition(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '%')
    return like_by_definition(text, pattern.substr(1)) ||
           (!text.empty() && like_by_definition(text.substr(1), pattern));
  return !text.empty() && (pattern.front() == '_' || pattern.front() == text.front()) &&
         like_by_definition(text.substr(1), pattern.substr(1));
}

TEST(MatchesLike, AgreesWithItsDefinition) {
  std::mt19937 random(11);
  const auto word = [&](std::string_view alphabet, std::size_t longest) {
    std::string out(random() % (longest + 1), ' ');
    for (auto& c : out) c = alphabet[random() % alphabet.size()];
    return out;
  };
  for (int i = 0; i < 50000; ++i) {
    const std::string text = word("ab", 8), pattern = word("ab%_", 7);
    EXPECT_EQ(matches_like(text, pattern, ""), like_by_definition(text, pattern))
        << text << " LIKE " << pattern;
  }
}

TEST(MatchesLike, CharactersAndEscapes) {
  EXPECT_TRUE(matches_like("Größe", "Gr__e", ""));
  EXPECT_FALSE(matches_like("Größe", "Gr____e", ""));
  EXPECT_TRUE(matches_like("ä", "_", ""));
  EXPECT_TRUE(matches_like("50%", "50§%", "§"));
  EXPECT_FALSE(matches_like("500", "50§%", "§"));
  EXPECT_TRUE(matches_like("a_b", "%!_%", "!"));
  EXPECT_FALSE(matches_like("ab", "%!_%", "!"));
  EXPECT_TRUE(matches_like("a!", "a!!", "!"));
  EXPECT_TRUE(matches_like("a!", "a!", "!")) << "an escape with nothing behind it stands for itself";
  EXPECT_FALSE(matches_like(std::string(20000, 'a'), "%a%a%a%a%a%a%a%a%b", "")) << "and soon";
}

}  // namespace
}  // namespace rowhook
