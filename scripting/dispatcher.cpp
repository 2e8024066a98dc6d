#include "scripting/dispatcher.h"

#include <pthread.h>

#include <algorithm>

namespace rowhook {
namespace {

constexpr std::size_t most_waiting = 4096;
constexpr std::size_t most_slow_waiting = 1024;
constexpr std::size_t slow_lanes = 2;

thread_local bool is_worker = false;

}  // namespace

// Counted under the lock: who waits may destroy this as soon as it sees the last result counted.
void PendingRun::complete(std::size_t results) {
  const std::lock_guard lock(mutex_);
  missing_ -= results;
  if (missing_ == 0) done_.notify_all();
}

void PendingRun::wait() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return missing_ == 0; });
}

Dispatcher::Dispatcher(const ScriptLimits& limits, bool jit, Metrics& metrics, ScriptCosts& costs)
    : limits_(limits),
      pool_(limits, limits.hosts, jit),
      costs_(costs),
      kills_(metrics.counter("rowhook_script_hosts_killed_total",
                             "Script hosts that were killed or ended by themselves")),
      seconds_(metrics.counter("rowhook_script_seconds_total", "Time spent in scripts, in seconds")) {
  calls_[0] = &metrics.counter("rowhook_script_calls_total", "Calls of scripts", {{"kind", "filter"}});
  calls_[1] = &metrics.counter("rowhook_script_calls_total", "Calls of scripts", {{"kind", "transform"}});
  for (std::size_t i = 0; i < std::size(errors_); ++i)
    errors_[i] = &metrics.counter("rowhook_script_errors_total", "Calls of scripts that failed",
                                  {{"type", std::string(to_string(static_cast<ScriptError::Type>(i)))}});
}

Dispatcher::~Dispatcher() {
  stopping_ = true;
  std::deque<Job> waiting;
  std::vector<std::thread> workers;
  state_.with([&](State& state) {
    state.stopping = true;
    workers.swap(state.workers);
    waiting.swap(state.queue);
    for (auto& job : state.slow_queue) waiting.push_back(std::move(job));
    state.slow_queue.clear();
  });
  state_.notify();
  for (auto& job : waiting) fail(job, ScriptError::Type::killed, "the engine is stopping");
  for (auto& worker : workers) worker.join();
}

bool Dispatcher::stopping() const { return stopping_; }

void Dispatcher::run(std::vector<Job> jobs, PendingRun& run) {
  if (slow_scripts_.load(std::memory_order_relaxed) > 0) {
    state_.with([&](State& state) {
      const auto slow = std::stable_partition(jobs.begin(), jobs.end(), [&](const Job& job) {
        return !state.slow.contains(job.call.bundle->script->id);
      });
      std::move(slow, jobs.end(), std::back_inserter(state.slow_queue));
      jobs.erase(slow, jobs.end());
      wake(state);
    });
  }
  while (!jobs.empty()) {
    Lane lane = Lane::normal;
    const bool mine = state_.with([&](State& state) {
      if (!state.queue.empty() || state.busy >= limits_.hosts || state.stopping) return false;
      ++state.busy;
      return true;
    });
    if (!mine) {
      state_.with([&](State& state) {
        std::move(jobs.begin(), jobs.end(), std::back_inserter(state.queue));
        wake(state);
      });
      break;
    }
    std::vector<Job> batch;
    const std::size_t size = std::min(jobs.size(), batch_calls);
    batch.assign(std::make_move_iterator(jobs.begin()),
                 std::make_move_iterator(jobs.begin() + static_cast<std::ptrdiff_t>(size)));
    jobs.erase(jobs.begin(), jobs.begin() + static_cast<std::ptrdiff_t>(size));
    drive(batch, lane);
    release(lane);
  }
  run.wait();
}

void Dispatcher::submit(std::vector<Job> jobs) {
  state_.with([&](State& state) {
    for (auto& job : jobs)
      (state.slow.contains(job.call.bundle->script->id) ? state.slow_queue : state.queue)
          .push_back(std::move(job));
    wake(state);
  });
}

