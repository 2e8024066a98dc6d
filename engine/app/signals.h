#pragma once

#include <chrono>
#include <functional>

namespace rowhook {

// SIGINT, SIGTERM and SIGHUP, taken out of every thread's way: blocked from construction on (make it before any thread starts)
// and waited for. Thread safety: confined to one thread.
class StopSignals {
 public:
  StopSignals();
  // Waits up to `time`; true when SIGINT or SIGTERM came. SIGHUP calls `on_hangup` and goes on waiting.
  bool wait(std::chrono::milliseconds time, const std::function<void()>& on_hangup = {}) const;
};

}  // namespace rowhook
