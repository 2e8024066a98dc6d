#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/guarded.h"

namespace rowhook {

// A few threads that run what may block, first come, first served, from a bounded queue.
// Thread safety: safe to share.
class Workers {
 public:
  Workers(std::string name, unsigned threads, std::size_t capacity);
  ~Workers();  // stops
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False when the queue is full or stop() was called; then `work` was not taken. `work` must not throw.
  bool run(std::function<void()> work);
  // Runs what is queued, then ends the threads. Idempotent.
  void stop();

 private:
  struct State {
    std::deque<std::function<void()>> waiting;
    bool stopping = false;
  };
  void serve();

  std::string name_;
  std::size_t capacity_;
  Guarded<State> state_;
  std::vector<std::thread> threads_;
};

}  // namespace rowhook
