#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/backoff.h"
#include "engine/base/metrics.h"
#include "engine/execution/execution.h"
#include "engine/journal/journal.h"
#include "engine/router/router.h"
#include "workflows/run.h"

namespace rowhook {

struct RetryPolicy {  // defaults of the configuration; a trigger's config.retry overrides each member
  unsigned max_retries = 5;
  std::chrono::milliseconds retry_delay{60000};
  bool exponential_backoff = true;
  std::chrono::milliseconds max_delay{std::chrono::hours{1}};
};

struct SchedulerSettings {
  unsigned threads = 2;
  RetryPolicy retry;
  std::size_t max_in_flight = 4096;  // executions in memory
  std::size_t max_in_flight_bytes = 64u << 20;
  std::chrono::milliseconds default_timeout{std::chrono::minutes{5}};
  std::size_t max_blocked_lanes = 10'000;  // of one trigger; beyond them it is parked as a whole
};

// Reads the journal, routes, runs executions in lanes and writes their rows. The heart of the engine.
//
// Lane = (trigger, source, table, record_id): first deliveries of one lane happen in commit order; a failing
// execution parks its lane (rows `retrying` and, behind it, `pending` in the log) and blocks nothing else.
// What is parked takes no memory but its lane's hash; a trigger with too many parked lanes is parked as a
// whole. After a crash the journal from the low-water mark on is routed again; ids that have a row are not
// run again. Memory: bounded by max_in_flight and max_in_flight_bytes; the router stops reading the journal
// when they are reached. Thread safety: safe to share.
class Scheduler {
 public:
  struct Parts {
    Journal* journal;
    ExecutionLog* log;
    ScriptEngine* scripts;
    const Clock* clock;
    Random random;
    Metrics* metrics;
    std::function<WorkflowPtr(const std::string& workflow_id)>
        workflow;  // null if there is none or it is inactive
    std::function<void(std::int64_t trigger_id, const std::string& reason)> disable_trigger;
    std::function<void(const Execution&)> ended;  // for live listeners; may be empty; must not block
    ScriptStates* states = nullptr;  // told what completed executions did to scripts' state; may be null
  };
  Scheduler(Parts parts, SchedulerSettings settings);
  ~Scheduler();

  // Throws TransientError when the execution log cannot be read.
  void start();
  // Finishes what runs (up to `grace`), writes everything, stops. What had not ended runs again at the next
  // start.
  void stop(std::chrono::milliseconds grace);
  // Swaps the routing table; events read from now on use it. To be called once before start().
  void set_router(RouterPtr router);
  RouterPtr router() const;
  // Runs `change` while no event is being routed and uses the router it returns from the next event on. A
  // trigger that is stored inside it with head_seq = Journal::last_seq() misses no event behind it and meets
  // none twice. What `change` throws is thrown on; the router stays as it was.
  void change_routing(const std::function<RouterPtr()>& change);

  // Runs one workflow now, outside any trigger's lane (POST /workflows/{id}/run, dry runs). Steps are in the
  // result. Its id is "run-..."; unless it is a dry run its row is written, too. A failure is in the result,
  // too: there are no retries.
  Execution run_once(WorkflowPtr workflow, const std::string& target_node_id, EventPtr event, ItemPtr item,
                     bool dry_run);
  // Makes a dead, cancelled or parked execution run again now, under the same id: in its lane, in the order
  // of seq among what waits there. The newest revision of its trigger is used. Waits until that is durable.
  // Throw NotFound, Conflict, TransientError (not running, or the log cannot be written).
  void retry(const std::string& execution_id, const std::string& edited_input = {});
  // Parked or waiting: it does not run any more. Running: it is not tried again when this attempt fails.
  void cancel(const std::string& execution_id);
  void discard(const std::string& execution_id);  // a dead letter nobody wants
  struct Replayed {
    std::size_t looked_at = 0;  // events, from the first one on; the rest found no room
    std::size_t taken = 0;      // executions that run again
    std::size_t waiting = 0;    // executions that wait or run already, and are left alone
  };
  // Runs what a trigger makes of these events (in seq order, none behind routed_seq()) again, from the start,
  // with its newest revision and under the ids those executions had or would have had. Whether the trigger
  // fires for them is the caller's business. Durable when it returns. Throws NotFound, TransientError.
  Replayed replay(std::int64_t trigger_id, const std::vector<EventPtr>& events);

  // Empties what scripts of this scope keep with kv, between the changes of two executions: what completes
  // later begins with nothing. Durable when it returns; TransientError when it could not be written in 5 s.
  void clear_state(const std::string& scope);

  // Executions in memory right now, for listings (status pending or running).
  std::vector<Execution> in_flight(std::size_t limit) const;
  std::uint64_t routed_seq() const;  // every event up to here was matched
  // Waits until every event up to `seq` is routed and all executions made of them have ended or are parked.
  bool wait_idle(std::uint64_t seq, std::chrono::milliseconds time) const;
  // "" or why executions cannot be written right now, for health.
  std::string trouble() const;
  // Triggers whose scripts had to be stopped again and again: they are tried with one event at a time until
  // one run is good. Closed breakers are not listed.
  struct Breaker {
    std::int64_t trigger_id = 0;
    bool half_open = false;            // the trial runs
    unsigned stops = 0;                // of its scripts, since it was last closed
    Micros since = 0, next_trial = 0;  // wall clock
  };
  std::optional<Breaker> breaker(std::int64_t trigger_id) const;
  // Triggers that are parked as a whole: what they match goes through the log until they have caught up.
  std::vector<std::int64_t> parked_triggers() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowhook
