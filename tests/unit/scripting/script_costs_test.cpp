#include "scripting/script_costs.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

using std::chrono::nanoseconds;

TEST(ScriptCosts, PercentilesAreWithinTenPercentAndNeverTooLow) {
  for (const std::int64_t exact : {5, 80, 999, 4096, 123'456, 7'000'000, 1'000'000'000}) {
    ScriptMeter meter;
    for (int i = 0; i < 100; ++i) meter.add(nanoseconds{exact}, 0, false);
    const auto cost = meter.cost("s");
    EXPECT_GE(cost.p50.count(), exact);
    EXPECT_LE(static_cast<double>(cost.p50.count()), 1.125 * static_cast<double>(exact) + 1);
    EXPECT_EQ(cost.p99, cost.p50);
    EXPECT_EQ(cost.total.count(), 100 * exact);
  }
}

TEST(ScriptCosts, TellTheSlowCallsFromTheOthers) {
  ScriptMeter meter;
  for (int i = 0; i < 98; ++i) meter.add(nanoseconds{1000}, 2000, false);
  for (int i = 0; i < 2; ++i) meter.add(nanoseconds{50'000'000}, 9000, true);
  const auto cost = meter.cost("s");
  EXPECT_EQ(cost.calls, 100U);
  EXPECT_EQ(cost.errors, 2U);
  EXPECT_LT(cost.p50, nanoseconds{1200});
  EXPECT_GE(cost.p99, nanoseconds{50'000'000});
  EXPECT_EQ(cost.memory_bytes, 9000U);
}

TEST(ScriptCosts, ExtremesDoNotLeaveTheTable) {
  ScriptMeter meter;
  meter.add(nanoseconds{0}, 0, false);
  meter.add(nanoseconds{-5}, 0, false);
  meter.add(nanoseconds{INT64_MAX}, UINT64_MAX, false);
  const auto cost = meter.cost("s");
  EXPECT_EQ(cost.calls, 3U);
  EXPECT_EQ(cost.p50, nanoseconds{0});
  EXPECT_EQ(cost.memory_bytes, UINT64_MAX);
}

TEST(ScriptCosts, NamesWithoutEndShareOneMeter) {
  ScriptCosts costs;
  for (std::size_t i = 0; i < ScriptCosts::most_scripts + 50; ++i)
    costs.meter("script " + std::to_string(i)).add(nanoseconds{1}, 0, false);
  const auto all = costs.all();
  EXPECT_EQ(all.size(), ScriptCosts::most_scripts + 1);
  EXPECT_EQ(all.front().script, "(others)");
  EXPECT_EQ(all.front().calls, 50U);
  EXPECT_EQ(&costs.meter("script 7"), &costs.meter("script 7"));
}

}  // namespace
}  // namespace rowhook
