// What becomes of events, with everything real but the log of executions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/eventually.h"
#include "tests/support/scheduler_room.h"

namespace rowhook {
namespace {

using ::testing::ElementsAre;
using testing::eventually;
using ::testing::HasSubstr;
using testing::SchedulerRoom;

std::vector<std::int64_t> numbers(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> out;
  for (auto i = first; i <= last; ++i) out.push_back(i);
  return out;
}

TEST(Scheduler, AnEventBecomesAFinishedWorkflowAndOneRow) {
  SchedulerRoom room;
  room.start({room.trigger(3)});
  const auto seq = room.insert({42});
  ASSERT_TRUE(room.idle());
  const auto row = room.log.find(std::to_string(seq) + "-3");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->status, ExecutionStatus::completed);
  EXPECT_EQ(row->attempt, 1u);
  EXPECT_EQ(row->workflow_id, "w");
  EXPECT_EQ(row->table, "orders");
  EXPECT_EQ(row->key, "42");
  EXPECT_EQ(row->source, "shop");
  EXPECT_GE(row->finished_at, row->started_at);
  EXPECT_GE(row->started_at, row->created_at);
  EXPECT_EQ(parse_json(row->steps).size(), 2u);
  EXPECT_THAT(room.log.history(row->id), ElementsAre(ExecutionStatus::completed)) << "written once";
  ASSERT_EQ(room.written().size(), 1u);
  EXPECT_EQ(room.written()[0].message, "42");
  EXPECT_EQ(room.log.low_water(), seq + 1);
}

TEST(Scheduler, WhatMatchesNothingLeavesNoRowAndMovesTheLowWaterMark) {
  SchedulerRoom room;
  room.start({room.trigger(1, R"({"where":"total > 1000"})")});
  const auto seq = room.insert(numbers(1, 600));
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count(""), 0u);
  EXPECT_EQ(room.log.low_water(), seq + 1);
  EXPECT_LT(room.log.writes(), 20u) << "the mark is written lazily";
}

TEST(Scheduler, ManyEventsShareFewTransactionsOfTheLog) {
  SchedulerRoom room;
  room.start({room.trigger(1)});
  room.insert(numbers(1, 3000));
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count("completed"), 3000u);
  EXPECT_LT(room.log.writes(), 1500u);
}

TEST(Scheduler, FilterAndTransformOfTheTrigger) {
  SchedulerRoom room;
  room.add_workflow("t", {"{{ item.twice }}"});
  room.start(
      {room.trigger(1, R"({"filter":"new.id % 2 == 0","transform":"return { twice = new.id * 2 }"})", "t")});
  room.insert(numbers(1, 200));
  ASSERT_TRUE(room.idle()) << room.first_error();
  EXPECT_EQ(room.count(""), 100u) << "what is filtered has no row";
  EXPECT_EQ(room.count("completed"), 100u);
  for (const auto& line : room.written()) EXPECT_EQ(std::stoi(line.message) % 4, 0);
}

TEST(Scheduler, AScriptErrorNeverCountsAsFalse) {
  SchedulerRoom room;
  room.start({room.trigger(
      1, R"({"filter":"new.nonsense.x == 1","retry":{"max_retries":1,"retry_delay_seconds":0.01}})")});
  const auto seq = room.insert({1});
  ASSERT_TRUE(eventually([&] { return room.count("dead_letter") == 1; }));
  const auto row = room.log.find(std::to_string(seq) + "-1");
  EXPECT_EQ(row->attempt, 2u);
  EXPECT_THAT(row->error_message, HasSubstr("nonsense"));
}

