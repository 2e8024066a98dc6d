#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace rowhook {

// A source of uniformly distributed 64-bit numbers; a parameter wherever chance plays a part, so that tests can fix it.
using Random = std::function<std::uint64_t()>;
Random system_random();  // cryptographically strong; safe to share

// Exponential backoff with equal jitter: attempt n (from 1) waits between half and the whole of
// min(max, first * 2^(n-1)); with `exponential` false always around `first`.
// Thread safety: immutable.
struct Backoff {
  std::chrono::milliseconds first{1000};
  std::chrono::milliseconds max{std::chrono::hours{1}};
  bool exponential = true;
  std::chrono::milliseconds delay(unsigned attempt, const Random& random) const;
};

}  // namespace rowhook
