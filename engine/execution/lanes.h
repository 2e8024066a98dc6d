#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/execution/live_execution.h"

namespace rowhook {

// Which executions may run now, and which have to wait in the log: the scheduler's whole state, without
// threads, clocks or I/O. All times are steady microseconds given by the caller.
//
// A lane runs one job at a time, in seq order. When a job has to be tried again it is parked (a `retrying`
// row, a due time here) and its lane is blocked: what waited behind it and what comes later are `pending`
// rows, which are loaded when the retry has ended. A trigger is `spilling` when its new jobs are written as
// pending rows instead of being kept: because too many of its lanes are blocked, because its executions fail
// or are slow and fill their share of the memory, or because rows of an earlier process are still to be
// drained. The rows are then drained in seq order behind a cursor.
//
// Shares: a trigger may hold as many jobs as there is free room, and run as many as there are free slots (the
// dynamic threshold of Choudhury and Hahne), so that one greedy trigger gets half, two a third each, and
// there is always room left. A trigger whose first attempts failed `failures_to_open` times in a row is tried
// with one job at a time, at growing intervals, until one succeeds. The same is done, sooner, to a trigger
// whose scripts have to be stopped or killed more often than once in ten times: its breaker opens.
//
// Memory: `jobs` jobs and `bytes` of events, and a hundred bytes per blocked lane, at most `blocked_lanes` of
// a trigger. Thread safety: none; the scheduler keeps it in a Guarded.
class Lanes {
 public:
  struct Limits {
    std::size_t jobs = 4096, bytes = 64u << 20;
    std::size_t running = 1024;
    std::size_t blocked_lanes = 10'000;  // of one trigger
    unsigned failures_to_open = 32;
    unsigned stops_to_open = 3;  // scripts stopped or killed, without ten good runs between two of them
    Micros first_probe = 1'000'000, longest_probe = 30'000'000;
    Micros slow_wait = 250'000;  // a trigger whose jobs wait longer than this for their turn is slow
  };
  explicit Lanes(Limits limits);
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  // How a trigger's scripts behave: whether they are asked in the router's batches or each on its own.
  bool scripts_in_batch(const CompiledTrigger& trigger);
  void scripts_took(const CompiledTrigger& trigger, Micros time, bool hit_a_limit);

  // Takes a new job into its lane. False: it was not taken and is to be written as a pending row.
  bool admit(std::unique_ptr<LiveExecution>& job, Micros now);
  // Takes the job of a `retrying` row that is due, or a replay. False: the row is in memory already.
  bool admit_retry(std::unique_ptr<LiveExecution>& job, Micros now);
  // Jobs that may start now, at most `limit` of them, fairly over triggers and lanes. They count as running.
  void take(std::size_t limit, Micros now, std::vector<LiveExecution*>& out);

  struct Ending {
    bool parked = false;          // a retry: the job leaves memory and comes back when due
    Micros due = 0;               // for a parked one
    bool transient = false;       // the other side failed (for the trial of dead endpoints)
    bool script_stopped = false;  // a script ran over its time and was stopped or killed
    bool has_row_to_come = true;  // durable() will be called for it
  };
  // A running job ended. Gives it back, and the jobs behind it that now have to be written as pending rows.
  std::unique_ptr<LiveExecution> finish(LiveExecution* job, const Ending& ending, Micros now,
                                        std::vector<std::unique_ptr<LiveExecution>>& evicted);
  // Rows of the trigger that takes room (refused, evicted, ended) are durable: their room is free again.
  void durable(std::int64_t trigger_id, std::size_t rows = 1);

  // A `retrying` row without a job: its lane knows, and hands its id out when due. `blocks`: newer jobs wait
  // for it.
  void park(const CompiledTrigger& trigger, std::uint64_t lane, std::uint64_t seq, Micros due, bool blocks);
  void unpark(std::int64_t trigger_id, std::uint64_t lane, const std::string& table, const std::string& key);

  struct Due {
    Micros at = 0;
    std::uint64_t seq = 0, lane = 0;
    std::int64_t trigger_id = 0;
    auto operator<=>(const Due&) const = default;
  };
  // Retries whose time has come and for which there is room.
  std::vector<Due> take_due(Micros now, std::size_t limit);
  void push_due(const Due& due) { due_.insert(due); }
  // Makes a parked retry due now. False: there is none.
  bool expedite(std::int64_t trigger_id, std::uint64_t seq, Micros now);
  std::optional<Micros> next_due() const;

  // Lanes whose retries have ended: their pending rows are to be loaded.
  struct Load {
    std::uint64_t lane = 0;
    std::int64_t trigger_id = 0;
    std::string table, key;
    std::uint64_t through_seq = 0;  // the newest row behind the lane; later ones are not this load's
  };
  std::vector<Load> take_loads(Micros now, std::size_t limit, std::size_t rows_each);
  void loaded(const Load& load, std::vector<std::unique_ptr<LiveExecution>>& jobs, bool complete, Micros now);
  void push_load(Load load) { loads_.push_back(std::move(load)); }  // it could not be done now

