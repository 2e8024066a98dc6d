#include "workflows/run.h"

#include <nlohmann/json.hpp>

#include "workflows/compiled.h"
#include "workflows/services.h"

namespace rowhook {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t max_steps = 10'000;

std::string duration_text(std::chrono::milliseconds time) {
  const auto count = time.count();
  if (count % 60'000 == 0 && count > 0) return std::to_string(count / 60'000) + "m";
  if (count % 1000 == 0) return std::to_string(count / 1000) + "s";
  return std::to_string(count) + "ms";
}

// An item on its way into a node.
struct Arrival {
  std::uint32_t place = 0;
  ItemPtr item;
  int from_step = -1;
  int from_output = 0;
};

// Depth first: the order in which arrivals are visited follows from the outputs alone, so an earlier
// attempt's steps are walked again without running them. Thread safety: confined to the run.
class Walk {
 public:
  Walk(const Workflow& workflow, RunState& state, std::uint32_t start, ItemPtr item)
      : workflow_(workflow), state_(state), arrivals_of_(workflow.places.size()) {
    if (!state_.steps.empty() && state_.steps.back().status == StepStatus::failed) state_.steps.pop_back();
    ahead_.push_back({start, std::move(item), -1, 0});
  }

  // The next arrival whose node has to run; false: nothing is left.
  bool next(Arrival& arrival) {
    while (!ahead_.empty()) {
      arrival = std::move(ahead_.back());
      ahead_.pop_back();
      ++arrivals_of_[arrival.place];
      if (visited_ < state_.steps.size() && !is_same(state_.steps[visited_], arrival))
        state_.steps.resize(visited_);
      if (visited_ == state_.steps.size()) return true;
      state_.steps[visited_].input = arrival.item;
      follow();
    }
    return false;
  }

  // How many items came to the arrival's node before it.
  std::size_t item_index(const Arrival& arrival) const { return arrivals_of_[arrival.place] - 1; }

  // Takes the step of the arrival that next() gave.
  void add(Step step) {
    state_.steps.push_back(std::move(step));
    follow();
  }

 private:
  bool is_same(const Step& step, const Arrival& arrival) const {
    return step.from_step == arrival.from_step && step.from_output == arrival.from_output &&
           step.node_id == workflow_.places[arrival.place].definition->node_id;
  }

  // Puts what the outputs of step number visited_ feed in front of everything else.
  void follow() {
    const Step& step = state_.steps[visited_];
    const auto& place = workflow_.places[workflow_.place_of.find(step.node_id)->second];
    for (std::size_t i = step.outputs.size(); i-- > 0;) {
      const auto* targets = place.targets(step.outputs[i].port);
      if (!targets) continue;
      for (auto target = targets->rbegin(); target != targets->rend(); ++target)
        ahead_.push_back({*target, step.outputs[i].item, static_cast<int>(visited_), static_cast<int>(i)});
    }
    ++visited_;
  }

