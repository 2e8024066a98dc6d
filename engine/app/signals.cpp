#include "engine/app/signals.h"

#include <signal.h>

#include <cerrno>

namespace rowhook {
namespace {

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_set();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

bool StopSignals::wait(std::chrono::milliseconds time, const std::function<void()>& on_hangup) const {
  const sigset_t set = stop_set();
  const auto deadline = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    const timespec limit{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    const int signal = ::sigtimedwait(&set, nullptr, &limit);
    if (signal == SIGINT || signal == SIGTERM) return true;
    if (signal == SIGHUP && on_hangup) on_hangup();
    if (signal < 0 && errno == EAGAIN) return false;
  }
}

}  // namespace rowhook
