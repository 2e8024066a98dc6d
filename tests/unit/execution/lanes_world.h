#pragma once

#include <gtest/gtest.h>

#include <map>

#include "engine/execution/lanes.h"
#include "tests/support/sample_events.h"

namespace rowhook {

inline CompiledTriggerPtr compiled(std::int64_t id) {
  Trigger trigger;
  trigger.id = id;
  trigger.source = "shop";
  return compile_trigger(std::move(trigger), {});
}

// Lanes with a log, a clock and executions that end when told to: the scheduler in one thread.
class LanesWorld {
 public:
  explicit LanesWorld(Lanes::Limits limits = {}) : lanes(limits) {}

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

}  // namespace rowhook
