#include "engine/execution/scheduler.h"

#include "engine/base/log.h"
#include "engine/execution/core.h"
#include "engine/execution/parking.h"
#include "engine/execution/routing.h"

namespace rowhook {

struct Scheduler::Impl {
  Impl(Parts parts, const SchedulerSettings& settings)
      : core(std::move(parts), settings), routing(core), parking(core) {}
  SchedulerCore core;
  Routing routing;
  Parking parking;
  bool started = false;
};

Scheduler::Scheduler(Parts parts, SchedulerSettings settings)
    : impl_(std::make_unique<Impl>(std::move(parts), settings)) {}

Scheduler::~Scheduler() { stop(std::chrono::milliseconds{0}); }

void Scheduler::start() {
  SchedulerCore& core = impl_->core;
  const std::uint64_t mark = std::max<std::uint64_t>(core.parts.log->low_water(), 1);
  core.low_water.with([&](LowWater& low) { low = LowWater(mark); });
  impl_->started = true;
  core.writer.start(core.parts.log->changes().last);
  core.executors.start();
  impl_->parking.start();
  impl_->routing.start();
}

void Scheduler::stop(std::chrono::milliseconds grace) {
  if (!std::exchange(impl_->started, false)) return;
  SchedulerCore& core = impl_->core;
  const auto deadline = std::chrono::steady_clock::now() + grace;
  core.stopping = true;
  core.lanes.with([](Lanes& lanes) { lanes.stop(); });
  core.lanes.notify();
  impl_->parking.stop();
  impl_->routing.stop();
  {
    auto lanes = core.lanes.lock();
    if (!lanes.wait_until(deadline, [&] { return lanes->running() == 0; }))
      log::warning("executions that had not ended run again at the next start",
                   {{"executions", std::to_string(lanes->running())}});
  }
  core.executors.stop();
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  core.writer.stop(std::max(left, std::chrono::milliseconds{2000}));
}

void Scheduler::set_router(RouterPtr router) { impl_->core.set_router(std::move(router)); }

RouterPtr Scheduler::router() const { return impl_->core.router(); }

void Scheduler::change_routing(const std::function<RouterPtr()>& change) {
  const std::lock_guard<std::mutex> hold(impl_->core.routing);
  impl_->core.set_router(change());
}

namespace {
// What nodes see as the event when there is none: nothing happened but that somebody asked.
EventPtr event_of_hand_run(const std::string& execution_id, Micros now) {
  static const ShapePtr shape = [] {
    Shape made;
    made.source = made.connection = "rowhook";
    made.method = "api";
    return seal(std::move(made));
  }();
  auto event = std::make_shared<Event>();
  event->id = execution_id;
  event->type = "manual_run";
  event->shape = shape;
  event->timestamp = event->captured_at = now;
  return event;
}
}  // namespace

Execution Scheduler::run_once(WorkflowPtr workflow, const std::string& target_node_id, EventPtr event,
                              ItemPtr item, bool dry_run) {
  static constexpr char digits[] = "0123456789abcdef";
  SchedulerCore& core = impl_->core;
  Execution row;
  row.id = "run-";
  for (std::uint64_t bits = core.parts.random(), i = 0; i < 16; ++i, bits >>= 4) row.id += digits[bits & 15];
  row.workflow_id = definition_of(*workflow).id;
  row.target_node_id = target_node_id;
  if (!event) event = event_of_hand_run(row.id, core.parts.clock->now());
  row.event_id = event->id;
  row.source = event->shape->source;
  row.event_type = event->type;
  row.table = event->shape->table;
  row.key = event->key;
  RunContext context;
  context.event = event;
  context.execution_id = row.id;
  context.workflow_id = row.workflow_id;
  context.dry_run = dry_run;
  context.deadline = core.parts.clock->steady() + core.settings.default_timeout;
  row.created_at = row.started_at = core.parts.clock->now();
  const auto begin = core.parts.clock->steady();
  auto state = std::make_unique<RunState>();
  const RunOutcome outcome =
      core.executors.run_and_wait(*workflow, target_node_id, std::move(item), std::move(context), *state);
  row.attempt = 1;
  row.execution_time_ms =
      std::chrono::duration<double, std::milli>(core.parts.clock->steady() - begin).count();
  row.finished_at = core.parts.clock->now();
  row.status =
      outcome.kind == RunOutcome::Kind::completed ? ExecutionStatus::completed : ExecutionStatus::dead_letter;
  row.error_message = outcome.error_message;
  row.steps = pack_steps(state->steps);
  if (!dry_run) {
    if (row.status == ExecutionStatus::completed) row.state_changes = changes_of(*state);
    if (core.parts.states) core.parts.states->apply(row.state_changes);
    Rows rows;
    rows.add(row, {0, 0, false, false});
    core.writer.add(std::move(rows));
    (void)core.writer.flush(std::chrono::seconds{5});
  }
  return row;
}

void Scheduler::clear_state(const std::string& scope) {
  SchedulerCore& core = impl_->core;
  if (!core.parts.states) return;
  (void)core.parts.states->get(scope);  // from the store, before the lock
  Execution row;
  row.without_row = true;
  const auto empty = [&] {
    for (const auto& [key, value] : *core.parts.states->get(scope))
      row.state_changes.push_back({scope, key, StateChange::Kind::remove, {}});
    core.parts.states->apply(row.state_changes);
  };
  if (!impl_->started) {
    empty();
    core.parts.log->write({row}, core.parts.log->low_water());
    return;
  }
  // As executions do it: memory and the writer's queue change in the same order.
  core.lanes.with([&](Lanes&) {
    empty();
    Rows rows;
    rows.add(row, {0, 0, false, false});
    core.writer.add(std::move(rows));
  });
  if (!core.writer.flush(std::chrono::seconds{5}))
    throw TransientError("the state could not be written yet: " + core.writer.trouble());
}

void Scheduler::retry(const std::string& id, const std::string& edited_input) {
  impl_->parking.retry(id, edited_input);
}
void Scheduler::cancel(const std::string& id) { impl_->parking.cancel(id); }
void Scheduler::discard(const std::string& id) { impl_->parking.discard(id); }
Scheduler::Replayed Scheduler::replay(std::int64_t trigger_id, const std::vector<EventPtr>& events) {
  return impl_->parking.replay(trigger_id, events);
}

std::vector<Execution> Scheduler::in_flight(std::size_t limit) const {
  std::vector<Execution> out;
  impl_->core.lanes.with([&](const Lanes& lanes) {
    lanes.each([&](const LiveExecution& job) {
      if (out.size() >= limit) return false;
      out.push_back(row_of(job, job.running ? ExecutionStatus::running : ExecutionStatus::pending));
      return true;
    });
  });
  return out;
}

std::uint64_t Scheduler::routed_seq() const { return impl_->core.routed; }

bool Scheduler::wait_idle(std::uint64_t seq, std::chrono::milliseconds time) const {
  SchedulerCore& core = impl_->core;
  const auto deadline = std::chrono::steady_clock::now() + time;
  const auto idle = [&](const Lanes& lanes) {
    bool busy =
        core.routed < seq || core.low_water.with([](const LowWater& low) { return low.mark(); }) <= seq;
    if (!busy)
      lanes.each([&](const LiveExecution& job) {
        busy = job.seq <= seq;
        return !busy;
      });
    return !busy;
  };
  for (;;) {
    auto lanes = core.lanes.lock();
    const bool done =
        lanes.wait_until(std::min(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds{10}),
                         [&] { return idle(*lanes); });
    if (done) break;
    if (std::chrono::steady_clock::now() >= deadline) return false;
  }
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return core.writer.flush(std::max(left, std::chrono::milliseconds{1}));
}

std::string Scheduler::trouble() const { return impl_->core.writer.trouble(); }

std::optional<Scheduler::Breaker> Scheduler::breaker(std::int64_t trigger_id) const {
  const SchedulerCore& core = impl_->core;
  const auto found = core.lanes.with([&](const Lanes& lanes) { return lanes.breaker(trigger_id); });
  if (!found) return {};
  const Micros wall = core.parts.clock->now() - core.steady();
  return Breaker{found->trigger_id, found->half_open, found->stops, wall + found->since,
                 wall + found->next_trial};
}

std::vector<std::int64_t> Scheduler::parked_triggers() const {
  return impl_->core.lanes.with([](const Lanes& lanes) { return lanes.spilling(); });
}

}  // namespace rowhook