void Dispatcher::start(Job job) {
  bool refused = false;
  {
    auto state = state_.lock();
    const bool slow = state->slow.contains(job.call.bundle->script->id);
    if (!slow && !is_worker && state->queue.size() >= most_waiting) {
      ++state->full;
      state.wait([&] { return state->queue.size() < most_waiting || state->stopping; });
      --state->full;
    }
    refused = state->stopping || (slow && state->slow_queue.size() >= most_slow_waiting);
    if (!refused) {
      (slow ? state->slow_queue : state->queue).push_back(std::move(job));
      wake(*state);
      return;
    }
  }
  fail(job, ScriptError::Type::refused,
       stopping() ? "the engine is stopping"
                  : "1024 calls of slow scripts are waiting already; try again later");
}

// Called under the lock. Nobody is woken for what a busy lane takes up by itself when it is done.
void Dispatcher::wake(State& state) {
  const bool work = (!state.queue.empty() && state.busy < limits_.hosts) ||
                    (!state.slow_queue.empty() && state.slow_busy < slow_lanes);
  if (!work || state.stopping) return;
  const std::size_t most = limits_.hosts + slow_lanes + most_overtaken;
  if (state.idle > 0) {
    // Callers of start() that wait for room wait here as well.
    state.full > 0 ? state_.notify() : state_.notify_one();
  } else if (state.workers.size() < most) {
    state.workers.emplace_back([this] { Dispatcher::work(); });
  }
}

// Picks what a free lane can do next. False: nothing now.
bool Dispatcher::take_work(State& state, std::vector<Job>& jobs, Lane& lane) {
  if (!state.queue.empty() && state.busy < limits_.hosts) {
    lane = Lane::normal;
    ++state.busy;
    while (!state.queue.empty() && jobs.size() < batch_calls) {
      jobs.push_back(std::move(state.queue.front()));
      state.queue.pop_front();
    }
    return true;
  }
  if (!state.slow_queue.empty() && state.slow_busy < slow_lanes) {
    lane = Lane::slow;
    ++state.slow_busy;
    jobs.push_back(std::move(state.slow_queue.front()));
    state.slow_queue.pop_front();
    return true;
  }
  return false;
}

void Dispatcher::work() {
  is_worker = true;
  pthread_setname_np(pthread_self(), "rowhook-script");
  for (;;) {
    std::vector<Job> jobs;
    Lane lane = Lane::normal;
    {
      auto state = state_.lock();
      bool taken = take_work(*state, jobs, lane);
      if (!taken && !state->stopping) {
        ++state->idle;
        state.wait([&] { return (taken = take_work(*state, jobs, lane)) || state->stopping; });
        --state->idle;
      }
      if (!taken) return;
      if (state->full > 0) state_.notify();
      wake(*state);  // other lanes may be free, too
    }
    drive(jobs, lane);
    release(lane);
  }
}

void Dispatcher::release(Lane lane) {
  state_.with([&](State& state) {
    --(lane == Lane::normal ? state.busy : lane == Lane::slow ? state.slow_busy : state.overtaken);
    wake(state);
  });
}

// Runs the jobs to their end, on as many hosts as that takes.
void Dispatcher::drive(std::vector<Job>& jobs, Lane& lane) {
  unsigned idle_ends = 0;  // hosts that ended before they began anything
  while (!jobs.empty()) {
    auto host = stopping() ? nullptr : pool_.take();
    if (!host || idle_ends > 3) {
      const std::string why = stopping() ? "the engine is stopping"
                              : host     ? "script hosts end at once"
                                         : pool_.error();
      for (auto& job : jobs) fail(job, ScriptError::Type::killed, why);
      jobs.clear();
      if (host) pool_.give_back(std::move(host), false);
      return;
    }
    const std::size_t before = jobs.size();
    const bool usable = serve(*host, jobs, lane);
    pool_.give_back(std::move(host), usable);
    idle_ends = !usable && jobs.size() == before ? idle_ends + 1 : 0;
  }
}

}  // namespace rowhook
