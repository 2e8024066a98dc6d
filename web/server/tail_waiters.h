#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "engine/base/guarded.h"

namespace rowhook {

class Journal;

// Clients that wait for the journal to grow, on one thread for all of them. The thread starts with the first.
// Thread safety: safe to share.
class TailWaiters {
 public:
  explicit TailWaiters(Journal& journal) : journal_(journal) {}
  ~TailWaiters();  // stops
  TailWaiters(const TailWaiters&) = delete;
  TailWaiters& operator=(const TailWaiters&) = delete;

  // Calls `wake` once, when an event with seq >= from_seq exists, at `deadline` or at stop(); on the thread
  // of this class, so it must not block. False when 1024 wait already or stop() was called; then it was not
  // taken.
  bool add(std::uint64_t from_seq, std::chrono::steady_clock::time_point deadline,
           std::function<void()> wake);
  void stop();

 private:
  struct Waiter {
    std::uint64_t from_seq = 0;
    std::chrono::steady_clock::time_point deadline;
    std::function<void()> wake;
  };
  struct State {
    std::vector<Waiter> waiters;
    std::thread thread;
    bool stopping = false;
  };
  void serve();

  Journal& journal_;
  Guarded<State> state_;
};

}  // namespace rowhook
