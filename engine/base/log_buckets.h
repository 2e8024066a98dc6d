// Buckets for a distribution of durations: eight for every power of two, so that the upper end of a bucket is
// at most 12.5 % above what fell into it. Values above 2^42 fall into the last one.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace rowhook::log_buckets {

inline constexpr std::size_t count = 8 * 40;

constexpr std::size_t bucket_of(std::uint64_t value) {
  if (value < 8) return value;
  const auto power = static_cast<std::size_t>(std::bit_width(value)) - 1;  // at least 3
  const std::size_t eighth = (value >> (power - 3)) & 7U;
  return std::min((power - 2) * 8 + eighth, count - 1);
}

constexpr std::uint64_t upper_end(std::size_t bucket) {
  if (bucket < 8) return bucket;
  const std::size_t power = bucket / 8 + 2;
  return ((std::uint64_t{8} + bucket % 8 + 1) << (power - 3)) - 1;
}

// The value below or at which `share` of the `total` values lie, rounded up to its bucket's end; 0 when there
// are none. `in(bucket)` says how many fell into it.
template <typename In>
std::uint64_t percentile(double share, std::uint64_t total, const In& in) {
  if (total == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < count; ++bucket) {
    seen += in(bucket);
    if (seen >= wanted) return upper_end(bucket);
  }
  return upper_end(count - 1);
}

}  // namespace rowhook::log_buckets
