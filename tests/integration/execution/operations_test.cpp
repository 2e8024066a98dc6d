// What people do with single executions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/scheduler_room.h"

namespace rowhook {
namespace {

using ::testing::ElementsAre;
using testing::eventually;
using testing::SchedulerRoom;

// A room with one execution that fails for ever and one behind it, both of key 1.
class Operations : public ::testing::Test {
 protected:
  Operations() {
    room.settings.retry.retry_delay = std::chrono::hours{1};
    room.settings.retry.max_delay = std::chrono::hours{1};
    room.behave = [this](const std::string&, const std::string&) {
      if (failing) throw TransientError("no connection");
    };
    room.start({room.trigger(1)});
    room.insert({1});
    const auto last = room.insert({1});
    first = std::to_string(last - 1) + "-1";
    second = std::to_string(last) + "-1";
    EXPECT_TRUE(eventually([&] { return room.count("retrying") == 1 && room.count("pending") == 1; }));
  }
  std::vector<std::string> delivered() {
    std::vector<std::string> out;
    for (const auto& line : room.written()) out.push_back(line.execution_id);
    return out;
  }
  SchedulerRoom room;
  std::atomic<bool> failing{true};
  std::string first, second;
};

TEST_F(Operations, RetryingAParkedExecutionRunsItAtOnceAndThenItsLane) {
  failing = false;
  room.scheduler->retry(first);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 2; }));
  EXPECT_THAT(delivered(), ElementsAre(first, second));
}

TEST_F(Operations, RetryingWhatWaitsBehindRunsWhatIsAheadFirst) {
  failing = false;
  room.scheduler->retry(second);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 2; }));
  EXPECT_THAT(delivered(), ElementsAre(first, second));
}

TEST_F(Operations, CancellingTheOneAheadLetsTheLaneGoOn) {
  failing = false;
  room.scheduler->cancel(first);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1; }));
  EXPECT_THAT(delivered(), ElementsAre(second));
  EXPECT_EQ(room.log.find(first)->status, ExecutionStatus::cancelled);
  room.scheduler->retry(first);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 2; }));
}

TEST_F(Operations, CancellingWhatWaitsBehindLeavesItOut) {
  room.scheduler->cancel(second);
  failing = false;
  room.scheduler->retry(first);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1; }));
  ASSERT_TRUE(room.idle());
  EXPECT_THAT(delivered(), ElementsAre(first));
  room.insert({1});
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 2; })) << "the lane is free";
}

TEST_F(Operations, EditedInputReplacesTheItem) {
  room.add_workflow("w", {"{{ item.text }}"});
  failing = false;
  room.scheduler->retry(first, R"({"text":"mended"})");
  ASSERT_TRUE(eventually([&] { return room.log.find(first)->status == ExecutionStatus::completed; }));
  EXPECT_EQ(room.written().front().message, "mended");
  EXPECT_EQ(room.log.find(first)->edited_input, R"({"text":"mended"})");
}

TEST_F(Operations, WhatIsNotThereOrInAnotherState) {
  EXPECT_THROW(room.scheduler->retry("99999-1"), NotFound);
  EXPECT_THROW(room.scheduler->retry("nonsense"), NotFound);
  EXPECT_THROW(room.scheduler->cancel("99999-1"), NotFound);
  EXPECT_THROW(room.scheduler->discard("99999-1"), NotFound);
  EXPECT_THROW(room.scheduler->discard(first), Conflict);
  failing = false;
  room.scheduler->retry(first);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 2; }));
  EXPECT_THROW(room.scheduler->retry(first), Conflict);
  EXPECT_THROW(room.scheduler->cancel(first), Conflict);
  room.stop();
  room.start({room.trigger(1)});
  room.scheduler->stop(std::chrono::milliseconds{0});
  EXPECT_THROW(room.scheduler->retry(first), TransientError);
}

TEST(DeadLetters, DiscardedOrReplayed) {
  SchedulerRoom room;
  std::atomic<bool> failing{true};
  room.behave = [&](const std::string&, const std::string&) {
    if (failing) throw PermanentError("refused");
  };
  room.start({room.trigger(1)});
  const auto last = room.insert({1, 2, 3});
  ASSERT_TRUE(eventually([&] { return room.count("dead_letter") == 3; }));
  room.scheduler->discard(std::to_string(last) + "-1");
  EXPECT_EQ(room.count("discarded"), 1u);
  EXPECT_THROW(room.scheduler->retry(std::to_string(last) + "-1"), Conflict);
  failing = false;
  room.scheduler->retry(std::to_string(last - 1) + "-1");
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1; }));
}

TEST(DeadLetters, WithoutTheirEventOrTriggerTheyCannotRun) {
  SchedulerRoom room;
  room.behave = [&](const std::string&, const std::string&) { throw PermanentError("refused"); };
  room.start({room.trigger(1)});
  const std::string id = std::to_string(room.insert({1})) + "-1";
  ASSERT_TRUE(eventually([&] { return room.count("dead_letter") == 1; }));
  Execution lost = *room.log.find(id);
  lost.seq = 999'999;
  lost.id = "999999-1";
  room.log.write({lost}, room.log.low_water());
  EXPECT_THROW(room.scheduler->retry("999999-1"), Conflict);
  room.scheduler->set_router(room.router({}));
  EXPECT_THROW(room.scheduler->retry(id), Conflict);
}

TEST(Cancelling, ARunningExecutionIsNotTriedAgain) {
  SchedulerRoom room;
  Guarded<bool> go{false};
  room.behave = [&](const std::string&, const std::string&) {
    auto lock = go.lock();
    lock.wait([&] { return *lock; });
    throw TransientError("no connection");
  };
  room.start({room.trigger(1)});
  const std::string id = std::to_string(room.insert({1})) + "-1";
  ASSERT_TRUE(eventually([&] {
    const auto running = room.scheduler->in_flight(10);
    return running.size() == 1 && running[0].status == ExecutionStatus::running && running[0].id == id;
  }));
  room.scheduler->cancel(id);
  *go.lock() = true;
  go.notify();
  ASSERT_TRUE(eventually([&] { return room.count("cancelled") == 1; }));
  EXPECT_EQ(room.count("retrying"), 0u);
}

}  // namespace
}  // namespace rowhook
