#include <gmock/gmock.h>

#include <random>

#include "tests/unit/execution/lanes_world.h"

namespace rowhook {
namespace {

using World = LanesWorld;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What makes lanes give up their place in memory, and how they come back.

TEST(Lanes, D30_TooManyBlockedLanesParkTheTriggerAndMemoryStaysBounded) {
  Lanes::Limits limits;
  limits.blocked_lanes = 20;
  limits.failures_to_open = 1000;
  World world(limits);
  for (std::int64_t key = 0; key < 500; ++key) {
    world.arrive(1, key);
    world.start();
    while (!world.running.empty()) world.fail(world.running.front()->seq, 1000);
  }
  EXPECT_EQ(world.lanes.blocked(), 20u);
  EXPECT_THAT(world.lanes.spilling(), ElementsAre(1));
  EXPECT_EQ(world.status(1, 400), ExecutionStatus::pending);
  EXPECT_EQ(world.lanes.live(), 0u);
  // Everything recovers.
  for (int round = 0; round < 2000 && (world.lanes.blocked() > 0 || world.lanes.is_spilling(1)); ++round) {
    world.now += 100;
    world.bring_back();
    world.start();
    while (!world.running.empty()) world.succeed(world.running.front()->seq);
  }
  EXPECT_THAT(world.lanes.spilling(), IsEmpty());
  EXPECT_EQ(world.done.size(), 500u);
}

TEST(Lanes, D30_ASlowTriggerGivesItsPlaceToTheLogInsteadOfHoldingUpTheRouter) {
  Lanes::Limits limits;
  limits.jobs = 100;
  limits.running = 8;
  World world(limits);
  world.lanes.set_active_triggers(2);
  for (std::int64_t key = 0; key < 40; ++key) world.arrive(1, key);
  world.start();
  world.now += 2 * limits.slow_wait;  // nothing ends
  for (std::int64_t key = 0; key < 200; ++key) {
    world.arrive(1, key);
    world.arrive(2, key);
    EXPECT_TRUE(world.lanes.may_read(world.now));
    world.start();
    for (std::size_t i = world.running.size(); i-- > 0;)
      if (world.running[i]->trigger->trigger.id == 2) world.end(i, {});
  }
  EXPECT_TRUE(world.lanes.is_spilling(1));
  EXPECT_FALSE(world.lanes.is_spilling(2));
  EXPECT_LE(world.lanes.live(), 60u);
  std::size_t of_second = 0;
  for (const auto& [id, seqs] : world.done) of_second += id.first == 2 ? seqs.size() : 0;
  EXPECT_GE(of_second, 195u);
}

TEST(Lanes, D30_WhatCameBeforeATriggerShowedToBeSlowGivesItsPlaceAsWell) {
  Lanes::Limits limits;
  limits.jobs = 100;
  limits.running = 8;
  World world(limits);
  world.lanes.set_active_triggers(2);
  for (std::int64_t i = 0; i < 120; ++i) world.arrive(1, i % 60);  // one batch of the router
  world.start();
  world.now += 2 * limits.slow_wait;  // nothing ends
  EXPECT_FALSE(world.lanes.may_read(world.now));
  world.relieve();
  EXPECT_TRUE(world.lanes.may_read(world.now));
  EXPECT_EQ(world.lanes.live(), world.lanes.running()) << "what runs stays";
  world.arrive(2, 1);
  for (int round = 0; round < 2000 && world.lanes.live() + world.lanes.blocked() > 0; ++round) {
    while (!world.running.empty()) world.succeed(world.running.front()->seq);
    world.now += 100;
    world.bring_back();
    world.start();
  }
  EXPECT_EQ((world.done[{2, 1}].size()), 1u);
  for (std::uint64_t key = 0; key < 60; ++key)
    EXPECT_THAT((world.done[{1, static_cast<std::int64_t>(key)}]), ElementsAre(key + 1, key + 61));
}

TEST(Lanes, AloneASlowTriggerHoldsUpTheRouterInstead) {
  Lanes::Limits limits;
  limits.jobs = 40;
  World world(limits);
  for (std::int64_t key = 0; key < 30; ++key) world.arrive(1, key);
  world.now += 10 * limits.slow_wait;
  EXPECT_FALSE(world.lanes.may_read(world.now));
  EXPECT_FALSE(world.lanes.is_spilling(1));
  world.start();
  while (!world.running.empty()) world.succeed(world.running.front()->seq);
  EXPECT_TRUE(world.lanes.may_read(world.now));
}

TEST(Lanes, RowsOfAnEarlierProcessAreDrainedBeforeWhatIsNew) {
  World world;
  world.log[{1, 3}] = {ExecutionStatus::retrying, 7};
  world.log[{1, 5}] = {ExecutionStatus::pending, 7};
  world.log[{1, 6}] = {ExecutionStatus::pending, 8};
  for (const auto& [id, row] : world.log) world.keys[id] = row.key;
  world.lanes.spill_from_start(1, 6);
  world.routed = 6;
  world.arrive(1, 7);  // seq 7
  world.arrive(1, 8);  // seq 8
  for (int round = 0; round < 10; ++round) {
    world.bring_back();
    world.start();
    while (!world.running.empty()) world.succeed(world.running.front()->seq);
  }
  EXPECT_THAT((world.done[{1, 7}]), ElementsAre(3, 5, 7));
  EXPECT_THAT((world.done[{1, 8}]), ElementsAre(6, 8));
  EXPECT_THAT(world.lanes.spilling(), IsEmpty());
}

// Random arrivals, failures, replays of time and small limits: every execution ends exactly once, keys in
// commit order.
class LanesProperty : public ::testing::TestWithParam<unsigned> {};

TEST_P(LanesProperty, D29_NothingLostDoubledOrOutOfOrder) {
  std::mt19937 generator(GetParam());
  const auto random = [&] { return static_cast<unsigned>(generator()); };
  const auto chance = [&](unsigned of_hundred) { return random() % 100 < of_hundred; };
  Lanes::Limits limits;
  limits.jobs = 20 + random() % 60;
  limits.running = 3 + random() % 10;
  limits.blocked_lanes = 2 + random() % 12;
  limits.failures_to_open = 3 + random() % 6;
  limits.first_probe = 200;
  limits.longest_probe = 2000;
  limits.slow_wait = 300;
  World world(limits);
  world.lanes.set_active_triggers(3);
  const unsigned failing = random() % 70;
  std::size_t arrived = 0;
  for (int step = 0; step < 6000; ++step) {
    world.now += random() % 50;
    if (arrived < 1500 && world.lanes.may_read(world.now) && chance(60)) {
      world.arrive(1 + static_cast<std::int64_t>(random() % 3), static_cast<std::int64_t>(random() % 7));
      ++arrived;
    }
    if (chance(20)) world.relieve();
    if (chance(50)) world.start();
    if (!world.running.empty() && chance(50)) {
      const std::uint64_t seq = world.running[random() % world.running.size()]->seq;
      if (chance(failing))
        world.fail(seq, random() % 500);
      else
        world.succeed(seq);
    }
    if (chance(30)) world.bring_back(1 + random() % 5);
    ASSERT_LE(world.lanes.running(), limits.running);
    ASSERT_LE(world.lanes.live(), limits.jobs + 16);
  }
  for (int round = 0; round < 100'000; ++round) {
    world.now += 50;
    world.bring_back();
    world.start();
    while (!world.running.empty()) world.succeed(world.running.front()->seq);
    if (world.lanes.live() == 0 && world.lanes.blocked() == 0 && world.lanes.spilling().empty()) break;
  }
  std::size_t ended = 0;
  for (const auto& [lane, seqs] : world.done) {
    ended += seqs.size();
    EXPECT_TRUE(std::is_sorted(seqs.begin(), seqs.end()))
        << "trigger " << lane.first << " key " << lane.second;
    EXPECT_EQ(std::adjacent_find(seqs.begin(), seqs.end()), seqs.end());
  }
  EXPECT_EQ(ended, arrived);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LanesProperty, ::testing::Range(0u, 60u));

}  // namespace
}  // namespace rowhook
