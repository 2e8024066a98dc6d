#include "workflows/sql_pools.h"

#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <thread>

#include "engine/base/errors.h"
#include "engine/base/guarded.h"
#include "engine/db/pool.h"

namespace rowhook {
namespace {

using std::chrono::steady_clock;

constexpr steady_clock::time_point no_deadline{};

struct Work {
  steady_clock::time_point deadline;
  SqlPools::Job job;
  std::function<void(std::exception_ptr)> done;
};

// The statement that a thread runs right now, for whoever has to cancel it. Its mutex is held while the
// session is cancelled, which may talk to the server: only the thread that runs the statement waits for that.
struct Running {
  std::mutex mutex;
  Connection* connection = nullptr;
  steady_clock::time_point deadline{};
  bool cancelled = false;

  void cancel_if_due(steady_clock::time_point now) {
    std::lock_guard hold(mutex);
    if (!connection || cancelled || deadline == no_deadline || deadline > now) return;
    cancelled = true;
    connection->cancel();
  }
};

// One database: its sessions, threads and work. Thread safety: safe to share.
class Lane {
 public:
  Lane(std::string name, const SqlPools::Open& open, std::size_t sessions)
      : name_(std::move(name)),
        sessions_(sessions),
        pool_([this, open] { return open(name_); }, options(sessions)) {}

  ~Lane() {
    auto waiting = state_.with([](State& state) {
      state.stopping = true;
      return std::exchange(state.waiting, {});
    });
    state_.notify();
    for (auto& work : waiting) work.done(std::make_exception_ptr(TransientError("the engine is stopping")));
    // A cancel between two statements has no effect on the next one: again, until all have ended.
    do {
      for (auto& running : running_) {
        std::lock_guard hold(running.mutex);
        if (running.connection) running.connection->cancel();
      }
    } while (!all_ended_within(std::chrono::milliseconds{50}));
    for (auto& thread : threads_) thread.join();
  }

  void add(Work work) {
    const bool all_busy = state_.with([&](State& state) {
      state.waiting.push_back(std::move(work));
      if (state.idle >= state.waiting.size() || state.threads >= sessions_) return false;
      ++state.threads;
      return true;
    });
    if (all_busy) {
      std::lock_guard hold(growing_);
      running_.emplace_back();
      threads_.emplace_back([this, &running = running_.back()] { serve(running); });
    }
    state_.notify();
  }

  void cancel_late(steady_clock::time_point now) {
    std::lock_guard hold(growing_);
    for (auto& running : running_) running.cancel_if_due(now);
  }

 private:
  struct State {
    std::deque<Work> waiting;
    std::size_t idle = 0, threads = 0;
    bool stopping = false;
  };

  static PoolOptions options(std::size_t sessions) {
    PoolOptions options;
    options.size = sessions;
    return options;
  }

  bool all_ended_within(std::chrono::milliseconds time) {
    auto state = state_.lock();
    return state.wait_for(time, [&] { return state->threads == 0; });
  }

  void serve(Running& running) {
    for (;;) {
      Work work;
      bool has_work = false;
      {
        auto state = state_.lock();
        ++state->idle;
        state.wait_for(std::chrono::minutes{1}, [&] { return state->stopping || !state->waiting.empty(); });
        --state->idle;
        if (state->stopping) {
          --state->threads;
          state_.notify();
          return;
        }
        has_work = !state->waiting.empty();
        if (has_work) {
          work = std::move(state->waiting.front());
          state->waiting.pop_front();
        }
      }
      if (has_work) {
        work.done(perform(work, running));
      } else {
        pool_.expire();
      }
    }
  }

  std::exception_ptr perform(const Work& work, Running& running) {
    try {
      if (work.deadline != no_deadline && work.deadline <= steady_clock::now())
        throw TransientError("no session with '" + name_ + "' became free in time");
      auto lease = pool_.borrow();
      {
        std::lock_guard hold(running.mutex);
        running.connection = &*lease;
        running.deadline = work.deadline;
        running.cancelled = false;
      }
      // Taken back before the lease ends, so that a late cancel() meets no other statement.
      const std::shared_ptr<void> end(nullptr, [&](void*) {
        std::lock_guard hold(running.mutex);
        running.connection = nullptr;
      });
      work.job(*lease);
      return nullptr;
    } catch (...) {
      return std::current_exception();
    }
  }

  std::string name_;
  std::size_t sessions_;
  Pool pool_;
  Guarded<State> state_;
  std::mutex growing_;  // guards the two below
  std::list<Running> running_;
  std::list<std::thread> threads_;
};

}  // namespace

struct SqlPools::Impl {
  Impl(std::vector<std::string> given, const Open& open, const SqlPoolsSettings& settings)
      : names(std::move(given)) {
    for (const auto& name : names) lanes.try_emplace(name, name, open, settings.sessions);
    watch = std::thread([this] { cancel_late_statements(); });
  }
  ~Impl() {
    stopping.with([](bool& stop) { stop = true; });
    stopping.notify();
    watch.join();
  }

  void cancel_late_statements() {
    auto stop = stopping.lock();
    while (!*stop) {
      for (auto& [name, lane] : lanes) lane.cancel_late(steady_clock::now());
      stop.wait_for(std::chrono::milliseconds{100}, [&] { return *stop; });
    }
  }

  std::vector<std::string> names;
  std::map<std::string, Lane, std::less<>> lanes;
  Guarded<bool> stopping{false};
  std::thread watch;
};

SqlPools::SqlPools(std::vector<std::string> names, Open open, const SqlPoolsSettings& settings)
    : impl_(std::make_unique<Impl>(std::move(names), open, settings)) {}
SqlPools::~SqlPools() = default;

const std::vector<std::string>& SqlPools::names() const { return impl_->names; }

void SqlPools::start(const std::string& name, steady_clock::time_point deadline, Job job,
                     std::function<void(std::exception_ptr)> done) {
  const auto lane = impl_->lanes.find(name);
  if (lane == impl_->lanes.end())
    throw NotFound("there is no connection '" + name + "' in the configuration");
  lane->second.add({deadline, std::move(job), std::move(done)});
}

}  // namespace rowhook
