#include "engine/execution/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/sample_events.h"

namespace rowhook {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

CompiledTriggerPtr compiled(std::int64_t id) {
  Trigger trigger;
  trigger.id = id;
  trigger.source = "shop";
  return compile_trigger(std::move(trigger), {});
}

// Lanes with a log, a clock and executions that end when told to: the scheduler in one thread.
class World {
 public:
  explicit World(Lanes::Limits limits = {}) : lanes(limits) {}

  void arrive(std::int64_t trigger, std::int64_t key) {
    ++routed;
    auto job = job_of(trigger, routed, key);
    const std::uint64_t seq = routed;
    keys[{trigger, seq}] = key;
    if (!lanes.admit(job, now)) {
      log[{trigger, seq}] = {ExecutionStatus::pending, key};
      lanes.durable(trigger);
    }
  }
  // What Routing does while it waits for room.
  void relieve() {
    for (const auto& job : lanes.relieve(now)) {
      const auto id = std::pair(job->trigger->trigger.id, job->seq);
      log[id] = {ExecutionStatus::pending, keys[id]};
      lanes.durable(id.first);
    }
  }
  void start() {
    std::vector<LiveExecution*> out;
    lanes.take(SIZE_MAX, now, out);
    for (LiveExecution* job : out) running.push_back(job);
  }
  std::size_t index_of(std::uint64_t seq) const {
    for (std::size_t i = 0; i < running.size(); ++i)
      if (running[i]->seq == seq) return i;
    ADD_FAILURE() << "execution of event " << seq << " does not run";
    return 0;
  }
  void succeed(std::uint64_t seq) { end(index_of(seq), {}); }
  void fail(std::uint64_t seq, Micros delay) {
    Lanes::Ending ending;
    ending.parked = ending.transient = true;
    ending.due = now + delay;
    end(index_of(seq), ending);
  }
  void stop_script(std::uint64_t seq) {
    Lanes::Ending ending;
    ending.parked = ending.transient = ending.script_stopped = true;
    ending.due = now + 3'600'000'000;
    end(index_of(seq), ending);
  }
  void end(std::size_t i, const Lanes::Ending& ending) {
    LiveExecution* job = running[i];
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
    const std::int64_t trigger = job->trigger->trigger.id;
    const auto key = std::pair(trigger, job->seq);
    ++job->attempt;
    std::vector<std::unique_ptr<LiveExecution>> evicted;
    const auto gone = lanes.finish(job, ending, now, evicted);
    lanes.durable(trigger);
    for (const auto& behind : evicted) {
      log[{behind->trigger->trigger.id, behind->seq}] = {ExecutionStatus::pending,
                                                         keys[{trigger, behind->seq}]};
      lanes.durable(trigger);
    }
    if (ending.parked) {
      log[key] = {ExecutionStatus::retrying, keys[key]};
    } else {
      log[key] = {ExecutionStatus::completed, keys[key]};
      done[{trigger, keys[key]}].push_back(gone->seq);
    }
  }
  // What Parking does in one round.
  void bring_back(std::size_t page = 4) {
    for (const auto& due : lanes.take_due(now, page)) {
      const auto row = log[{due.trigger_id, due.seq}];
      if (row.status != ExecutionStatus::retrying) {
        lanes.unpark(due.trigger_id, due.lane, "orders", std::to_string(row.key));
        continue;
      }
      auto job = job_of(due.trigger_id, due.seq, row.key);
      job->attempt = 1;
      EXPECT_TRUE(lanes.admit_retry(job, now));
    }
    for (const auto& load : lanes.take_loads(now, page, page)) {
      std::vector<std::unique_ptr<LiveExecution>> jobs;
      bool complete = true;
      for (const auto& [id, row] : log) {
        if (id.first != load.trigger_id || id.second > load.through_seq ||
            row.status != ExecutionStatus::pending)
          continue;
        if (std::to_string(row.key) != load.key || lanes.find(id.first, id.second)) continue;
        complete = jobs.size() < page;
        if (!complete) break;
        jobs.push_back(job_of(id.first, id.second, row.key));
      }
      lanes.loaded(load, jobs, complete, now);
    }
    for (const auto& drain : lanes.take_drains(now, page)) {
      std::size_t count = 0;
      std::uint64_t reached = drain.after_seq;
      for (const auto& [id, row] : log) {
        if (id.first != drain.trigger_id || id.second <= drain.after_seq ||
            row.status == ExecutionStatus::completed)
          continue;
        if (count++ == page) break;
        reached = id.second;
        auto job = job_of(id.first, id.second, row.key);
        if (row.status == ExecutionStatus::retrying)
          lanes.park(*job->trigger, job->lane, id.second, now, true);
        else
          lanes.drained(std::move(job), now);
      }
      lanes.drained_through(drain.trigger_id, count < page ? std::max(reached, drain.last_spilled) : reached);
    }
  }
  std::vector<std::uint64_t> running_seqs() const {
    std::vector<std::uint64_t> out;
    for (const LiveExecution* job : running) out.push_back(job->seq);
    return out;
  }
  ExecutionStatus status(std::int64_t trigger, std::uint64_t seq) { return log[{trigger, seq}].status; }

  struct Row {
    ExecutionStatus status = ExecutionStatus::running;
    std::int64_t key = 0;
  };
  Lanes lanes;
  Micros now = 1'000'000;
  std::uint64_t routed = 0;
  std::vector<LiveExecution*> running;
  std::map<std::pair<std::int64_t, std::uint64_t>, Row> log;  // trigger, seq
  std::map<std::pair<std::int64_t, std::uint64_t>, std::int64_t> keys;
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<std::uint64_t>>
      done;  // trigger, key -> seqs in order

 private:
  std::unique_ptr<LiveExecution> job_of(std::int64_t trigger, std::uint64_t seq, std::int64_t key) {
    static const ShapePtr shape = testing::orders_shape();
    auto& made = triggers_[trigger];
    if (!made) made = compiled(trigger);
    auto event = std::make_shared<Event>(testing::order_inserted(shape, seq, 0, key));
    event->seq = seq;
    return make_live({made, event, std::make_shared<const Item>(event), {}}, now);
  }
  std::map<std::int64_t, CompiledTriggerPtr> triggers_;
};

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
