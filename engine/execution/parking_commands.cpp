// Parking: what people ask of single executions. The commands run on the parking thread, one after another,
// so that no row is loaded while one of them looks at it.
#include <future>

#include "engine/base/log.h"
#include "engine/execution/parking.h"

namespace rowhook {

namespace {
constexpr std::chrono::milliseconds flush_wait{10'000};

[[noreturn]] void refuse(const Execution& row, const std::string& what) {
  throw Conflict("execution " + row.id + " is " + std::string(to_string(row.status)) + " and cannot be " +
                 what);
}
}  // namespace

void Parking::ask(std::function<void()> command) {
  auto done = std::make_shared<std::promise<void>>();
  auto result = done->get_future();
  const bool accepted = state_.with([&](State& state) {
    if (!state.running) return false;
    state.commands.push_back([this, done, command = std::move(command)] {
      try {
        command();
        if (!core_.writer.flush(flush_wait))
          throw TransientError("the execution log cannot be written: " + core_.writer.trouble());
        done->set_value();
      } catch (...) {
        done->set_exception(std::current_exception());
      }
    });
    return true;
  });
  if (!accepted) throw TransientError("the engine is not running");
  state_.notify();
  result.get();
}

// Of an execution that a trigger made: only those can be what `what` says.
ExecutionKey Parking::key_of(const std::string& id, const char* what) {
  if (const auto key = parse_execution_id(id)) return *key;
  const auto by_hand = core_.parts.log->find(id);
  if (!by_hand) throw NotFound("there is no execution '" + id + "'");
  throw Conflict("execution " + id + " was run by hand and cannot be " + what,
                 "POST /workflows/" + by_hand->workflow_id + "/run runs its workflow anew");
}

Execution Parking::parked_row(const std::string& id) {
  if (!core_.writer.flush(flush_wait))
    throw TransientError("the execution log cannot be written: " + core_.writer.trouble());
  auto row = core_.parts.log->find(id);
  if (!row) throw NotFound("there is no execution '" + id + "'");
  return std::move(*row);
}

void Parking::retry(const std::string& id, const std::string& edited_input) {
  const ExecutionKey key = key_of(id, "retried");
  ask([this, id, key, edited_input] {
    if (core_.lanes.with([&](const Lanes& lanes) { return lanes.find(key.trigger_id, key.seq) != nullptr; }))
      throw Conflict("execution " + id + " is waiting or running already");
    retry_now(parked_row(id), edited_input);
  });
}

void Parking::retry_now(Execution row, const std::string& edited_input) {
  using enum ExecutionStatus;
  if (row.status != dead_letter && row.status != cancelled && row.status != retrying && row.status != pending)
    refuse(row, "retried");
  const RouterPtr router = core_.router();
  const auto trigger = router ? router->current(row.trigger_id) : nullptr;
  if (!trigger) throw Conflict("execution " + row.id + " cannot be retried: its trigger was deleted");
  if (!core_.parts.journal->at(row.seq))
    throw Conflict("execution " + row.id + " cannot be retried: its event is no longer in the journal");
  const ExecutionStatus before = row.status;
  if (!edited_input.empty()) {
    row.edited_input = edited_input;
    (void)core_.kept.with([&](KeptProgress& mine) { return mine.take({row.seq, row.trigger_id}); });
  }
  const bool replay = before == dead_letter || before == cancelled;
  if (replay && core_.lanes.with([&](const Lanes& lanes) { return lanes.retrying(row.trigger_id); }) >=
                    core_.settings.max_blocked_lanes)
    throw Conflict("too many executions of trigger " + std::to_string(row.trigger_id) +
                   " wait for a retry already; try again later");
  if (replay) {
    park_replay(*trigger, std::move(row));
    return wake();
  }
  const std::uint64_t seq = row.seq;
  const std::int64_t trigger_id = row.trigger_id;
  if (row.status == retrying) row.next_attempt_at = core_.parts.clock->now();
  const bool must_be_written = before == retrying || !edited_input.empty();
  // What is ahead of a drain is met by it; what is behind a lane follows when its retries have been tried.
  ParkedRange range{trigger_id, std::pair(row.table, row.key), 0, seq, 64};
  if (must_be_written) write(std::move(row));
  const auto behind = before == pending ? core_.parts.log->parked_of(range) : std::vector<Execution>();
  core_.lanes.with([&](Lanes& lanes) {
    const Micros now = core_.steady();
    if (before == retrying) lanes.expedite(trigger_id, seq, now);
    for (const auto& ahead : behind)
      if (ahead.status == retrying) lanes.expedite(trigger_id, ahead.seq, now);
  });
  wake();
}

void Parking::cancel(const std::string& id) {
  (void)key_of(id, "cancelled");
  ask([this, id] { cancel_now(id); });
}

void Parking::cancel_now(const std::string& id) {
  const ExecutionKey key = key_of(id, "cancelled");
  bool flagged = false;
  std::optional<Execution> waiting;
  core_.lanes.with([&](Lanes& lanes) {
    LiveExecution* job = lanes.find(key.trigger_id, key.seq);
    if (!job) return;
    if (job->running) {
      job->cancelled = true;
      flagged = true;
      return;
    }
    const auto removed = lanes.remove_waiting(key.trigger_id, key.seq);
    waiting = row_of(*removed, ExecutionStatus::cancelled);
    waiting->finished_at = core_.parts.clock->now();
    Rows rows;
    rows.add(*waiting, {key.seq, key.trigger_id, !removed->has_row, true});
    core_.writer.add(std::move(rows));
  });
  if (flagged || waiting) return;
  Execution row = parked_row(id);
  using enum ExecutionStatus;
  if (row.status != pending && row.status != retrying) refuse(row, "cancelled");
  row.status = cancelled;
  row.finished_at = core_.parts.clock->now();
  row.next_attempt_at = 0;
  write(std::move(row));
  // Its lane finds out that nothing is left to be tried.
  core_.lanes.with([&](Lanes& lanes) { lanes.expedite(key.trigger_id, key.seq, core_.steady()); });
  wake();
}

void Parking::discard(const std::string& id) {
  ask([this, id] {
    Execution row = parked_row(id);
    if (row.status != ExecutionStatus::dead_letter) refuse(row, "discarded");
    row.status = ExecutionStatus::discarded;
    write(std::move(row));
  });
}

Scheduler::Replayed Parking::replay(std::int64_t trigger_id, const std::vector<EventPtr>& events) {
  Scheduler::Replayed replayed;
  ask([&] { replayed = replay_now(trigger_id, events); });
  return replayed;
}

Scheduler::Replayed Parking::replay_now(std::int64_t trigger_id, const std::vector<EventPtr>& events) {
  const RouterPtr router = core_.router();
  const auto trigger = router ? router->current(trigger_id) : nullptr;
  if (!trigger) throw NotFound("there is no trigger '" + std::to_string(trigger_id) + "'");
  if (!core_.writer.flush(flush_wait))
    throw TransientError("the execution log cannot be written: " + core_.writer.trouble());
  Scheduler::Replayed out;
  for (const auto& event : events) {
    const auto [in_memory, parked] = core_.lanes.with([&](const Lanes& lanes) {
      return std::pair(lanes.find(trigger_id, event->seq) != nullptr, lanes.retrying(trigger_id));
    });
    if (parked >= core_.settings.max_blocked_lanes) break;
    ++out.looked_at;
    const auto row = core_.parts.log->find(execution_id(event->seq, trigger_id));
    using enum ExecutionStatus;
    if (in_memory || (row && (row->status == pending || row->status == retrying))) {
      ++out.waiting;
      continue;
    }
    Execution again = row_of(*make_live({trigger, event, nullptr, {}}, core_.parts.clock->now()), pending);
    if (row) again.created_at = row->created_at;
    (void)core_.kept.with([&](KeptProgress& mine) { return mine.take({event->seq, trigger_id}); });
    park_replay(*trigger, std::move(again));
    ++out.taken;
  }
  wake();
  return out;
}

// Runs it as soon as there is room, as a retry that nothing in its lane waits for.
void Parking::park_replay(const CompiledTrigger& trigger, Execution row) {
  row.status = ExecutionStatus::retrying;
  row.attempt = 0;
  row.finished_at = 0;
  row.next_attempt_at = core_.parts.clock->now();
  const std::uint64_t seq = row.seq, lane = lane_of(trigger, row);
  write(std::move(row));
  core_.lanes.with([&](Lanes& lanes) {  // what is ahead of a drain is met by it
    if (!lanes.ahead_of_drain(trigger.trigger.id, seq)) lanes.park(trigger, lane, seq, core_.steady(), false);
  });
}

void Parking::switch_off(std::int64_t trigger_id, const std::string& reason) {
  state_.with([&](State& state) {
    state.commands.push_back([this, trigger_id, reason] {
      const RouterPtr router = core_.router();
      const auto trigger = router ? router->current(trigger_id) : nullptr;
      if (!trigger || !trigger->trigger.is_active) return;  // done already
      try {
        if (core_.parts.disable_trigger) core_.parts.disable_trigger(trigger_id, reason);
      } catch (const std::exception& error) {
        log::error("a trigger whose endpoint is gone could not be switched off",
                   {{"trigger", std::to_string(trigger_id)}, {"error", error.what()}});
      }
    });
  });
  state_.notify();
}

}  // namespace rowhook
