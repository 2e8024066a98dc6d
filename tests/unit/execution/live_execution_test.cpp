#include "engine/execution/live_execution.h"

#include <gtest/gtest.h>

#include "tests/support/sample_events.h"

namespace rowhook {
namespace {

CompiledTriggerPtr compiled(std::int64_t id, const std::string& ordering) {
  Trigger trigger;
  trigger.id = id;
  trigger.source = "shop";
  trigger.config["ordering"] = ordering;
  return compile_trigger(std::move(trigger), {});
}

Event event(std::uint64_t seq, std::int64_t id, const std::string& table = "orders") {
  Event made = testing::order_inserted(testing::orders_shape("shop", table), seq, 0, id);
  made.seq = seq;
  return made;
}

TEST(ExecutionId, GoesThereAndBack) {
  EXPECT_EQ(execution_id(4711, 3), "4711-3");
  const auto key = parse_execution_id("18446744073709551615-9223372036854775807");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->seq, UINT64_MAX);
  EXPECT_EQ(key->trigger_id, INT64_MAX);
  for (const auto* text : {"", "run-00ff", "1", "1-", "-1", "1-2x", "x-2", "1-2-3"})
    EXPECT_FALSE(parse_execution_id(text)) << text;
}

TEST(Lane, ByKeyIsTriggerTableAndKey) {
  const auto by_key = compiled(1, "key"), other = compiled(2, "key");
  EXPECT_EQ(lane_of(*by_key, event(1, 7)), lane_of(*by_key, event(2, 7)));
  EXPECT_NE(lane_of(*by_key, event(1, 7)), lane_of(*by_key, event(1, 8)));
  EXPECT_NE(lane_of(*by_key, event(1, 7)), lane_of(*by_key, event(1, 7, "items")));
  EXPECT_NE(lane_of(*by_key, event(1, 7)), lane_of(*other, event(1, 7)));
}

TEST(Lane, RowsWithoutAKeyShareTheTablesLane) {
  const auto by_key = compiled(1, "key");
  Event a = event(1, 7), b = event(2, 8);
  a.key.clear();
  b.key.clear();
  EXPECT_EQ(lane_of(*by_key, a), lane_of(*by_key, b));
}

TEST(Lane, WhatHasNeitherTableNorKeyIsNotOrdered) {
  const auto by_key = compiled(1, "key");
  Event a = event(1, 7, ""), b = event(2, 7, "");
  a.key.clear();
  b.key.clear();
  EXPECT_NE(lane_of(*by_key, a), lane_of(*by_key, b));
}

TEST(Lane, BySourceOrNotAtAll) {
  const auto by_source = compiled(1, "source"), unordered = compiled(1, "none");
  EXPECT_EQ(lane_of(*by_source, event(1, 7)), lane_of(*by_source, event(2, 8, "items")));
  EXPECT_EQ(lane_of(*by_source, event(1, 7)), source_lane(1));
  EXPECT_NE(lane_of(*unordered, event(1, 7)), lane_of(*unordered, event(2, 7)));
}

TEST(Lane, IsTheSameFromARow) {
  for (const auto* ordering : {"key", "source", "none"}) {
    const auto trigger = compiled(1, ordering);
    auto its_event = std::make_shared<const Event>(event(5, 7));
    auto job = make_live({trigger, its_event, nullptr, {}}, 10);
    EXPECT_EQ(job->lane, lane_of(*trigger, row_of(*job, ExecutionStatus::pending)));
  }
}

TEST(ExecutionStatus, Names) {
  for (const auto* name :
       {"pending", "running", "retrying", "completed", "dead_letter", "cancelled", "discarded"})
    EXPECT_EQ(to_string(execution_status(name)), name);
  EXPECT_THROW(execution_status("done"), InvalidInput);
}

}  // namespace
}  // namespace rowhook
