#include <gmock/gmock.h>

#include "tests/unit/execution/lanes_world.h"

namespace rowhook {
namespace {

using World = LanesWorld;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Lanes, OneKeyRunsOneAfterAnotherOthersBeside) {
  World world;
  for (const std::int64_t key : {1, 1, 2, 1}) world.arrive(1, key);
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(1, 3));
  world.succeed(3);
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(1));
  world.succeed(1);
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(2));
}

TEST(Lanes, D25_AFailingKeyBlocksOnlyItselfAndGoesOnInOrder) {
  World world;
  for (const std::int64_t key : {1, 2, 1}) world.arrive(1, key);
  world.start();
  world.fail(1, 500);
  EXPECT_EQ(world.status(1, 1), ExecutionStatus::retrying);
  EXPECT_EQ(world.status(1, 3), ExecutionStatus::pending) << "evicted behind it";
  world.arrive(1, 1);
  EXPECT_EQ(world.status(1, 4), ExecutionStatus::pending) << "written behind it";
  world.arrive(1, 2);
  world.succeed(2);
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(5));
  EXPECT_EQ(world.lanes.blocked(), 1u);
  world.bring_back();
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(5)) << "not due yet";
  world.now += 500;
  world.bring_back();
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(5, 1));
  world.succeed(1);
  world.arrive(1, 1);  // while what is behind is still to be loaded
  world.bring_back();
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(5, 3));
  for (const std::uint64_t seq : {3u, 4u}) {
    world.succeed(seq);
    world.bring_back();
    world.start();
  }
  EXPECT_THAT(world.running_seqs(), ElementsAre(5, 6));
  world.succeed(6);
  EXPECT_THAT((world.done[{1, 1}]), ElementsAre(1, 3, 4, 6));
  EXPECT_EQ(world.lanes.blocked(), 0u);
}

TEST(Lanes, ADeadLetterLetsItsLaneGoOn) {
  World world;
  world.arrive(1, 1);
  world.arrive(1, 1);
  world.start();
  world.end(0, {});  // ended for good, whatever its status
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(2));
}

TEST(Lanes, AReplayRunsInItsLaneBeforeWhatWaits) {
  World world;
  world.log[{1, 1}] = {ExecutionStatus::retrying, 7};
  world.routed = 1;
  for (int i = 0; i < 3; ++i) world.arrive(1, 7);
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(2));
  const auto trigger = compiled(1);
  world.lanes.park(*trigger, world.running[0]->lane, 1, world.now, false);
  world.bring_back();
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(2)) << "one at a time";
  world.succeed(2);
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(1));
  world.succeed(1);
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(3));
}

TEST(Lanes, ACancelledRetryFreesItsLane) {
  World world;
  world.arrive(1, 1);
  world.arrive(1, 1);
  world.start();
  world.fail(1, 1'000'000);
  world.log[{1, 1}].status = ExecutionStatus::cancelled;
  EXPECT_TRUE(world.lanes.expedite(1, 1, world.now));
  world.bring_back();  // finds it cancelled
  world.bring_back();  // loads what is behind
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(2));
}

TEST(Lanes, AWaitingJobCanBeRemoved) {
  World world;
  for (int i = 0; i < 3; ++i) world.arrive(1, 1);
  world.start();
  EXPECT_EQ(world.lanes.remove_waiting(1, 1), nullptr) << "it runs";
  ASSERT_NE(world.lanes.remove_waiting(1, 2), nullptr);
  world.succeed(1);
  world.start();
  EXPECT_THAT(world.running_seqs(), ElementsAre(3));
}

TEST(Lanes, OneTriggerGetsHalfTwoAThirdEach) {
  Lanes::Limits limits;
  limits.running = 30;
  World world(limits);
  for (std::int64_t key = 0; key < 100; ++key) world.arrive(1, key);
  world.start();
  EXPECT_EQ(world.running.size(), 15u);
  for (std::int64_t key = 0; key < 100; ++key) world.arrive(2, key);
  world.start();
  EXPECT_GE(world.running.size(), 21u);
  EXPECT_LT(world.running.size(), 30u) << "there is room for a third";
  world.arrive(3, 1);
  world.start();
  EXPECT_EQ(world.running.back()->trigger->trigger.id, 3);
}

TEST(Lanes, AFailingTriggerIsTriedWithOneUntilItSucceeds) {
  Lanes::Limits limits;
  limits.failures_to_open = 3;
  World world(limits);
  for (std::int64_t key = 0; key < 10; ++key) world.arrive(1, key);
  std::vector<LiveExecution*> few;
  world.lanes.take(3, world.now, few);
  world.running = few;
  for (int i = 0; i < 3; ++i) world.fail(world.running.front()->seq, 60'000'000);
  world.start();
  EXPECT_THAT(world.running, IsEmpty());
  world.arrive(2, 1);
  world.start();
  EXPECT_EQ(world.running.size(), 1u) << "others are not concerned";
  world.now += limits.first_probe;
  world.start();
  EXPECT_EQ(world.running.size(), 2u) << "a probe";
  world.fail(world.running[1]->seq, 60'000'000);
  world.now += limits.first_probe;
  world.start();
  EXPECT_EQ(world.running.size(), 1u) << "the interval doubles";
  world.now += limits.first_probe;
  world.start();
  EXPECT_EQ(world.running.size(), 2u);
  world.succeed(world.running[1]->seq);
  world.start();
  EXPECT_EQ(world.running.size(), 6u) << "all of what waited";
}

