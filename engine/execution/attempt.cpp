#include "engine/execution/attempt.h"

#include <nlohmann/json.hpp>

#include "engine/base/log.h"
#include "engine/execution/retry.h"
#include "workflows/await.h"

namespace rowhook {

namespace asio = boost::asio;

namespace {

bool is_limit(const ScriptError& error) {
  return error.type == ScriptError::Type::time_limit || error.type == ScriptError::Type::killed ||
         error.type == ScriptError::Type::memory_limit;
}

void note_error(Attempt& attempt, const ScriptError& error, const LiveExecution& job) {
  const bool rejected = error.type == ScriptError::Type::rejected;
  attempt.kind = rejected ? Attempt::Kind::failed : Attempt::Kind::retry;
  attempt.error_message = full_text(error, job.event->id);
  attempt.hit_a_limit = is_limit(error);
  attempt.script_stopped =
      error.type == ScriptError::Type::killed || error.type == ScriptError::Type::time_limit;
  if (error.type == ScriptError::Type::retry) attempt.wish = error.retry_after;
}

// Filter and transform of the trigger, each on its own; calls of many executions share a batch inside the
// engine.
asio::awaitable<void> ask_scripts(LiveExecution& job, ScriptEngine& engine, Attempt& attempt) {
  job.item = nullptr;
  job.changes.clear();
  if (job.trigger->broken) {
    note_error(attempt, *job.trigger->broken, job);
    co_return;
  }
  ItemPtr item = std::make_shared<const Item>(job.event);
  const std::array<ScriptPtr, 2> scripts{job.trigger->filter, job.trigger->transform};
  for (const auto& script : scripts) {
    if (!script) continue;
    attempt.asked_scripts = true;
    ScriptResult result = co_await awaited<ScriptResult>([&](std::function<void(ScriptResult)> done) {
      ScriptCall call{.script = script, .event = job.event};
      if (!job.changes.empty()) call.pending = std::make_shared<const StateChanges>(job.changes);
      engine.start(std::move(call), std::move(done));
    });
    attempt.script_time += result.time;
    for (const auto& line : result.logs)
      log::info(line.message, {{"script", script->name}, {"event", job.event->id}});
    if (result.error) {
      note_error(attempt, *result.error, job);
      co_return;
    }
    job.changes.insert(job.changes.end(), result.changes.begin(), result.changes.end());
    if (!result.pass) {
      attempt.kind = Attempt::Kind::filtered;
      co_return;
    }
    if (script->kind == ScriptKind::transform) item = std::make_shared<const Item>(std::move(result.result));
  }
  job.item = std::move(item);
}

RunContext context_of(const LiveExecution& job, const Scheduler::Parts& parts,
                      const SchedulerSettings& settings) {
  RunContext context;
  context.event = job.event;
  context.execution_id = execution_id(job.seq, job.trigger->trigger.id);
  context.trigger_id = job.trigger->trigger.id;
  context.workflow_id = job.trigger->trigger.workflow_id;
  context.attempt = job.attempt + 1;
  context.earlier_changes = job.changes;
  context.deadline = parts.clock->steady() + settings.default_timeout;
  return context;
}

asio::awaitable<void> run_its_workflow(LiveExecution& job, const Scheduler::Parts& parts,
                                       const SchedulerSettings& settings, Attempt& attempt) {
  const Trigger& trigger = job.trigger->trigger;
  const WorkflowPtr workflow = parts.workflow(trigger.workflow_id);
  if (!workflow) {
    attempt.kind = Attempt::Kind::failed;
    attempt.error_message = "workflow '" + trigger.workflow_id + "' does not exist or is not active";
    co_return;
  }
  const auto& retry = definition_of(*workflow).settings;
  if (retry.is_object() && retry.contains("retry")) attempt.workflow_retry = retry_overrides(retry["retry"]);
  if (job.workflow != workflow) job.progress = {};
  job.workflow = workflow;
  const RunOutcome outcome = co_await run_workflow(*workflow, trigger.target_node_id.value_or(std::string()),
                                                   job.item, context_of(job, parts, settings), job.progress);
  attempt.kind = outcome.kind == RunOutcome::Kind::completed ? Attempt::Kind::completed
                 : outcome.kind == RunOutcome::Kind::retry   ? Attempt::Kind::retry
                                                             : Attempt::Kind::failed;
  attempt.error_message = outcome.error_message;
  attempt.wish = outcome.retry_after;
  attempt.disable_trigger = outcome.disable_trigger;
  attempt.script_stopped = outcome.script_stopped;
}

}  // namespace

asio::awaitable<Attempt> run_attempt(LiveExecution& job, const Scheduler::Parts& parts,
                                     const SchedulerSettings& settings) {
  Attempt attempt;
  const auto begin = parts.clock->steady();
  attempt.started_at = parts.clock->now();
  if (job.started_at == 0) job.started_at = attempt.started_at;
  try {
    if (job.error) {  // asked in the router's batch
      note_error(attempt, *job.error, job);
      job.error.reset();
    } else if (!job.item) {
      co_await ask_scripts(job, *parts.scripts, attempt);
    }
    if (job.item && job.cancelled)
      attempt.kind = Attempt::Kind::cancelled;
    else if (job.item)
      co_await run_its_workflow(job, parts, settings, attempt);
  } catch (const std::exception& error) {
    attempt.kind = Attempt::Kind::retry;
    attempt.error_message = std::string("unexpected: ") + error.what();
  }
  if (job.cancelled && attempt.kind != Attempt::Kind::completed) attempt.kind = Attempt::Kind::cancelled;
  attempt.execution_time_ms =
      std::chrono::duration<double, std::milli>(parts.clock->steady() - begin).count();
  co_return attempt;
}

Conclusion conclude(LiveExecution& job, const Attempt& attempt, const Scheduler::Parts& parts,
                    const RetryPolicy& configured) {
  Conclusion conclusion;
  conclusion.ending.script_stopped = attempt.script_stopped;
  ++job.attempt;
  const auto row = [&](ExecutionStatus status) -> Execution& {
    Execution made = row_of(job, status);
    made.error_message = attempt.error_message;
    made.finished_at = parts.clock->now();
    made.execution_time_ms = attempt.execution_time_ms;
    if (!job.progress.steps.empty()) made.steps = pack_steps(job.progress.steps);
    return conclusion.row.emplace(std::move(made));
  };
  switch (attempt.kind) {
    case Attempt::Kind::filtered:
      if (job.changes.empty()) break;
      row(ExecutionStatus::completed).without_row = !job.has_row;
      conclusion.row->state_changes = std::move(job.changes);
      break;
    case Attempt::Kind::completed: {
      const StateChanges of_nodes = changes_of(job.progress);
      auto& completed = row(ExecutionStatus::completed);
      completed.state_changes = std::move(job.changes);
      completed.state_changes.insert(completed.state_changes.end(), of_nodes.begin(), of_nodes.end());
      break;
    }
    case Attempt::Kind::cancelled:
      row(ExecutionStatus::cancelled);
      break;
    case Attempt::Kind::failed:
      row(ExecutionStatus::dead_letter);
      break;
    case Attempt::Kind::retry: {
      conclusion.ending.transient = true;
      const auto policy = retry_policy(configured, attempt.workflow_retry, job.trigger->retry);
      if (const auto delay = next_delay(policy, job.attempt, attempt.wish, parts.random)) {
        const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(*delay).count();
        auto& retrying = row(ExecutionStatus::retrying);
        retrying.next_attempt_at = retrying.finished_at + wait;
        retrying.finished_at = 0;
        conclusion.ending.parked = true;
        conclusion.ending.due =
            std::chrono::duration_cast<std::chrono::microseconds>(parts.clock->steady().time_since_epoch())
                .count() +
            wait;
      } else {
        row(ExecutionStatus::dead_letter);
      }
      break;
    }
  }
  return conclusion;
}

}  // namespace rowhook
