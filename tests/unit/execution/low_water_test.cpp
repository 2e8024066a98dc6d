#include "engine/execution/low_water.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

TEST(LowWater, EventsThatMatchNothingAdvanceIt) {
  LowWater low(1);
  for (std::uint64_t seq = 1; seq <= 1000; ++seq) low.open(seq, 0);
  EXPECT_EQ(low.mark(), 1001u);
  EXPECT_EQ(low.span(), 0u);
}

TEST(LowWater, StandsAtTheOldestUnfinishedExecution) {
  LowWater low(5);
  low.open(5, 1);
  low.open(6, 0);
  low.open(7, 2);
  low.open(8, 1);
  low.done(8);
  low.done(7);
  EXPECT_EQ(low.mark(), 5u);
  low.done(5);
  EXPECT_EQ(low.mark(), 7u);
  low.done(7);
  EXPECT_EQ(low.mark(), 9u);
}

TEST(LowWater, SeqsThatDoNotExistCountAsDone) {
  LowWater low(1);
  low.open(10, 1);
  EXPECT_EQ(low.mark(), 10u);
  low.open(20, 1);
  low.done(10);
  EXPECT_EQ(low.mark(), 20u);
}

TEST(LowWater, WhatIsBelowOrUnknownIsIgnored) {
  LowWater low(10);
  low.open(3, 1);
  low.done(3);
  low.done(99);
  EXPECT_EQ(low.mark(), 10u);
  low.open(10, 1);
  low.done(10);
  low.done(10);
  EXPECT_EQ(low.mark(), 11u);
}

}  // namespace
}  // namespace rowhook
