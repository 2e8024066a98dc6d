#include "engine/base/backoff.h"

#include <algorithm>
#include <random>

namespace rowhook {

Random system_random() {
  return [] {
    thread_local std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) | device();
  };
}

std::chrono::milliseconds Backoff::delay(unsigned attempt, const Random& random) const {
  auto whole = first.count();
  if (exponential)
    for (unsigned i = 1; i < attempt && whole < max.count(); ++i) whole *= 2;
  whole = std::min<decltype(whole)>(whole, max.count());
  const auto half = whole / 2;
  const auto span = static_cast<std::uint64_t>(whole - half) + 1;
  return std::chrono::milliseconds{half + static_cast<decltype(whole)>(random() % span)};
}

}  // namespace rowhook
