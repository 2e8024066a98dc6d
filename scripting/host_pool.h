#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/guarded.h"
#include "scripting/host_process.h"

namespace rowhook {

// Script hosts that wait for work, one fresh spare always among them, so that the place of a killed host is
// taken at once. A thread of its own starts and reaps them. Thread safety: safe to share.
class HostPool {
 public:
  // `jit`: they compile scripts to machine code. `busy`: how many hosts are in use at most; as many and one
  // more are kept while idle.
  HostPool(ScriptLimits limits, std::size_t busy, bool jit);
  ~HostPool();  // ends the hosts that are here; those taken must have been given back

  // The host used last, or a fresh one. Null when none starts within 10 s: error() says why.
  std::unique_ptr<HostProcess> take();
  // Keeps a host, or disposes of one that was killed, ended or is worn, without making the caller wait for
  // its end.
  void give_back(std::unique_ptr<HostProcess> host, bool usable);
  std::string error() const;

 private:
  struct State {
    std::vector<std::unique_ptr<HostProcess>> idle;  // used last at the back
    std::vector<std::unique_ptr<HostProcess>> finished;
    std::size_t wanted = 1;  // take() calls that wait, and the spare
    std::string error;
    bool stopping = false;

    bool lacks_hosts() const { return idle.size() < wanted; }
    bool has_starter_work() const { return stopping || !finished.empty() || lacks_hosts(); }
  };
  void run();

  const ScriptLimits limits_;
  const std::size_t keep_;
  const bool jit_;
  mutable Guarded<State> state_;
  std::thread starter_;
};

}  // namespace rowhook
