#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "web/server/live_executions.h"
#include "web/server/services.h"

namespace rowhook {

// How busy the engine is: what happened since the last call, as one JSON object (docs/websocket.md).
// Thread safety: confined to one thread at a time.
class LiveMetrics {
 public:
  explicit LiveMetrics(const ApiServices& services) : services_(services) {}
  // Appends the object. May block on the journal's status. After a pause of 10 s it begins anew.
  void write(std::string& out);

 private:
  struct Tally {
    std::uint64_t completed = 0, retrying = 0, dead = 0;
    std::vector<double> milliseconds;
  };
  std::map<std::int64_t, Tally> tally_triggers();

  const ApiServices& services_;
  std::chrono::steady_clock::time_point since_{};
  std::uint64_t seq_ = 0, executions_ = 0;  // seen up to here
};

}  // namespace rowhook