  // Triggers whose spilled rows can be drained now.
  struct Drain {
    std::int64_t trigger_id = 0;
    std::uint64_t after_seq = 0, last_spilled = 0;
  };
  std::vector<Drain> take_drains(Micros now, std::size_t rows_each);
  // A drained row in seq order: a pending row with its job. The job is dropped when its lane is blocked.
  void drained(std::unique_ptr<LiveExecution> job, Micros now);
  // Ends the round: everything up to `through` was handed over.
  void drained_through(std::int64_t trigger_id, std::uint64_t through);
  // Rows up to `last_seq` were left by an earlier process.
  void spill_from_start(std::int64_t trigger_id, std::uint64_t last_seq);
  // New matches of the trigger are written as pending rows, whatever they are: its scripts need not be asked.
  bool is_spilling(std::int64_t trigger_id) const;
  // Whether the row lies ahead of its trigger's drain, which will come to it.
  bool ahead_of_drain(std::int64_t trigger_id, std::uint64_t seq) const;

  // Removes a waiting job; null when it is not waiting.
  std::unique_ptr<LiveExecution> remove_waiting(std::int64_t trigger_id, std::uint64_t seq);
  LiveExecution* find(std::int64_t trigger_id, std::uint64_t seq) const;
  template <typename F>
  void each(F&& visit) const {  // oldest admitted first
    for (LiveExecution* job = first_live_; job; job = job->next_live)
      if (!visit(*job)) return;
  }

  // Triggers whose breaker is open, and half-open ones: those that are being tried with one job.
  struct Breaker {
    std::int64_t trigger_id = 0;
    bool open = false;  // false, in take_breaker_changes(): closed again
    bool half_open = false;
    unsigned stops = 0;  // scripts stopped or killed since it was last closed
    Micros since = 0, next_trial = 0;
  };
  std::optional<Breaker> breaker(std::int64_t trigger_id) const;
  std::vector<Breaker> breakers() const;
  // Those that opened or closed since the last call.
  std::vector<Breaker> take_breaker_changes() { return std::exchange(breaker_changes_, {}); }

  // Whether the router may read on: there is room, or what lacks room would be spilled.
  bool may_read(Micros now);
  // While memory is full: what waits behind triggers that are failing or slow gives its place to the others.
  // Returns the jobs that now have to be written as pending rows; their lanes load them again when there is
  // room.
  std::vector<std::unique_ptr<LiveExecution>> relieve(Micros now);
  void set_active_triggers(std::size_t count) { active_triggers_ = count; }
  void stop() { stopped_ = true; }  // nothing starts any more
  std::size_t running() const { return running_; }
  std::size_t live() const { return live_; }  // jobs in memory and rows that are not durable yet
  std::size_t bytes() const { return bytes_; }
  std::size_t blocked() const { return blocked_; }  // lanes
  bool has_waiting() const { return !turns_.empty() || has_rows_to_load(); }
  bool has_rows_to_load() const { return !loads_.empty() || !spilling_.empty(); }
  // Enough room that the router should be woken for it.
  bool has_ample_room() const { return live_ + limits_.jobs / 8 <= limits_.jobs; }
  std::size_t retrying(std::int64_t trigger_id) const;  // parked retries of a trigger
  std::vector<std::int64_t> spilling() const;

 private:
  struct Lane;
  struct TriggerState;
  TriggerState& state(std::int64_t trigger_id);
  const TriggerState* known(std::int64_t trigger_id) const;
  Lane& lane_for(TriggerState& trigger, std::uint64_t id);
  void insert(Lane& lane, std::unique_ptr<LiveExecution> job, Micros now);
  std::unique_ptr<LiveExecution> release(LiveExecution* job);  // out of the list of live jobs
  void evict(Lane& lane, std::vector<std::unique_ptr<LiveExecution>>& evicted);
  void settle(Lane& lane, const std::string& table, const std::string& key);
  void make_ready(Lane& lane);
  void set_blocked(Lane& lane, bool blocked);
  void spill(TriggerState& trigger, std::uint64_t from_seq);
  bool may_start(const TriggerState& trigger, Micros now) const;
  bool is_slow(const TriggerState& trigger, Micros now) const;
  bool over_share(const TriggerState& trigger) const;
  bool must_spill(const TriggerState& trigger, Micros now) const;
  void record_stop(TriggerState& trigger, bool stopped, Micros now);
  void record_outcome(TriggerState& trigger, const LiveExecution& job, const Ending& ending, Micros now);

  Limits limits_;
  std::unordered_map<std::int64_t, std::unique_ptr<TriggerState>>
      triggers_;                     // never shrinks: one per trigger seen
  std::deque<TriggerState*> turns_;  // triggers with ready lanes, in the order of their turns
  std::vector<TriggerState*> over_share_, spilling_;
  std::set<Due> due_;  // one entry per retrying row that is not in memory
  std::vector<Load> loads_;
  std::vector<Breaker> breaker_changes_;
  LiveExecution *first_live_ = nullptr, *last_live_ = nullptr;
  std::size_t live_ = 0, bytes_ = 0, running_ = 0, blocked_ = 0, active_triggers_ = 1;
  bool stopped_ = false;
};

}  // namespace rowhook