TEST(Scheduler, D25_OneBadKeyOfAThousand) {
  SchedulerRoom room;
  room.settings.retry.max_retries = 2;
  std::atomic<bool> mended{false};
  room.behave = [&](const std::string&, const std::string& message) {
    if (message == "500" && !mended) throw TransientError("no connection");
  };
  room.start({room.trigger(1)});
  auto ids = numbers(1, 1000);
  ids.push_back(500);  // the same key once more
  const auto last = room.insert(ids);
  ASSERT_TRUE(eventually([&] { return room.count("dead_letter") == 2 && room.count("completed") == 999; }));
  const std::string first_bad = std::to_string(last - 501) + "-1", second_bad = std::to_string(last) + "-1";
  EXPECT_THAT(room.log.find(first_bad)->error_message, HasSubstr("no connection"));
  EXPECT_EQ(room.log.find(first_bad)->attempt, 3u);
  mended = true;
  // Replayed in order, with the same ids.
  room.scheduler->retry(second_bad);
  room.scheduler->retry(first_bad);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1001; }));
  EXPECT_EQ(room.log.find(first_bad)->attempt, 1u);
}

TEST(Scheduler, OneKeyKeepsItsOrderThroughFailures) {
  SchedulerRoom room;
  room.settings.retry.max_retries = 100;
  std::mutex mutex;
  std::mt19937 random(7);
  room.behave = [&](const std::string&, const std::string&) {
    const std::lock_guard<std::mutex> hold(mutex);
    if (random() % 3 == 0) throw TransientError("flaky");
  };
  room.start({room.trigger(1), room.trigger(2, R"({"ordering":"source"})"),
              room.trigger(3, R"({"ordering":"none"})")});
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 400; ++i) ids.push_back(i % 17);
  room.insert(ids);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1200; }, std::chrono::seconds{60}));
  std::map<std::string, std::uint64_t> last;  // lane -> seq
  for (const auto& line : room.written()) {
    const auto dash = line.execution_id.find('-');
    const std::uint64_t seq = std::stoull(line.execution_id.substr(0, dash));
    const std::string trigger = line.execution_id.substr(dash + 1);
    if (trigger == "3") continue;
    auto& before = last[trigger == "1" ? "1/" + line.message : trigger];
    EXPECT_LT(before, seq) << "trigger " << trigger << " key " << line.message;
    before = seq;
  }
  EXPECT_EQ(room.written().size(), 1200u) << "each succeeded once";
}

TEST(Scheduler, ARetryGoesOnAtTheNodeThatFailed) {
  SchedulerRoom room;
  room.add_workflow("two", {"first", "second"});
  std::atomic<int> failures{2};
  room.behave = [&](const std::string&, const std::string& message) {
    if (message == "second" && failures-- > 0) throw TransientError("flaky");
  };
  room.start({room.trigger(1, "{}", "two")});
  const auto seq = room.insert({1});
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1; }));
  std::vector<std::string> messages;
  for (const auto& line : room.written()) messages.push_back(line.message);
  EXPECT_THAT(messages, ElementsAre("first", "second"));
  EXPECT_EQ(room.log.find(std::to_string(seq) + "-1")->attempt, 3u);
}

TEST(Scheduler, APermanentErrorIsNotTriedAgain) {
  SchedulerRoom room;
  room.behave = [](const std::string&, const std::string&) { throw PermanentError("refused"); };
  room.start({room.trigger(1)});
  const auto seq = room.insert({1, 1});
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count("dead_letter"), 2u);
  EXPECT_EQ(room.log.find(std::to_string(seq) + "-1")->attempt, 1u);
}

TEST(Scheduler, AMissingWorkflowOrNodeIsADeadLetterWithThatReason) {
  SchedulerRoom room;
  Trigger no_node = room.trigger(2);
  no_node.target_node_id = "gone";
  room.start({room.trigger(1, "{}", "no-such"), no_node});
  const auto seq = room.insert({1});
  ASSERT_TRUE(room.idle());
  EXPECT_THAT(room.log.find(std::to_string(seq) + "-1")->error_message, HasSubstr("workflow 'no-such'"));
  EXPECT_THAT(room.log.find(std::to_string(seq) + "-2")->error_message, HasSubstr("'gone'"));
  EXPECT_EQ(room.count("dead_letter"), 2u);
}

