#include "engine/execution/core.h"

#include "engine/base/log.h"

namespace rowhook {

void KeptProgress::keep(const ExecutionKey& key, Kept kept) {
  constexpr std::size_t overhead = 1024;
  kept.bytes += overhead;
  if (kept.bytes > limit_ / 4) return;
  (void)take(key);
  bytes_ += kept.bytes;
  kept_[{key.seq, key.trigger_id}] = std::move(kept);
  while (bytes_ > limit_) {
    bytes_ -= kept_.begin()->second.bytes;
    kept_.erase(kept_.begin());
  }
}

std::optional<KeptProgress::Kept> KeptProgress::take(const ExecutionKey& key) {
  const auto found = kept_.find({key.seq, key.trigger_id});
  if (found == kept_.end()) return {};
  Kept kept = std::move(found->second);
  bytes_ -= kept.bytes;
  kept_.erase(found);
  return kept;
}

namespace {
std::array<Counter*, 7> status_counters(Metrics& metrics) {
  std::array<Counter*, 7> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = &metrics.counter("rowhook_execution_rows_total", "Rows of executions written, by status.",
                              {{"status", std::string(to_string(static_cast<ExecutionStatus>(i)))}});
  return out;
}
}  // namespace

ExecutionMetrics::ExecutionMetrics(Metrics& metrics)
    : routed(metrics.counter("rowhook_events_routed_total", "Events matched against the triggers.")),
      matched(metrics.counter("rowhook_matches_total", "Executions made of events.")),
      by_status(status_counters(metrics)),
      duration(metrics.histogram("rowhook_execution_seconds", "How long attempts take.")),
      start_delay(
          metrics.histogram("rowhook_start_delay_seconds", "From capture of an event to its first attempt.")),
      live(metrics.gauge("rowhook_executions_in_memory", "Executions waiting or running in memory.")),
      running(metrics.gauge("rowhook_executions_running", "Executions running.")),
      blocked_lanes(metrics.gauge("rowhook_lanes_blocked", "Keys that wait for a retry.")),
      parked_triggers(
          metrics.gauge("rowhook_triggers_parked", "Triggers whose executions go through the log.")),
      open_breakers(
          metrics.gauge("rowhook_trigger_breakers_open",
                        "Triggers tried with one event at a time because their scripts had to be stopped.")),
      breakers_opened(
          metrics.counter("rowhook_trigger_breakers_opened_total",
                          "How often a trigger's breaker opened because its scripts had to be stopped.")) {}

Lanes::Limits lane_limits(const SchedulerSettings& settings) {
  Lanes::Limits limits;
  limits.jobs = std::max<std::size_t>(settings.max_in_flight, 64);
  limits.bytes = std::max<std::size_t>(settings.max_in_flight_bytes, 1u << 20);
  limits.running = std::max<std::size_t>(limits.jobs / 4, 16);
  limits.blocked_lanes = settings.max_blocked_lanes;
  return limits;
}

SchedulerCore::SchedulerCore(Scheduler::Parts its_parts, const SchedulerSettings& its_settings)
    : parts(std::move(its_parts)),
      settings(its_settings),
      metrics(*parts.metrics),
      lanes(lane_limits(settings)),
      kept(settings.max_in_flight_bytes / 4),
      writer(*parts.log, *parts.journal, low_water, [this](const Rows& rows) { written(rows); }),
      executors(parts, settings, [this](std::vector<Finished>& ended) { return finished(ended); }) {}

Micros SchedulerCore::steady() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(parts.clock->steady().time_since_epoch())
      .count();
}

void SchedulerCore::set_router(RouterPtr router) {
  const std::size_t active = router ? router->active_count() : 0;
  router_.with([&](RouterPtr& mine) { mine = std::move(router); });
  lanes.with([&](Lanes& mine) { mine.set_active_triggers(active); });
}

void SchedulerCore::start_ready() {
  std::vector<LiveExecution*> jobs;
  lanes.with([&](Lanes& mine) { mine.take(SIZE_MAX, steady(), jobs); });
  executors.submit(std::move(jobs));
}

void SchedulerCore::written(const Rows& rows) {
  const bool room = lanes.with([&](Lanes& mine) {
    for (const auto& meaning : rows.meanings)
      if (meaning.frees_room) mine.durable(meaning.trigger_id);
    return mine.has_ample_room();
  });
  if (stopping || (room && router_waits)) lanes.notify();
  for (const auto& row : rows.executions) {
    if (row.without_row) continue;
    metrics.by_status[static_cast<std::size_t>(row.status)]->add();
    if (parts.ended && row.status != ExecutionStatus::pending) parts.ended(row);
  }
}

