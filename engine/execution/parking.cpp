#include "engine/execution/parking.h"

#include <pthread.h>

#include <algorithm>

#include "engine/base/log.h"

namespace rowhook {

namespace {
constexpr std::size_t page = 256;
constexpr std::size_t lane_page = 64;
constexpr std::chrono::milliseconds idle_wait{250}, busy_wait{10}, flush_wait{10'000};
constexpr Micros checkpoint_interval = 1'000'000;
constexpr std::uint64_t checkpoint_behind = 1u << 16;  // events
constexpr Micros try_again = 200'000;
}  // namespace

Parking::Parking(SchedulerCore& core) : core_(core) {
  core.something_parked = [this] { wake(); };
  core.endpoint_is_gone = [this](std::int64_t trigger_id, const std::string& reason) {
    switch_off(trigger_id, reason);
  };
}

void Parking::start() {
  state_.with([](State& state) { state.running = true; });
  thread_ = std::thread([this] { run(); });
}

void Parking::stop() {
  state_.with([](State& state) { state.running = false; });
  state_.notify();
  if (thread_.joinable()) thread_.join();
  run_commands();  // those that came last: nobody is to wait for ever
}

void Parking::wake() {
  if (!state_.with([](State& state) { return std::exchange(state.woken, true); })) state_.notify();
}

void Parking::run() {
  pthread_setname_np(pthread_self(), "rowhook-park");
  for (;;) {
    wait();
    if (!state_.with([](const State& state) { return state.running; })) return;
    if (!core_.recovered) continue;
    run_commands();
    try {
      while (bring_back() && !core_.stopping) run_commands();
      checkpoint();
      show_state();
    } catch (const std::exception& error) {
      log::warning("parked executions cannot be read; trying again", {{"error", error.what()}});
      std::this_thread::sleep_for(busy_wait);
    }
  }
}

void Parking::wait() {
  const Micros now = core_.steady();
  auto pause = std::chrono::duration_cast<std::chrono::microseconds>(idle_wait);
  core_.lanes.with([&](const Lanes& lanes) {
    if (lanes.has_waiting()) pause = busy_wait;
    if (const auto due = lanes.next_due())
      pause = std::clamp(std::chrono::microseconds{*due - now}, std::chrono::microseconds{1000}, pause);
  });
  auto state = state_.lock();
  state.wait_for(pause, [&] {
    return state->woken || !state->running || (!state->commands.empty() && core_.recovered);
  });
  state->woken = false;
}

void Parking::run_commands() {
  for (;;) {
    auto commands = state_.with([](State& state) { return std::exchange(state.commands, {}); });
    if (commands.empty()) return;
    for (const auto& command : commands) command();
  }
}

bool Parking::bring_back() {
  const Micros now = core_.steady();
  // Read before the flush: every row up to here is durable behind it.
  const std::uint64_t through = core_.routed;
  std::vector<Lanes::Due> due;
  std::vector<Lanes::Load> loads;
  std::vector<Lanes::Drain> drains;
  if (!core_.writer.trouble().empty()) return false;
  core_.lanes.with([&](Lanes& lanes) {
    due = lanes.take_due(now, page);
    loads = lanes.take_loads(now, page, lane_page);
    drains = lanes.take_drains(now, page);
  });
  core_.start_ready();  // what an interval or another trigger's share held back
  if (due.empty() && loads.empty() && drains.empty()) return false;
  const bool flushed = core_.writer.flush(flush_wait);
  const auto each = [&](auto& list, const auto& load, const auto& give_back) {
    for (const auto& entry : list) try {
        if (!flushed) throw TransientError("the execution log cannot be written");
        load(entry);
      } catch (const std::exception& error) {
        log::warning("parked executions cannot be read; trying again", {{"error", error.what()}});
        core_.lanes.with([&](Lanes& lanes) { give_back(lanes, entry); });
      }
  };
  each(
      due, [&](const Lanes::Due& entry) { load_due(entry); },
      [&](Lanes& lanes, Lanes::Due entry) {
        entry.at = now + try_again;
        lanes.push_due(entry);
      });
  each(
      loads, [&](const Lanes::Load& entry) { load_lane(entry); },
      [](Lanes& lanes, const Lanes::Load& entry) { lanes.push_load(entry); });
  std::size_t drained = 0;
  each(
      drains,
      [&](const Lanes::Drain& entry) {
        drain(entry, through);
        ++drained;
      },
      [](Lanes& lanes, const Lanes::Drain& entry) {
        lanes.drained_through(entry.trigger_id, entry.after_seq);
      });
  core_.start_ready();
  return flushed && (due.size() == page || loads.size() == page);
}

// The job that runs a parked row again, by the newest revision of its trigger; null when it has to be closed
// instead.
std::unique_ptr<LiveExecution> Parking::job_of(Execution&& row, const EventPtr& event) {
  const RouterPtr router = core_.router();
  const auto trigger = router ? router->current(row.trigger_id) : nullptr;
  if (!trigger) {
    close(std::move(row), ExecutionStatus::cancelled, "its trigger was deleted");
    return nullptr;
  }
  if (!event) {
    close(std::move(row), ExecutionStatus::dead_letter,
          "its event is no longer in the journal (journal.retention), so it cannot run any more");
    return nullptr;
  }
  Match match{trigger, event, nullptr, {}};
  auto kept = core_.kept.with([&](KeptProgress& mine) { return mine.take({row.seq, row.trigger_id}); });
  if (!row.edited_input.empty())
    match.item = std::make_shared<const Item>(row.edited_input);
  else if (kept)
    match.item = kept->item;
  else if (!trigger->has_scripts() && !trigger->broken)
    match.item = std::make_shared<const Item>(event);
  auto job = make_live(std::move(match), row.created_at);
  if (kept && row.edited_input.empty()) {
    job->progress = std::move(kept->progress);
    job->workflow = std::move(kept->workflow);
    job->changes = std::move(kept->changes);
  }
  job->attempt = row.attempt;
  job->started_at = row.started_at;
  job->edited_input = std::move(row.edited_input);
  job->has_row = true;
  return job;
}

void Parking::load_due(const Lanes::Due& due) {
  auto row = core_.parts.log->find(execution_id(due.seq, due.trigger_id));
  const std::string table = row ? row->table : std::string(), key = row ? row->key : std::string();
  std::unique_ptr<LiveExecution> job;
  if (row && row->status == ExecutionStatus::retrying)
    job = job_of(std::move(*row), core_.parts.journal->at(due.seq));
  core_.lanes.with([&](Lanes& lanes) {
    if (!job) return lanes.unpark(due.trigger_id, due.lane, table, key);  // cancelled, closed or deleted
    job->lane = due.lane;
    lanes.admit_retry(job, core_.steady());
  });
}

void Parking::load_lane(const Lanes::Load& load) {
  ParkedRange range;
  range.trigger_id = load.trigger_id;
  if (load.lane != source_lane(load.trigger_id)) range.table_and_key.emplace(load.table, load.key);
  range.through_seq = load.through_seq;
  range.limit = lane_page;
  auto rows = core_.parts.log->parked_of(range);
  const bool complete = rows.size() < lane_page;
  std::erase_if(rows, [](const Execution& row) { return row.status != ExecutionStatus::pending; });
  const auto events = events_of(rows);
  std::vector<std::unique_ptr<LiveExecution>> jobs;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ExecutionKey key{rows[i].seq, rows[i].trigger_id};
    // A trigger whose ordering was changed may have the row in memory, in another lane.
    if (core_.lanes.with([&](const Lanes& lanes) { return lanes.find(key.trigger_id, key.seq) != nullptr; }))
      continue;
    if (auto job = job_of(std::move(rows[i]), events[i])) {
      job->lane = load.lane;
      jobs.push_back(std::move(job));
    }
  }
  core_.lanes.with([&](Lanes& lanes) { lanes.loaded(load, jobs, complete, core_.steady()); });
}

void Parking::drain(const Lanes::Drain& drain, std::uint64_t through) {
  auto rows = core_.parts.log->parked_of({drain.trigger_id, {}, drain.after_seq, through, page});
  // A page that is not full holds all there was when the writer had been waited for.
  std::uint64_t reached =
      rows.size() < page ? std::max(drain.after_seq, std::min(drain.last_spilled, through)) : 0;
  const auto events = events_of(rows);
  const RouterPtr router = core_.router();
  const Micros wall = core_.parts.clock->now();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    reached = std::max(reached, rows[i].seq);
    const auto trigger = router ? router->current(rows[i].trigger_id) : nullptr;
    if (trigger && rows[i].status == ExecutionStatus::retrying) {
      // At most the policy's longest wait from now, should the wall clock have jumped.
      const Micros wait =
          std::clamp<Micros>(rows[i].next_attempt_at - wall, 0, 24 * 3600 * Micros{1'000'000});
      core_.lanes.with([&](Lanes& lanes) {
        lanes.park(*trigger, lane_of(*trigger, rows[i]), rows[i].seq, core_.steady() + wait, true);
      });
    } else if (auto job = job_of(std::move(rows[i]), events[i])) {
      core_.lanes.with([&](Lanes& lanes) { lanes.drained(std::move(job), core_.steady()); });
    }
  }
  core_.lanes.with([&](Lanes& lanes) { lanes.drained_through(drain.trigger_id, reached); });
}

