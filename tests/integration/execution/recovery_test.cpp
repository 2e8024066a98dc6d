// What a new process makes of what an earlier one left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/eventually.h"
#include "tests/support/scheduler_room.h"

namespace rowhook {
namespace {

using testing::eventually;
using testing::SchedulerRoom;

TEST(Recovery, D26_WhatHadNotEndedRunsAgainUnderTheSameIds) {
  SchedulerRoom room;
  std::atomic<bool> stuck{true}, waiting{false};
  room.behave = [&](const std::string&, const std::string& message) {
    while (stuck && message == "3") {
      waiting = true;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  };
  room.settings.threads = 1;
  room.start({room.trigger(1)});
  room.insert({1, 2});
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 2; }));
  const auto last = room.insert({3, 4, 5});
  ASSERT_TRUE(eventually([&] { return waiting.load(); }));
  EXPECT_LE(room.log.low_water(), last - 2);
  std::thread stopping([&] { room.stop(); });
  stuck = false;
  stopping.join();
  EXPECT_GE(room.count("completed"), 3u) << "what ran was finished";
  room.start({room.trigger(1)});
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count("completed"), 5u);
  EXPECT_EQ(room.log.low_water(), last + 1);
  for (const auto& row : room.log.list({}))
    EXPECT_EQ(room.log.history(row.id).size(), 1u) << row.id << " ran again";
}

TEST(Recovery, ParkedExecutionsComeBackBeforeWhatIsNew) {
  SchedulerRoom room;
  room.settings.retry.retry_delay = std::chrono::milliseconds{200};
  std::atomic<bool> failing{true};
  room.behave = [&](const std::string&, const std::string& message) {
    if (failing && message == "1") throw TransientError("no connection");
  };
  room.start({room.trigger(1)});
  room.insert({1, 2, 1, 1});
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1 && room.count("pending") == 2; }));
  room.stop();
  failing = false;
  room.insert({1, 2});
  room.start({room.trigger(1)});
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 6; }));
  std::uint64_t before = 0;
  for (const auto& line : room.written()) {
    if (line.message != "1") continue;
    const auto seq = std::stoull(line.execution_id);
    EXPECT_LT(before, seq);
    before = seq;
  }
}

TEST(Recovery, AParkedExecutionWhoseTriggerWasDeletedIsCancelled) {
  SchedulerRoom room;
  room.behave = [&](const std::string&, const std::string&) { throw TransientError("no connection"); };
  room.settings.retry.retry_delay = std::chrono::hours{1};
  room.start({room.trigger(1)});
  room.insert({1, 1});
  ASSERT_TRUE(eventually([&] { return room.count("retrying") == 1 && room.count("pending") == 1; }));
  room.stop();
  room.start({});
  ASSERT_TRUE(eventually([&] { return room.count("cancelled") == 2; }));
}

TEST(Recovery, AMendedTriggerRunsWhatItsScriptHadParked) {
  SchedulerRoom room;
  room.settings.retry.retry_delay = std::chrono::hours{1};
  room.start({room.trigger(1, R"({"filter":"new.no_such_column == 1"})")});
  const std::string id = std::to_string(room.insert({1})) + "-1";
  ASSERT_TRUE(eventually([&] { return room.count("retrying") == 1; }));
  Trigger mended = room.trigger(1, R"({"filter":"new.id == 1"})");
  mended.revision = 2;
  room.scheduler->set_router(room.router({mended}));
  room.scheduler->retry(id);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1; }));
  EXPECT_EQ(room.log.find(id)->trigger_revision, 2);
}

TEST(Recovery, D29_ManyRestartsWithAFlakySinkLoseNothingAndKeepTheOrder) {
  SchedulerSettings settings;
  settings.max_in_flight = 64;
  settings.max_blocked_lanes = 6;
  settings.retry.max_retries = 1'000'000;
  SchedulerRoom room(settings);
  room.settings.retry.retry_delay = std::chrono::milliseconds{3};
  room.settings.retry.exponential_backoff = false;
  std::mutex mutex;
  std::mt19937 random(11);
  room.behave = [&](const std::string&, const std::string&) {
    const std::lock_guard<std::mutex> hold(mutex);
    if (random() % 4 == 0) throw TransientError("flaky");
  };
  std::size_t inserted = 0;
  for (int round = 0; round < 25; ++round) {
    room.start({room.trigger(1), room.trigger(2, R"({"filter":"new.id < 6"})")});
    std::vector<std::int64_t> ids;
    for (int i = 0; i < 40; ++i) ids.push_back(i % 12);
    room.insert(ids);
    inserted += ids.size();
    const auto completed = room.count("completed");
    ASSERT_TRUE(eventually(
        [&] { return room.count("completed") > completed + static_cast<std::size_t>(round % 7) * 3; }));
    room.stop();
  }
  room.start({room.trigger(1), room.trigger(2, R"({"filter":"new.id < 6"})")});
  const auto of_first = [&] { return room.count("completed", 1); };
  ASSERT_TRUE(eventually(
      [&] {
        return of_first() == inserted && room.idle() && room.count("retrying") + room.count("pending") == 0;
      },
      std::chrono::seconds{120}))
      << of_first() << " of " << inserted;
  std::map<std::string, std::uint64_t> last;  // lane
  std::map<std::string, std::set<std::uint64_t>> delivered;
  for (const auto& line : room.written()) {
    const auto dash = line.execution_id.find('-');
    const std::uint64_t seq = std::stoull(line.execution_id);
    const std::string lane = line.execution_id.substr(dash) + "/" + line.message;
    if (delivered[lane].insert(seq).second) {
      EXPECT_LT(last[lane], seq) << "first deliveries out of order in lane " << lane;
      last[lane] = seq;
    }
  }
  std::size_t total = 0;
  for (const auto& [lane, seqs] : delivered) total += lane.starts_with("-1/") ? seqs.size() : 0;
  EXPECT_EQ(total, inserted);
}

}  // namespace
}  // namespace rowhook
