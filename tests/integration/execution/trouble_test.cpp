// A log that cannot be written, rows it refuses, executions that take their time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/scheduler_room.h"

namespace rowhook {
namespace {

using testing::eventually;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::SchedulerRoom;

TEST(Trouble, D27_WhileTheLogFailsNothingIsLostMemoryIsBoundedAndItHealsByItself) {
  SchedulerSettings settings;
  settings.max_in_flight = 100;
  SchedulerRoom room(settings);
  std::atomic<bool> full{true};
  room.log.before_write = [&](const std::vector<Execution>&) {
    if (full) throw TransientError("database or disk is full");
  };
  room.start({room.trigger(1)});
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 3000; ++i) ids.push_back(i);
  room.insert(ids);
  ASSERT_TRUE(eventually([&] { return !room.scheduler->trouble().empty(); }));
  EXPECT_THAT(room.scheduler->trouble(), HasSubstr("disk is full"));
  EXPECT_LT(room.written().size(), 1500u) << "it stopped reading";
  EXPECT_EQ(room.log.low_water(), 0u);
  full = false;
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count("completed"), 3000u);
  EXPECT_EQ(room.written().size(), 3000u) << "none ran twice";
  EXPECT_THAT(room.scheduler->trouble(), IsEmpty());
}

TEST(Trouble, ARowThatTheLogRefusesForGoodDoesNotHoldUpTheOthers) {
  SchedulerRoom room;
  room.log.before_write = [](const std::vector<Execution>& rows) {
    for (const auto& row : rows)
      if (row.key == "7") throw PermanentError("CHECK constraint failed");
  };
  room.start({room.trigger(1)});
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(i);
  const auto last = room.insert(ids);
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count("completed"), 19u);
  EXPECT_EQ(room.log.low_water(), last + 1);
}

TEST(Trouble, StoppingWaitsForWhatRunsWithinItsGrace) {
  SchedulerRoom room;
  std::atomic<bool> running{false};
  room.behave = [&](const std::string&, const std::string&) {
    running = true;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  };
  room.start({room.trigger(1)});
  room.insert({1});
  ASSERT_TRUE(eventually([&] { return running.load(); }));
  room.stop(std::chrono::seconds{30});
  EXPECT_EQ(room.count("completed"), 1u);
}

TEST(Trouble, WhatAnExecutionWaitsForMayComeAfterTheEnd) {
  SchedulerRoom room;
  // A transform node that takes its whole second: the answer finds nobody.
  auto json = parse_json(R"lua({"id":"late","name":"late","nodes":[{"node_id":"in","node_type":"input"},
    {"node_id":"t","node_type":"transform","config":{"transform":"while true do end"}}],
    "connections":[{"from_node_id":"in","to_node_id":"t"}]})lua");
  std::vector<Problem> problems;
  const auto definition = definition_from_json(json, problems);
  ASSERT_THAT(problems, IsEmpty());
  auto compiled = compile_workflow(definition, room.services);
  room.workflows.with([&](auto& all) { all["late"] = compiled; });
  room.start({room.trigger(1, "{}", "late")});
  room.insert({1});
  ASSERT_TRUE(eventually([&] { return room.scheduler->in_flight(10).size() == 1; }));
  room.stop();
  EXPECT_EQ(room.count(""), 0u);
  room.workflows.with([&](auto& all) { all.erase("late"); });
  room.start({room.trigger(1, "{}", "w")});
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count("completed"), 1u);
}

}  // namespace
}  // namespace rowhook