// The events of rows in seq order: in one read where they lie close together.
std::vector<EventPtr> Parking::events_of(const std::vector<Execution>& rows) {
  std::vector<EventPtr> events(rows.size());
  if (rows.empty()) return events;
  Journal& journal = *core_.parts.journal;
  const std::uint64_t span = rows.back().seq - rows.front().seq + 1;
  std::vector<EventPtr> near;
  if (rows.size() > 4 && span <= rows.size() * 4) near = journal.read(rows.front().seq, span, 16u << 20);
  std::size_t next = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    while (next < near.size() && near[next]->seq < rows[i].seq) ++next;
    events[i] = next < near.size() && near[next]->seq == rows[i].seq ? near[next] : journal.at(rows[i].seq);
  }
  return events;
}

void Parking::close(Execution row, ExecutionStatus status, const std::string& reason) {
  row.status = status;
  row.error_message = row.error_message.empty() ? reason : reason + "; before that: " + row.error_message;
  row.finished_at = core_.parts.clock->now();
  row.next_attempt_at = 0;
  write(std::move(row));
}

void Parking::write(Execution row) {
  Rows rows;
  const RowMeaning meaning{row.seq, row.trigger_id, false, false};
  rows.add(std::move(row), meaning);
  core_.writer.add(std::move(rows));
}

// One execution that takes long must not hold the low-water mark, and with it the restart and the journal's
// retention: it gets a pending row, and the mark moves on.
void Parking::checkpoint() {
  const Micros now = core_.steady();
  if (now - last_checkpoint_ < checkpoint_interval) return;
  last_checkpoint_ = now;
  const std::uint64_t routed = core_.routed;
  if (routed < checkpoint_behind) return;
  core_.lanes.with([&](Lanes& lanes) {
    Rows rows;
    lanes.each([&](LiveExecution& job) {
      if (job.has_row || job.seq > routed - checkpoint_behind) return true;
      job.has_row = true;
      rows.add(row_of(job, ExecutionStatus::pending), {job.seq, job.trigger->trigger.id, true, false});
      return true;
    });
    core_.writer.add(std::move(rows));
  });
}

void Parking::show_state() {
  core_.lanes.with([&](const Lanes& lanes) {
    core_.metrics.live.set(static_cast<double>(lanes.live()));
    core_.metrics.running.set(static_cast<double>(lanes.running()));
    core_.metrics.blocked_lanes.set(static_cast<double>(lanes.blocked()));
    core_.metrics.parked_triggers.set(static_cast<double>(lanes.spilling().size()));
  });
}

}  // namespace rowhook
