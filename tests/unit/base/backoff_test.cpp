#include "engine/base/backoff.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

using std::chrono::milliseconds;

Random fixed(std::uint64_t value) {
  return [value] { return value; };
}

TEST(Backoff, DoublesUpToItsMaximum) {
  const Backoff backoff{.first = milliseconds{100}, .max = milliseconds{1000}};
  const std::vector<int> halves{50, 100, 200, 400, 500, 500};
  for (unsigned attempt = 1; attempt <= halves.size(); ++attempt)
    EXPECT_EQ(backoff.delay(attempt, fixed(0)), milliseconds{halves[attempt - 1]});
}

TEST(Backoff, JitterStaysBetweenHalfAndWhole) {
  const Backoff backoff{.first = milliseconds{100}, .max = milliseconds{100}};
  for (int i = 0; i < 1000; ++i) {
    const auto delay = backoff.delay(3, system_random());
    EXPECT_GE(delay, milliseconds{50});
    EXPECT_LE(delay, milliseconds{100});
  }
}

TEST(Backoff, WithoutGrowthEveryDelayIsTheFirst) {
  const Backoff backoff{.first = milliseconds{60}, .max = milliseconds{1000}, .exponential = false};
  EXPECT_EQ(backoff.delay(9, fixed(0)), milliseconds{30});
}

TEST(Backoff, AHugeAttemptDoesNotOverflow) {
  const Backoff backoff{.first = milliseconds{1}, .max = milliseconds{INT64_MAX / 4}};
  EXPECT_LE(backoff.delay(4'000'000'000U, fixed(7)), backoff.max);
}

}  // namespace
}  // namespace rowhook
