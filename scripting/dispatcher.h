#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <thread>
#include <unordered_map>

#include "engine/base/guarded.h"
#include "engine/base/metrics.h"
#include "scripting/host_pool.h"
#include "scripting/script_costs.h"

namespace rowhook {

// Calls whose caller waits for all of them: where their results go. Thread safety: each result is set once,
// by any thread.
class PendingRun {
 public:
  explicit PendingRun(std::size_t calls) : results_(calls), missing_(calls) {}
  void set(std::size_t index, ScriptResult result) {
    place(index) = std::move(result);
    complete(1);
  }
  // Where a result is put before complete() counts it.
  ScriptResult& place(std::size_t index) { return results_[index]; }
  void complete(std::size_t results);
  void wait();
  std::vector<ScriptResult> take() { return std::move(results_); }

 private:
  std::vector<ScriptResult> results_;
  std::size_t missing_;
  std::mutex mutex_;
  std::condition_variable done_;
};

// A call of start(), kept until its result is delivered.
struct StartedCall {
  ScriptCall call;
  BundlePtr bundle;
  std::function<void(ScriptResult)> done;
};
using PackedState = std::shared_ptr<const std::string>;

// One call on its way through the dispatcher.
struct Job {
  HostCall call;
  PendingRun* run = nullptr;  // either this and `index`, or `started`
  std::size_t index = 0;
  std::unique_ptr<StartedCall> started;
  PackedState state;     // what call.state points to
  unsigned crashes = 0;  // hosts that ended while running it
};

// Gives calls to hosts. Up to `hosts` lanes serve the queue, each with a batch at a time. A call that runs
// long gives its lane away: the calls behind it in the batch go back to the queue, another host serves them,
// and from then on its script is served apart, by two lanes of its own, until it has been quick again for a
// while. So nobody waits for a slow script but its own callers. Thread safety: safe to share.
class Dispatcher {
 public:
  // `costs` outlives it.
  Dispatcher(const ScriptLimits& limits, bool jit, Metrics& metrics, ScriptCosts& costs);
  ~Dispatcher();  // what still waits or runs is answered with an error

  // Runs jobs that all belong to `run`, in the calling thread where a lane is free. Returns when all are
  // answered.
  void run(std::vector<Job> jobs, PendingRun& run);
  // The same without waiting: whoever owns their PendingRun waits for it.
  void submit(std::vector<Job> jobs);
  // Queues one; waits while 4096 are waiting. The 1025th waiting call of slow scripts is answered with an
  // error at once.
  void start(Job job);
  // Which lines ran in all calls so far, by script. Empty without ScriptLimits::coverage.
  std::vector<ScriptCoverage> coverage() const;

 private:
  struct SlowScript {
    std::chrono::steady_clock::time_point since;
    unsigned quick = 0;  // calls that were quick since
  };
  struct State {
    std::deque<Job> queue, slow_queue;
    std::size_t busy = 0, slow_busy = 0, overtaken = 0;  // lanes in use; calls that gave their lane away
    std::unordered_map<std::uint64_t, SlowScript> slow;  // by id of the script
    std::size_t idle = 0;                                // workers that wait
    std::size_t full = 0;                                // callers of start() that wait for room
    std::vector<std::thread> workers;                    // started when none is idle, at most one per lane
    bool stopping = false;
  };
  enum class Lane { normal, slow, overtaken };
  static constexpr std::size_t most_overtaken = 4;
  struct Batch;

  void work();
  void wake(State& state);  // sees to it that somebody looks at the queues, if a lane is free
  bool take_work(State& state, std::vector<Job>& jobs, Lane& lane);
  void release(Lane lane);
  void drive(std::vector<Job>& jobs, Lane& lane);
  bool serve(HostProcess& host, std::vector<Job>& jobs, Lane& lane);
  void watch(Batch& batch, Lane& lane);
  bool deliver_finished(Batch& batch);
  void give_way(Batch& batch, Lane& lane);
  void on_end(Batch& batch, const std::string& how);
  void deliver(Job& job, ScriptResult result);
  void fail(Job& job, ScriptError::Type type, const std::string& why);
  void note_time(const Job& job, std::chrono::nanoseconds time);
  // What one look at the responses brought, counted at once.
  struct Tally;
  void count(const Tally& tally);
  void note_coverage(const ScriptResult& result);
  bool stopping() const;

  const ScriptLimits limits_;
  HostPool pool_;
  mutable Guarded<State> state_;
  mutable Guarded<std::map<std::string, ScriptCoverage>> coverage_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> slow_scripts_{0};
  ScriptCosts& costs_;
  Counter* calls_[2];
  Counter* errors_[ScriptError::types];
  Counter& kills_;
  Counter& seconds_;
};

}  // namespace rowhook
