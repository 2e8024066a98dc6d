#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "engine/execution/execution.h"
#include "engine/router/router.h"

namespace rowhook {

// An execution in memory: waiting in its lane or running.
// Thread safety: owned by Lanes and changed under its lock; while it runs, `item` to `error`, `progress` and
// `workflow` belong to the executor thread it runs on. What listings read meanwhile is constant or atomic.
struct LiveExecution {
  CompiledTriggerPtr trigger;
  EventPtr event;
  ItemPtr item;                      // null: the trigger's scripts are still to be asked
  std::optional<ScriptError> error;  // they were asked and failed
  std::uint64_t seq = 0;
  std::uint64_t lane = 0;
  std::size_t bytes = 0;
  std::atomic<unsigned> attempt{0};   // finished attempts
  Micros created_at = 0;              // wall clock
  std::atomic<Micros> started_at{0};  // of the first attempt
  Micros waiting_since = 0;           // steady
  bool has_row =
      false;  // the log holds a row of it (pending or retrying), so the low-water mark does not wait for it
  bool is_retry = false;  // that row is `retrying`
  std::atomic<bool> cancelled{false};
  std::string edited_input;
  StateChanges changes;  // what the trigger's scripts did to their kv state
  // What earlier attempts did, and with which workflow; a changed workflow starts anew.
  RunState progress;
  WorkflowPtr workflow;

  // Links of Lanes.
  bool running = false;
  LiveExecution* next = nullptr;
  LiveExecution *previous_live = nullptr, *next_live = nullptr;
};

std::string execution_id(std::uint64_t seq, std::int64_t trigger_id);  // "{seq}-{trigger_id}"
struct ExecutionKey {
  std::uint64_t seq = 0;
  std::int64_t trigger_id = 0;
  bool operator==(const ExecutionKey&) const = default;
};
std::optional<ExecutionKey> parse_execution_id(std::string_view id);  // nullopt: not of this form

// The lane of an event under a trigger's ordering: equal for what must happen one after another.
std::uint64_t lane_of(const CompiledTrigger& trigger, const Event& event);
std::uint64_t source_lane(std::int64_t trigger_id);  // the one lane under ordering `source`
// The same from a stored row.
std::uint64_t lane_of(const CompiledTrigger& trigger, const Execution& row);

// One for a matched event. `now`: wall clock.
std::unique_ptr<LiveExecution> make_live(Match&& match, Micros now);
// The row as it stands in memory; the caller sets what its end adds.
Execution row_of(const LiveExecution& job, ExecutionStatus status);

}  // namespace rowhook
