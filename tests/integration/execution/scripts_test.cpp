// What scripts can do to their executions: keep state, ask for a retry, reject, and be held back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/scheduler_room.h"

namespace rowhook {
namespace {

using testing::eventually;
using ::testing::HasSubstr;
using testing::SchedulerRoom;

constexpr const char* counter = "trigger 1 filter";

std::vector<std::int64_t> numbers(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> out;
  for (auto i = first; i <= last; ++i) out.push_back(i);
  return out;
}

// Every execution counts once, those whose filter said no as well.
TEST(ScriptState, CountsEveryEventOnceWhateverBecomesOfIt) {
  SchedulerRoom room;
  room.start({room.trigger(1, R"J({"filter":"kv.add('seen') and new.id % 3 == 0"})J")});
  room.insert(numbers(1, 300));
  ASSERT_TRUE(room.idle()) << room.first_error();
  EXPECT_EQ(room.count("completed"), 100u);
  EXPECT_EQ(room.count(""), 100u) << "what is filtered has no row";
  EXPECT_EQ(room.log.script_state(counter)["seen"], "300");
}

// What kv gives back is exact, too, although many events are routed at once; side by side only counts are.
TEST(ScriptState, LetsEveryThirdEventPass) {
  SchedulerRoom room;
  room.start({room.trigger(1, R"J({"filter":"kv.add('n') % 3 == 0"})J"),
              room.trigger(2, R"J({"filter":"kv.add('n') > 0", "ordering":"key"})J")});
  room.insert(numbers(1, 300));
  ASSERT_TRUE(room.idle()) << room.first_error();
  EXPECT_EQ(room.count("completed", 1), 100u);
  ExecutionFilter of_first;
  of_first.trigger_id = 1;
  of_first.limit = 1000;
  for (const auto& row : room.log.list(of_first)) EXPECT_EQ(row.seq % 3, 0u);
  EXPECT_EQ(room.count("completed", 2), 300u);
  EXPECT_EQ(room.log.script_state("trigger 2 filter")["n"], "300");
}

TEST(ScriptState, IsOfTheLogAndSurvivesARestart) {
  SchedulerRoom room;
  const auto trigger = room.trigger(1, R"J({"filter":"kv.add('n') % 10 == 0"})J");
  room.start({trigger});
  room.insert(numbers(1, 95));
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count("completed"), 9u);
  room.stop();
  room.start({trigger});
  room.insert(numbers(96, 110));
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count("completed"), 11u);
  EXPECT_EQ(room.log.script_state(counter)["n"], "110");
}

// An execution that fails has changed nothing; one that is retried has changed it once.
TEST(ScriptState, ChangesWithTheCompletedExecutionOnly) {
  SchedulerRoom room;
  std::atomic<int> failures{2};
  room.behave = [&](const std::string&, const std::string& message) {
    if (message == "1" && failures-- > 0) throw TransientError("not yet");
    if (message == "2") throw PermanentError("never");
  };
  room.start({room.trigger(1, R"J({"filter":"kv.set('last', new.id) or kv.add('n') > 0"})J")});
  room.insert({2});
  ASSERT_TRUE(room.idle());
  EXPECT_EQ(room.count("dead_letter"), 1u);
  EXPECT_TRUE(room.log.script_state(counter).empty());
  room.insert({1});
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1; })) << room.first_error();
  EXPECT_EQ(room.log.script_state(counter)["n"], "1");
  EXPECT_EQ(room.log.script_state(counter)["last"], "1");
}

// A node sees what the scripts before it did in the same execution.
TEST(ScriptState, IsSeenByTheScriptsBehindInTheSameExecution) {
  SchedulerRoom room;
  room.add_workflow("t", {"{{ item.n }}"});
  room.start({room.trigger(
      1, R"J({"ordering":"source","filter":"kv.add('n') > 0","transform":"return { n = kv.add('n', 10) }"})J",
      "t")});
  room.insert({1, 2});
  ASSERT_TRUE(room.idle()) << room.first_error();
  EXPECT_EQ(room.log.script_state(counter)["n"], "2");
  EXPECT_EQ(room.log.script_state("trigger 1 transform")["n"], "20") << "each script has a state of its own";
  ASSERT_EQ(room.written().size(), 2u);
  EXPECT_EQ(room.written()[1].message, "20");
}

