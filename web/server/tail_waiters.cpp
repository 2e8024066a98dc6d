#include "web/server/tail_waiters.h"

#include <pthread.h>

#include <algorithm>

#include "engine/journal/journal.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t max_waiters = 1024;
// The longest the thread looks away: how late a new waiter further back or stop() is noticed.
constexpr milliseconds glance{100};

}  // namespace

TailWaiters::~TailWaiters() { stop(); }

bool TailWaiters::add(std::uint64_t from_seq, steady_clock::time_point deadline, std::function<void()> wake) {
  const bool taken = state_.with([&](State& state) {
    if (state.stopping || state.waiters.size() >= max_waiters) return false;
    state.waiters.push_back({from_seq, deadline, std::move(wake)});
    if (!state.thread.joinable()) state.thread = std::thread([this] { serve(); });
    return true;
  });
  if (taken) state_.notify();
  return taken;
}

void TailWaiters::stop() {
  std::thread thread = state_.with([](State& state) {
    state.stopping = true;
    return std::move(state.thread);
  });
  state_.notify();
  if (thread.joinable()) thread.join();
}

void TailWaiters::serve() {
  pthread_setname_np(pthread_self(), "rowhook-tail");
  for (;;) {
    std::uint64_t lowest = UINT64_MAX;
    auto until = steady_clock::now() + glance;
    {
      auto state = state_.lock();
      state.wait([&] { return state->stopping || !state->waiters.empty(); });
      if (state->stopping && state->waiters.empty()) return;
      for (const auto& waiter : state->waiters) {
        lowest = std::min(lowest, waiter.from_seq);
        until = std::min(until, waiter.deadline);
      }
    }
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
    const std::uint64_t last = journal_.wait(lowest, std::max(left, milliseconds{0}));
    std::vector<Waiter> due;
    state_.with([&](State& state) {
      const auto now = steady_clock::now();
      const auto kept =
          std::stable_partition(state.waiters.begin(), state.waiters.end(), [&](const Waiter& waiter) {
            return !state.stopping && waiter.from_seq > last && waiter.deadline > now;
          });
      std::move(kept, state.waiters.end(), std::back_inserter(due));
      state.waiters.erase(kept, state.waiters.end());
    });
    for (auto& waiter : due) waiter.wake();
  }
}

}  // namespace rowhook