TEST(Lanes, RetriesOfOneBadKeyDoNotStopItsTrigger) {
  Lanes::Limits limits;
  limits.failures_to_open = 2;
  World world(limits);
  world.arrive(1, 1);
  world.start();
  for (int i = 0; i < 10; ++i) {
    world.fail(1, 100);
    world.now += 100;
    world.bring_back();
    world.start();
    ASSERT_THAT(world.running_seqs(), ElementsAre(1));
  }
}

TEST(Lanes, ScriptsAreTrustedWithBatchesOnceTheyHaveShownToBeQuick) {
  World world;
  Trigger row;
  row.id = 1;
  row.config["filter"] = "true";
  const auto trigger = compile_trigger(row, {});
  EXPECT_FALSE(world.lanes.scripts_in_batch(*trigger));
  for (int i = 0; i < 32; ++i) world.lanes.scripts_took(*trigger, 5, false);
  EXPECT_TRUE(world.lanes.scripts_in_batch(*trigger));
  world.lanes.scripts_took(*trigger, 1'000'000, true);
  EXPECT_FALSE(world.lanes.scripts_in_batch(*trigger));
  for (int i = 0; i < 255; ++i) world.lanes.scripts_took(*trigger, 5, false);
  EXPECT_FALSE(world.lanes.scripts_in_batch(*trigger)) << "once bitten, it takes longer";
  world.lanes.scripts_took(*trigger, 5, false);
  EXPECT_TRUE(world.lanes.scripts_in_batch(*trigger));
  for (int i = 0; i < 100; ++i) world.lanes.scripts_took(*trigger, 50'000, false);
  EXPECT_FALSE(world.lanes.scripts_in_batch(*trigger)) << "too slow for the router's thread";
  row.config["filter"] = "false";
  EXPECT_FALSE(world.lanes.scripts_in_batch(*compile_trigger(row, {})));
}

// A script that is stopped again and again: one job at a time, and full speed after one good run.
TEST(Breaker, OpensAfterRepeatedStopsAndClosesAfterOneGoodTrial) {
  Lanes::Limits limits;
  limits.stops_to_open = 3;
  World world(limits);
  for (int key = 1; key <= 20; ++key) world.arrive(1, key);
  world.start();
  ASSERT_EQ(world.running.size(), 20u);
  for (std::uint64_t seq = 1; seq <= 2; ++seq) world.stop_script(seq);
  EXPECT_FALSE(world.lanes.breaker(1));
  world.stop_script(3);
  auto open = world.lanes.breaker(1);
  ASSERT_TRUE(open);
  EXPECT_FALSE(open->half_open);
  EXPECT_EQ(open->stops, 3u);
  EXPECT_EQ(open->next_trial, world.now + limits.first_probe);
  auto changes = world.lanes.take_breaker_changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_TRUE(changes[0].open);
  for (std::uint64_t seq = 4; seq <= 20; ++seq) world.succeed(seq);  // they ran before it opened
  EXPECT_TRUE(world.lanes.breaker(1));

  for (int key = 31; key <= 35; ++key) world.arrive(1, key);
  world.start();
  EXPECT_EQ(world.running.size(), 0u);
  world.now += limits.first_probe;
  world.start();
  ASSERT_EQ(world.running.size(), 1u);
  EXPECT_TRUE(world.lanes.breaker(1)->half_open);
  world.stop_script(world.running[0]->seq);
  EXPECT_TRUE(world.lanes.breaker(1));
  EXPECT_THAT(world.lanes.take_breaker_changes(), IsEmpty());
  world.now += 2 * limits.first_probe;
  world.start();
  ASSERT_EQ(world.running.size(), 1u);
  world.succeed(world.running[0]->seq);
  EXPECT_FALSE(world.lanes.breaker(1));
  changes = world.lanes.take_breaker_changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_FALSE(changes[0].open);
  world.start();
  EXPECT_EQ(world.running.size(), 3u) << "at full speed again";
}

TEST(Breaker, StaysClosedForRareStopsAndOpensForFrequentOnes) {
  for (const int good_between : {12, 4}) {
    World world;
    std::uint64_t seq = 0;
    for (int round = 0; round < 12 && !world.lanes.breaker(1); ++round) {
      for (int i = 0; i <= good_between; ++i) world.arrive(1, round * 100 + i);
      world.start();
      world.stop_script(++seq);
      for (int i = 0; i < good_between; ++i) world.succeed(++seq);
    }
    EXPECT_EQ(world.lanes.breaker(1).has_value(), good_between < 10) << good_between;
  }
}

}  // namespace
}  // namespace rowhook
