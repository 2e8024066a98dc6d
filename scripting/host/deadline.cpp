#include "scripting/host/deadline.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <ctime>

namespace rowhook {
namespace {

// Shared between the script thread and the signal handler on that thread.
lua_State* volatile guarded_state = nullptr;
volatile std::sig_atomic_t fresh = 0;  // no tick yet in this call
volatile std::sig_atomic_t armed = 0;
std::int64_t began_ns = 0;  // of the handler alone
std::int64_t allowed_ns = 0;
lua_Hook hook_function = nullptr;

// A busy machine merges ticks, so the clock counts, not their number. It is read from the first tick on: a
// call that ends before it costs no look at the clock.
void on_tick(int) {
  lua_State* const L = guarded_state;
  if (!L) return;
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  const std::int64_t now_ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  if (fresh != 0) {
    fresh = 0;
    began_ns = now_ns;
    return;
  }
  if (now_ns - began_ns < allowed_ns) return;
  armed = 1;
  lua_sethook(L, hook_function, LUA_MASKCOUNT, 1);
}

}  // namespace

bool Deadline::install() {
  struct sigaction action {};
  action.sa_handler = on_tick;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (::sigaction(SIGALRM, &action, nullptr) != 0) return false;
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGALRM;
  event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
  timer_t timer{};
  if (::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0) return false;
  const itimerspec interval{{0, tick_us * 1000}, {0, tick_us * 1000}};
  return ::timer_settime(timer, 0, &interval, nullptr) == 0;
}

void Deadline::guard(lua_State* L, lua_Hook hook, std::uint64_t limit_us) {
  fresh = 1;
  allowed_ns = static_cast<std::int64_t>(limit_us) * 1000;
  hook_function = hook;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  guarded_state = L;
}

void Deadline::release() {
  lua_State* const L = guarded_state;
  guarded_state = nullptr;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (armed == 0) return;
  armed = 0;
  lua_sethook(L, nullptr, 0, 0);
}

}  // namespace rowhook
