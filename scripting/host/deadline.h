#pragma once

#include <csignal>
#include <cstdint>
#include <lua.hpp>

namespace rowhook {

// The time limit of scripts on the calling thread. A timer over the thread's processor time ticks; when a
// call has had its time, the signal arms a count hook that raises an error at the next instruction, and at
// every one after it, so that no pcall swallows it. Costs nothing while the limit is not reached. JIT must be
// off. Thread safety: one thread per process; the handler runs on it.
class Deadline {
 public:
  static constexpr std::uint64_t tick_us = 5000;
  // Installs handler and timer for the calling thread. False when the system refuses.
  static bool install();
  // From now to release(), `hook` will be armed in L after limit_us.
  static void guard(lua_State* L, lua_Hook hook, std::uint64_t limit_us);
  static void release();
};

}  // namespace rowhook
