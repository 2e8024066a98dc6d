#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/event/event.h"
#include "workflows/run.h"

namespace rowhook {

enum class ExecutionStatus { pending, running, retrying, completed, dead_letter, cancelled, discarded };
std::string_view to_string(ExecutionStatus status);
ExecutionStatus execution_status(std::string_view name);  // throws InvalidInput

// One run of a workflow for one event by one trigger. Its row is written when it ends or is parked, not
// before.
struct Execution {
  std::string id;  // "{seq}-{trigger_id}": the same after a crash
  std::int64_t trigger_id = 0;
  std::int64_t trigger_revision = 1;
  std::string workflow_id;
  std::string event_id;
  std::uint64_t seq = 0;
  std::string source, event_type, table, key;  // key: record_id as JSON text
  std::string target_node_id;
  ExecutionStatus status = ExecutionStatus::pending;
  unsigned attempt = 0;  // finished attempts
  std::string error_message;
  Micros created_at = 0, started_at = 0, finished_at = 0, next_attempt_at = 0;
  double execution_time_ms = 0;
  std::string
      steps;  // JSON array, see workflows/run.h: pack_steps; outputs only, inputs are derived when read
  std::string edited_input;  // JSON item of a replay with edited input; "" = the trigger's item
  // What its scripts did to their kv state; stored in the row's transaction, not in the row.
  StateChanges state_changes;
  // Its filter said no: there is no row to write, only the changes and the fact that it is done with.
  bool without_row = false;
  std::uint64_t change = 0;  // number of the row's last change that listeners are told of; 0: none yet
};

struct ExecutionFilter {
  std::string status, source, event_type, table, workflow_id, event_id, error;  // "" = any; error: substring
  std::string record_id;  // "" = any; JSON text or bare text
  std::optional<std::int64_t> trigger_id;
  std::optional<Micros> from, to;  // created_at
  std::string before_id_cursor;    // opaque
  std::size_t skip = 0, limit = 100;
};

// Parked executions of one trigger, or of one of its lanes.
struct ParkedRange {
  std::int64_t trigger_id = 0;
  std::optional<std::pair<std::string, std::string>> table_and_key;  // absent: of the whole trigger
  std::uint64_t after_seq = 0;                                       // exclusive
  std::uint64_t through_seq = UINT64_MAX;                            // inclusive
  std::size_t limit = 100;
};

// Where executions are kept. Implemented by the store; a second one in memory for tests.
// Thread safety: safe to share; write() is called by one writer thread and groups many executions into one
// transaction.
class ExecutionLog {
 public:
  struct Changes {
    std::uint64_t last = 0;     // the highest number of a change ever written
    std::uint64_t dropped = 0;  // retention dropped a row with this number; none with a higher one
  };
  virtual ~ExecutionLog() = default;
  // Inserts or replaces rows by id, applies their state changes and moves the low-water mark, in one
  // transaction, durable when it returns.
  // Throws TransientError when it could not; nothing was written then.
  virtual void write(const std::vector<Execution>& executions, std::uint64_t low_water) = 0;
  virtual std::uint64_t low_water() = 0;
  // Ids of executions with seq >= from_seq that have a row (ended or parked) or were done without one, for
  // restart.
  virtual std::vector<std::string> ids_from(std::uint64_t from_seq) = 0;
  // Parked executions (pending, retrying) due at or before `now`, by seq; and all of them at start.
  virtual std::vector<Execution> due(Micros now, std::size_t limit) = 0;
  virtual std::vector<Execution> parked(std::uint64_t after_seq, std::size_t limit) = 0;
  // Parked executions (pending, retrying) of a trigger or lane, by seq. An index on (trigger_id, seq) of
  // parked rows makes it cheap; what stands here pages through parked().
  virtual std::vector<Execution> parked_of(const ParkedRange& range);
  virtual Changes changes() = 0;
  // Executions whose last change has this number or a higher one, by number: how a listener catches up. One
  // that changed twice is there once, as it is now.
  virtual std::vector<Execution> changed(std::uint64_t from, std::size_t limit) = 0;
  virtual std::optional<Execution> find(const std::string& id) = 0;
  virtual std::vector<Execution> list(const ExecutionFilter& filter) = 0;  // newest first
  // Stops counting at `limit`.
  virtual std::uint64_t count(const ExecutionFilter& filter, std::uint64_t limit = INT64_MAX) = 0;
};

// Calls `take` with every parked execution behind `after_seq`, by seq, until it returns false. Reads page by
// page.
void each_parked(ExecutionLog& log, std::uint64_t after_seq, const std::function<bool(Execution&)>& take);

}  // namespace rowhook