void SchedulerCore::keep_progress(LiveExecution& job) {
  if (job.progress.steps.empty()) return;
  const std::size_t bytes = job.bytes * (1 + job.progress.steps.size());
  kept.with([&](KeptProgress& mine) {
    mine.keep({job.seq, job.trigger->trigger.id},
              {job.item, std::move(job.progress), job.workflow, job.changes, bytes});
  });
}

void SchedulerCore::tell_breakers(const std::vector<Lanes::Breaker>& changes,
                                  const std::vector<Finished>& ended) {
  for (const auto& change : changes) {
    const std::string trigger = std::to_string(change.trigger_id);
    if (!change.open) {
      log::info("a trigger's breaker is closed again", {{"trigger", trigger}});
      continue;
    }
    metrics.breakers_opened.add();
    std::string error;
    for (const auto& [job, attempt] : ended)
      if (attempt.script_stopped) error = attempt.error_message.substr(0, attempt.error_message.find('\n'));
    log::warning(
        "a trigger's breaker is open: its scripts had to be stopped again and again; it is tried with one "
        "event at a time until one run is good",
        {{"trigger", trigger}, {"stops", std::to_string(change.stops)}, {"error", error}});
  }
}

std::vector<LiveExecution*> SchedulerCore::finished(std::vector<Finished>& ended) {
  std::vector<Conclusion> conclusions;
  conclusions.reserve(ended.size());
  bool parked = false, without_row = false, room = false;
  for (auto& [job, attempt] : ended) {
    metrics.duration.observe(attempt.execution_time_ms / 1000);
    if (job->attempt == 0)
      metrics.start_delay.observe(
          static_cast<double>(std::max<Micros>(0, attempt.started_at - job->event->captured_at)) / 1e6);
    conclusions.push_back(conclude(*job, attempt, parts, settings.retry));
    if (!conclusions.back().ending.parked) continue;
    parked = true;
    keep_progress(*job);
  }
  std::vector<LiveExecution*> next;
  std::vector<std::unique_ptr<LiveExecution>> gone, evicted;
  std::vector<Lanes::Breaker> breakers;
  gone.reserve(ended.size());
  lanes.with([&](Lanes& mine) {
    const Micros now = steady();
    Rows rows;
    for (std::size_t i = 0; i < ended.size(); ++i) {
      LiveExecution* job = ended[i].job;
      auto& [ending, row] = conclusions[i];
      if (!row && job->has_row) row = row_of(*job, ExecutionStatus::completed);
      ending.has_row_to_come = row.has_value();
      // In the order of the rows: the writer applies the same changes to the store.
      if (row && parts.states && !row->state_changes.empty()) parts.states->apply(row->state_changes);
      if (row) {
        rows.add(std::move(*row), {job->seq, job->trigger->trigger.id, !job->has_row, true});
      } else {
        without_row = true;
        low_water.with([&](LowWater& low) { low.done(job->seq); });
      }
      if (ended[i].attempt.asked_scripts)
        mine.scripts_took(*job->trigger, ended[i].attempt.script_time.count() / 1000,
                          ended[i].attempt.hit_a_limit);
      gone.push_back(mine.finish(job, ending, now, evicted));
    }
    for (const auto& job : evicted)
      rows.add(row_of(*job, ExecutionStatus::pending), {job->seq, job->trigger->trigger.id, true, true});
    // Under the lock: whoever loads a lane's rows after this must find them in the writer's queue.
    writer.add(std::move(rows));
    mine.take(SIZE_MAX, now, next);
    parked = parked || mine.has_rows_to_load();
    room = mine.has_ample_room();
    breakers = mine.take_breaker_changes();
    if (!breakers.empty()) metrics.open_breakers.set(static_cast<double>(mine.breakers().size()));
  });
  if (stopping || (room && router_waits)) lanes.notify();
  if (!breakers.empty()) tell_breakers(breakers, ended);
  if (without_row) writer.touch();
  for (std::size_t i = 0; i < ended.size(); ++i) {
    const auto& attempt = ended[i].attempt;
    const LiveExecution& job = *gone[i];
    if (attempt.disable_trigger) endpoint_is_gone(job.trigger->trigger.id, attempt.error_message);
  }
  if (parked) something_parked();
  return next;
}

}  // namespace rowhook
