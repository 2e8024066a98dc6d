// One attempt of an execution, and what follows from its outcome. Brings Asio with it: for .cpp files of this
// room only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "engine/execution/lanes.h"
#include "engine/execution/live_execution.h"
#include "engine/execution/scheduler.h"

namespace rowhook {

struct Attempt {
  enum class Kind { completed, filtered, retry, failed, cancelled } kind = Kind::completed;
  std::string error_message;
  std::optional<std::chrono::milliseconds> wish;  // Retry-After
  bool disable_trigger = false;
  bool asked_scripts = false, hit_a_limit = false;
  bool script_stopped = false;  // a script, of the trigger or of a node, ran over its time
  std::chrono::nanoseconds script_time{0};
  RetryOverrides workflow_retry;
  Micros started_at = 0;
  double execution_time_ms = 0;
};

// Asks the trigger's scripts if that is still to be done, then runs the workflow. Never throws.
boost::asio::awaitable<Attempt> run_attempt(LiveExecution& job, const Scheduler::Parts& parts,
                                            const SchedulerSettings& settings);

// What an attempt leads to. The job's count of attempts goes up.
struct Conclusion {
  Lanes::Ending ending;
  std::optional<Execution> row;  // none: filtered; it needs a (completed) row only if it has one already
};
Conclusion conclude(LiveExecution& job, const Attempt& attempt, const Scheduler::Parts& parts,
                    const RetryPolicy& configured);

}  // namespace rowhook
