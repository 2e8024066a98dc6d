#include "web/server/workers.h"

#include <pthread.h>

namespace rowhook {

Workers::Workers(std::string name, unsigned threads, std::size_t capacity)
    : name_(std::move(name)), capacity_(capacity) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

Workers::~Workers() { stop(); }

bool Workers::run(std::function<void()> work) {
  const bool taken = state_.with([&](State& state) {
    if (state.stopping || state.waiting.size() >= capacity_) return false;
    state.waiting.push_back(std::move(work));
    return true;
  });
  if (taken) state_.notify_one();
  return taken;
}

void Workers::stop() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void Workers::serve() {
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  for (;;) {
    std::function<void()> work;
    {
      auto state = state_.lock();
      state.wait([&] { return state->stopping || !state->waiting.empty(); });
      if (state->waiting.empty()) return;
      work = std::move(state->waiting.front());
      state->waiting.pop_front();
    }
    work();
  }
}

}  // namespace rowhook
