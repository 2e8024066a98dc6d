#pragma once

#include <atomic>
#include <functional>
#include <string>

namespace rowhook::testing {

// A file layer for SQLite over the system's that fails on request, and that knows what power loss would
// leave: it keeps the bytes every write replaced until the file is synced. Registered under name() as long as
// it lives; one at a time. Thread safety: safe to share.
class FailingVfs {
 public:
  FailingVfs();
  ~FailingVfs();
  FailingVfs(const FailingVfs&) = delete;
  FailingVfs& operator=(const FailingVfs&) = delete;
  const char* name() const;

  enum class Fault { write, sync, full };  // EIO on writing, EIO on fsync, ENOSPC
  // The n-th operation of that kind from now on fails (1 = the next one); with `persistent` all behind it,
  // too. A sync that fails loses what it should have made durable, and the kernel then claims that all is
  // well: as Linux does.
  void fail(Fault fault, int nth, bool persistent = false);
  void heal();
  int failures() const;                         // so far
  std::uint64_t operations(Fault fault) const;  // writes or syncs so far

  // From here on the disk is gone: nothing is written or synced any more.
  void cut_power();
  // Takes back every write that was not synced when the power went, and the ones a failed sync dropped. All
  // handles must be closed.
  void restore_power();
};

}  // namespace rowhook::testing
