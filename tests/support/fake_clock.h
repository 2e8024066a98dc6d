#pragma once

#include <atomic>

#include "engine/base/clock.h"

namespace rowhook::testing {

// A clock that stands still until it is moved. Thread safety: safe to share.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Micros start = 1'754'388'000'000'000) : now_(start) {}
  Micros now() const override { return now_; }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point{std::chrono::microseconds{now_.load()}};
  }
  void advance(std::chrono::microseconds by) { now_ += by.count(); }

 private:
  std::atomic<Micros> now_;
};

}  // namespace rowhook::testing