  const Workflow& workflow_;
  RunState& state_;
  std::vector<Arrival> ahead_;  // the next one last
  std::vector<std::size_t> arrivals_of_;
  std::size_t visited_ = 0;
};

struct Failure {
  RunOutcome::Kind kind = RunOutcome::Kind::retry;
  std::string message;
  std::optional<std::chrono::milliseconds> retry_after;
  bool disable_trigger = false;
  bool script_stopped = false;
};

// Names the caught error for the scheduler's reaction. To be called inside a catch block.
Failure failure_of_current_exception() {
  const auto with_hint = [](const Error& error) {
    return error.hint().empty() ? std::string(error.what())
                                : std::string(error.what()) + " (" + error.hint() + ")";
  };
  try {
    throw;
  } catch (const ScriptStopped& error) {
    return {RunOutcome::Kind::retry, with_hint(error), {}, false, true};
  } catch (const RetryAfter& error) {
    return {RunOutcome::Kind::retry, with_hint(error), error.after(), false, false};
  } catch (const EndpointGone& error) {
    return {RunOutcome::Kind::failed, with_hint(error), {}, true, false};
  } catch (const PermanentError& error) {
    return {RunOutcome::Kind::failed, with_hint(error), {}, false, false};
  } catch (const Error& error) {
    return {RunOutcome::Kind::retry, with_hint(error), {}, false, false};
  } catch (const std::exception& error) {
    return {RunOutcome::Kind::retry, std::string("unexpected: ") + error.what(), {}, false, false};
  }
}

// The time one attempt has.
struct TimeLimit {
  steady_clock::time_point begin, deadline;
  bool passed(steady_clock::time_point now) const {
    return deadline != steady_clock::time_point{} && now >= deadline;
  }
  std::string text() const {
    return duration_text(std::chrono::round<std::chrono::milliseconds>(deadline - begin));
  }
};

TimeLimit limit_of(const Workflow& workflow, const RunContext& context) {
  const auto now = workflow.clock->steady();
  return {now, workflow.timeout ? now + *workflow.timeout : context.deadline};
}

// Completes the step of an arrival from what running its node gave.
void finish(Step& step, const std::optional<Failure>& failure, RunContext& context,
            steady_clock::duration time) {
  step.execution_time_ms = std::chrono::duration<double, std::milli>(time).count();
  step.notes = std::move(context.notes);
  step.changes = std::move(context.changes);
  context.changes.clear();
  if (failure) {
    step.changes.clear();
    step.status = StepStatus::failed;
    step.error_message = failure->message;
    step.outputs.clear();
  } else if (step.outputs.empty()) {
    step.status = StepStatus::filtered;
  }
}

Step step_for(const Arrival& arrival, const NodeDefinition& node) {
  Step step;
  step.node_id = node.node_id;
  step.node_type = node.node_type;
  step.from_step = arrival.from_step;
  step.from_output = arrival.from_output;
  step.input = arrival.item;
  return step;
}

RunOutcome no_such_node(const Workflow& workflow, const std::string& node_id) {
  RunOutcome outcome;
  outcome.kind = RunOutcome::Kind::failed;
  outcome.error_message = "there is no node '" + node_id + "' in workflow '" + workflow.definition.id + "'";
  return outcome;
}

}  // namespace

StateChanges changes_of(const RunState& state) {
  StateChanges all;
  for (const auto& step : state.steps) all.insert(all.end(), step.changes.begin(), step.changes.end());
  return all;
}

boost::asio::awaitable<RunOutcome> run_workflow(const Workflow& workflow, const std::string& target_node_id,
                                                ItemPtr item, RunContext context, RunState& state) {
  std::uint32_t start = workflow.first_input;
  if (!target_node_id.empty()) {
    const auto found = workflow.place_of.find(target_node_id);
    if (found == workflow.place_of.end()) co_return no_such_node(workflow, target_node_id);
    start = found->second;
  }
  const TimeLimit limit = limit_of(workflow, context);
  context.deadline = limit.deadline;
  context.workflow_id = workflow.definition.id;
  Walk walk(workflow, state, start, std::move(item));
  const StateChanges kept = changes_of(state);
  context.earlier_changes.insert(context.earlier_changes.end(), kept.begin(), kept.end());
  auto now = limit.begin;
  for (Arrival arrival; walk.next(arrival);) {
    const auto& place = workflow.places[arrival.place];
    Step step = step_for(arrival, *place.definition);
    context.node_id = step.node_id;
    context.item_index = walk.item_index(arrival);
    std::optional<Failure> failure;
    const auto began = now;
    try {
      if (limit.passed(began)) throw TransientError("no time was left to begin");
      if (state.steps.size() >= max_steps)
        throw PermanentError("the execution made more than " + std::to_string(max_steps) + " steps");
      step.outputs = co_await place.node->run(std::move(arrival.item), context);
    } catch (...) {
      failure = failure_of_current_exception();
    }
    now = workflow.clock->steady();
    context.earlier_changes.insert(context.earlier_changes.end(), context.changes.begin(),
                                   context.changes.end());
    // What a node finished late is kept: its effects are not to be repeated.
    if (failure && failure->kind == RunOutcome::Kind::retry && limit.passed(now))
      failure->message =
          "timed out after " + limit.text() + " at node " + step.node_id + ": " + failure->message;
    finish(step, failure, context, now - began);
    context.notes.clear();
    if (failure) {
      state.steps.push_back(std::move(step));
      co_return RunOutcome{failure->kind, failure->message, failure->retry_after, failure->disable_trigger,
                           failure->script_stopped};
    }
    walk.add(std::move(step));
  }
  co_return RunOutcome{};
}

}  // namespace rowhook