TEST(ScriptEndings, RetryAfterAndReject) {
  SchedulerRoom room;
  room.start({room.trigger(1, R"J({"filter":"event.reject('no customer ' .. new.id)"})J"),
              room.trigger(2, R"J({"filter":"event.retry_after(3600, 'the price list is not there yet')"
})J")});
  const auto seq = room.insert({7});
  ASSERT_TRUE(room.idle());
  const auto rejected = room.log.find(std::to_string(seq) + "-1");
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->status, ExecutionStatus::dead_letter);
  EXPECT_EQ(rejected->attempt, 1u) << "no retry";
  EXPECT_EQ(rejected->error_message, "trigger 1 filter:1: no customer 7");
  const auto later = room.log.find(std::to_string(seq) + "-2");
  ASSERT_TRUE(later);
  EXPECT_EQ(later->status, ExecutionStatus::retrying);
  EXPECT_THAT(later->error_message, HasSubstr("the price list is not there yet"));
  EXPECT_GT(later->next_attempt_at - system_clock().now(), 3'500'000'000);
}

TEST(ScriptErrors, AreKeptWithEventFieldsAndTraceback) {
  SchedulerRoom room;
  room.start({room.trigger(1, R"J({"filter":"new.id > 0 and missing_function(new)","retry":{
    "max_retries" : 0}})J")});
  const auto seq = room.insert({7});
  ASSERT_TRUE(room.idle());
  const auto row = room.log.find(std::to_string(seq) + "-1");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->status, ExecutionStatus::dead_letter);
  EXPECT_THAT(row->error_message,
              ::testing::StartsWith("trigger 1 filter:1: nothing is named 'missing_function'\n"));
  EXPECT_THAT(row->error_message, HasSubstr("\n  event " + row->event_id));
  EXPECT_THAT(row->error_message, HasSubstr("\n  new.id = 7"));
  EXPECT_THAT(row->error_message, HasSubstr("\n  at trigger 1 filter:1: in the script"));
}

// The breaker: a script that hangs again and again is tried with one event at a time, others go on, and when
// it has been mended it runs at full speed again.
TEST(ScriptBreaker, OpensForAHangingScriptAndClosesWhenItIsMended) {
  ScriptLimits limits;
  limits.time_limit = std::chrono::milliseconds{30};
  SchedulerSettings settings;
  settings.retry.max_retries = 1000;
  SchedulerRoom room(settings, limits);
  room.start({room.trigger(1, R"J({"filter":"while true do end"})J"), room.trigger(2)});
  room.insert(numbers(1, 40));
  ASSERT_TRUE(eventually([&] { return room.scheduler->breaker(1).has_value(); }));
  EXPECT_GE(room.scheduler->breaker(1)->stops, 3u);
  EXPECT_FALSE(room.scheduler->breaker(2));
  EXPECT_TRUE(eventually([&] { return room.count("completed", 2) == 40; })) << "others do not notice";
  EXPECT_THAT(room.metrics.text(), HasSubstr("rowhook_trigger_breakers_open 1"));
  EXPECT_THAT(room.metrics.text(), HasSubstr("rowhook_trigger_breakers_opened_total 1"));

  room.scheduler->change_routing([&] {
    return room.router({room.trigger(1, R"J({"filter":"new.id > 0"})J"), room.trigger(2)});
  });
  room.insert({99});
  EXPECT_TRUE(eventually([&] { return !room.scheduler->breaker(1); }));
  EXPECT_TRUE(eventually([&] { return room.count("completed", 1) == 41; })) << room.first_error();
  EXPECT_THAT(room.metrics.text(), HasSubstr("rowhook_trigger_breakers_open 0"));
}

}  // namespace
}  // namespace rowhook
