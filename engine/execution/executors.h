#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "engine/execution/attempt.h"

namespace rowhook {

struct Finished {
  LiveExecution* job;
  Attempt attempt;
};

// Threads that run executions as coroutines, many at once each. What ends while a thread is busy is handed
// over together. Thread safety: safe to share.
class Executors {
 public:
  // `finished` takes what ended on a thread and gives what is to run there next. It is called on the
  // executors' threads.
  using Handover = std::function<std::vector<LiveExecution*>(std::vector<Finished>& finished)>;
  Executors(const Scheduler::Parts& parts, const SchedulerSettings& settings, Handover finished);
  // What still waits for an answer from outside is left behind: its answer finds nobody.
  ~Executors();
  void start();
  void submit(std::vector<LiveExecution*> jobs);
  void stop();
  // Runs a workflow on one of the threads and waits for it. Throws TransientError when stopped meanwhile.
  RunOutcome run_and_wait(const Workflow& workflow, const std::string& target_node_id, ItemPtr item,
                          RunContext context, RunState& state);

 private:
  struct Thread;
  Handover finished_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace rowhook