TEST(Scheduler, D28_AChangeThatWentRoundEightTimesIsParkedAsALoop) {
  SchedulerRoom room;
  room.start({room.trigger(1)});
  Batch batch;
  Event round = testing::order_inserted(testing::orders_shape(), 1, 0, 1);
  round.extra = "\"hops\":8";
  batch.events.push_back(round);
  batch.position = testing::order_of(1);
  const auto seq = room.journal->append("shop", batch).last_seq;
  ASSERT_TRUE(room.idle());
  const auto row = room.log.find(std::to_string(seq) + "-1");
  EXPECT_EQ(row->status, ExecutionStatus::dead_letter);
  EXPECT_THAT(row->error_message, HasSubstr("loop"));
  EXPECT_TRUE(room.written().empty());
}

TEST(Scheduler, RunsOneWorkflowByHand) {
  SchedulerRoom room;
  room.add_workflow("hand", {"{{ item.id }}"});
  room.start({});
  const auto workflow = room.workflows.with([](const auto& all) { return all.at("hand"); });
  const auto item = std::make_shared<const Item>(std::string(R"({"id":5})"));
  const auto real = room.scheduler->run_once(workflow, "", nullptr, item, false);
  EXPECT_EQ(real.status, ExecutionStatus::completed) << real.error_message;
  EXPECT_TRUE(room.log.find(real.id));
  EXPECT_EQ(room.written().size(), 1u);
  const auto dry = room.scheduler->run_once(workflow, "", nullptr, item, true);
  EXPECT_EQ(dry.status, ExecutionStatus::completed);
  EXPECT_FALSE(room.log.find(dry.id));
  EXPECT_EQ(room.written().size(), 1u) << "no effects";
  EXPECT_EQ(parse_json(dry.steps).size(), 2u);
}

TEST(Scheduler, ATriggerMadeWhileRoutingStandsMissesNothingAndMeetsNothingTwice) {
  SchedulerRoom room;
  room.start({});
  std::uint64_t head = 0;
  std::thread writer([&] {
    for (std::int64_t i = 1; i <= 300; ++i) room.insert({i});
  });
  ASSERT_TRUE(eventually([&] { return room.journal->last_seq() > 50; }));
  room.scheduler->change_routing([&] {
    head = room.journal->last_seq();
    Trigger made = room.trigger(1);
    made.from_seq = head + 1;
    return room.router({made});
  });
  writer.join();
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count("completed"), room.journal->last_seq() - head);
}

TEST(Scheduler, D30_OneDeadEndpointOneSlowOneBrokenScriptDoNotStopTheOthers) {
  SchedulerSettings settings;
  settings.max_in_flight = 256;
  settings.max_blocked_lanes = 50;
  settings.retry.max_retries = 1000;
  SchedulerRoom room(settings);
  room.settings.retry.retry_delay = std::chrono::milliseconds{50};
  room.settings.retry.exponential_backoff = false;
  room.add_workflow("dead", {"dead {{ new.id }}"});
  room.add_workflow("slow", {"slow {{ new.id }}"});
  std::atomic<bool> dead{true};
  room.behave = [&](const std::string&, const std::string& message) {
    if (message.starts_with("dead") && dead) throw TransientError("connection refused");
    if (message.starts_with("slow")) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  };
  room.start({room.trigger(1), room.trigger(2, "{}", "dead"), room.trigger(3, "{}", "slow"),
              room.trigger(4, R"({"filter":"while true do end","retry":{"max_retries":0}})")});
  for (std::int64_t i = 0; i < 30; ++i) {
    room.insert(numbers(i * 50, i * 50 + 49));
  }
  ASSERT_TRUE(eventually([&] { return room.count("completed", 1) == 1500; }, std::chrono::seconds{60}));
  EXPECT_EQ(room.count("completed", 2), 0u);
  EXPECT_LT(room.scheduler->in_flight(SIZE_MAX).size(), 256u + 512u);
  EXPECT_THAT(room.scheduler->parked_triggers(), ::testing::Contains(2));
  dead = false;
  ASSERT_TRUE(eventually([&] { return room.count("completed", 2) == 1500; }, std::chrono::seconds{120}));
  ASSERT_TRUE(eventually([&] { return room.count("completed", 3) == 1500; }, std::chrono::seconds{60}));
}

}  // namespace
}  // namespace rowhook
