#include "scripting/host_pool.h"

#include <utility>

namespace rowhook {

HostPool::HostPool(ScriptLimits limits, std::size_t busy, bool jit)
    : limits_(std::move(limits)), keep_(busy + 1), jit_(jit) {
  starter_ = std::thread([this] { run(); });
}

HostPool::~HostPool() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify();
  starter_.join();
}

std::unique_ptr<HostProcess> HostPool::take() {
  std::unique_ptr<HostProcess> host;
  {
    auto state = state_.lock();
    if (state->idle.empty()) {
      ++state->wanted;
      state_.notify();
      state.wait_for(std::chrono::seconds{10}, [&] { return !state->idle.empty() || state->stopping; });
      --state->wanted;
      if (state->idle.empty()) return nullptr;
    }
    host = std::move(state->idle.back());
    state->idle.pop_back();
    if (!state->lacks_hosts()) return host;
  }
  state_.notify();  // a spare is missing
  return host;
}

void HostPool::give_back(std::unique_ptr<HostProcess> host, bool usable) {
  if (!usable) host->kill();
  const bool notify = state_.with([&](State& state) {
    if (usable && !host->worn() && state.idle.size() < keep_) {
      state.idle.push_back(std::move(host));
    } else {
      state.finished.push_back(std::move(host));
    }
    return state.wanted > 1 || state.has_starter_work();
  });
  if (notify) state_.notify();
}

std::string HostPool::error() const {
  return state_.with([](const State& state) { return state.error; });
}

// Starts hosts while fewer are idle than wanted, and reaps those that are done. This thread lives as long as
// the pool: the kernel ends a host together with the thread that started it.
void HostPool::run() {
  for (;;) {
    std::vector<std::unique_ptr<HostProcess>> finished;
    {
      auto state = state_.lock();
      state.wait([&] { return state->has_starter_work(); });
      if (state->stopping) break;
      finished.swap(state->finished);
      if (!state->lacks_hosts()) continue;  // only reaps
    }
    std::string error;
    try {
      auto host = std::make_unique<HostProcess>(limits_, jit_);
      if (host->wait_ready(std::chrono::seconds{10})) {
        state_.with([&](State& state) { state.idle.insert(state.idle.begin(), std::move(host)); });
      } else {
        const std::string end = host->ended();
        error = "script host did not start: " + (end.empty() ? "no answer for 10 s" : end) +
                " (main() must begin with run_script_host_if_asked())";
      }
    } catch (const std::exception& failed) {
      error = failed.what();
    }
    auto state = state_.lock();
    state->error = error;
    state_.notify();
    if (!error.empty()) state.wait_for(std::chrono::milliseconds{200}, [&] { return state->stopping; });
  }
  auto state = state_.lock();
  state->idle.clear();
  state->finished.clear();
}

}  // namespace rowhook
