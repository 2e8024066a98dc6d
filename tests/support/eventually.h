#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace rowhook::testing {

// Polls until `holds()` is true or `limit` has passed; returns whether it became true. Tests wait on conditions with this,
// never on time.
inline bool eventually(const std::function<bool()>& holds, std::chrono::seconds limit = std::chrono::seconds{30}) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

}  // namespace rowhook::testing
