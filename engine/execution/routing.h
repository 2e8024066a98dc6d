#pragma once

#include <thread>
#include <unordered_set>

#include "engine/execution/core.h"

namespace rowhook {

// The thread that reads the journal, matches events against the triggers and puts what matched into lanes.
// It stops reading while the lanes have no room, and begins at the low-water mark: what has a row by then is
// not made again. Thread safety: start and stop from one thread.
class Routing {
 public:
  explicit Routing(SchedulerCore& core) : core_(core) {}
  ~Routing() { stop(); }
  void start();
  void stop();  // after core.stopping was set

 private:
  struct KeyHash {
    std::size_t operator()(const ExecutionKey& key) const {
      return std::hash<std::uint64_t>{}(key.seq * 31 + static_cast<std::uint64_t>(key.trigger_id));
    }
  };
  void run();
  void recover();
  bool wait_for_room();
  void route(std::vector<EventPtr> events);
  void route_some(const std::vector<EventPtr>& events, std::vector<Candidate> candidates);
  std::vector<std::unique_ptr<LiveExecution>> make_jobs(std::vector<Candidate> candidates);
  void open_events(const std::vector<EventPtr>& events,
                   const std::vector<std::unique_ptr<LiveExecution>>& jobs);
  void admit(std::vector<std::unique_ptr<LiveExecution>> jobs);

  SchedulerCore& core_;
  std::uint64_t next_ = 1;
  std::unordered_set<ExecutionKey, KeyHash> with_row_;  // of the process before
  std::uint64_t with_row_until_ = 0;                    // no row of it is newer
  std::thread thread_;
};

}  // namespace rowhook
