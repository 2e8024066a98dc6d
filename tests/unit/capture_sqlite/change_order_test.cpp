#include <gtest/gtest.h>

#include "engine/capture/change_table/change_row_decoder.h"

namespace rowhook {
namespace {

TEST(SqliteChangeOrder, SortsAsTextLikeTheNumbers) {
  const std::pair<std::int64_t, std::int64_t> ascending[] = {{1, 0},
                                                             {1, 9},
                                                             {1, 10},
                                                             {1, 255},
                                                             {1, 1LL << 40},
                                                             {2, 0},
                                                             {1754388000000000, 1},
                                                             {1754388000000001, 0}};
  std::string before;
  for (const auto& [epoch, id] : ascending) {
    const std::string order = sqlite_change_order(epoch, id);
    EXPECT_LT(before, order);
    const auto parsed = parse_sqlite_change_order(order);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->epoch, epoch);
    EXPECT_EQ(parsed->id, id);
    before = order;
  }
}

TEST(SqliteChangeOrder, WhatIsNone) {
  for (const char* text : {"", "-", "0/16B3748", "0000000000000100000000000a", "0000000000000x-00000000000a"})
    EXPECT_FALSE(parse_sqlite_change_order(text)) << text;
}

}  // namespace
}  // namespace rowhook
