#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/errors.h"
#include "engine/base/json.h"
#include "engine/execution/scheduler.h"
#include "tests/support/memory_execution_log.h"
#include "tests/support/sample_events.h"
#include "tests/support/temp_dir.h"
#include "workflows/services.h"

namespace rowhook::testing {

// A scheduler with everything around it: a journal on disk, a log in memory, script hosts, and workflows
// whose log nodes write into `sink`. Restartable: journal and log stay. main() has to begin with
// run_script_host_if_asked(). Thread safety: confined to the test but for what `behave` is called with.
class SchedulerRoom {
 public:
  struct Line {
    std::string execution_id, message;
  };
  // Called for each line of a log node, before it is kept; may throw to make the node fail, and may wait.
  std::function<void(const std::string& execution_id, const std::string& message)> behave;

  explicit SchedulerRoom(SchedulerSettings its_settings = {}, const ScriptLimits& script_limits = {})
      : settings(std::move(its_settings)), scripts(script_limits, metrics, {}, &*states) {
    // The sample events are of a fixed day long ago.
    journal = open_sqlite_journal(directory / "journal", {std::chrono::hours{24 * 36500}, 10ULL << 30},
                                  system_clock());
    settings.retry.retry_delay = std::chrono::milliseconds{10};
    services.scripts = &scripts;
    services.clock = &system_clock();
    services.random = system_random();
    services.metrics = &metrics;
    services.log = [this](std::string_view, std::string_view message, const std::string& execution_id) {
      if (behave) behave(execution_id, std::string(message));
      lines.with([&](std::vector<Line>& all) { all.push_back({execution_id, std::string(message)}); });
    };
    add_workflow("w", {"{{ new.id }}"});
  }
  ~SchedulerRoom() { scheduler.reset(); }

  // A workflow of an input node and log nodes `n1`, `n2`, ... one behind the other, with these messages.
  void add_workflow(const std::string& id, const std::vector<std::string>& messages) {
    auto json = parse_json(R"({"name":"w","nodes":[{"node_id":"in","node_type":"input"}],"connections":[]})");
    json["id"] = id;
    std::string before = "in";
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const std::string node = "n" + std::to_string(i + 1);
      json["nodes"].push_back(
          {{"node_id", node}, {"node_type", "log"}, {"config", {{"message", messages[i]}}}});
      json["connections"].push_back({{"from_node_id", before}, {"to_node_id", node}});
      before = node;
    }
    std::vector<Problem> problems;
    const Definition definition = definition_from_json(json, problems);
    if (!problems.empty()) throw std::logic_error(problems.front().pointer + problems.front().detail);
    auto compiled = compile_workflow(definition, services);
    workflows.with([&](auto& all) { all[id] = std::move(compiled); });
  }

  static Trigger trigger(std::int64_t id, const std::string& config = "{}",
                         const std::string& workflow = "w") {
    Trigger made;
    made.id = id;
    made.name = "trigger " + std::to_string(id);
    made.workflow_id = workflow;
    made.source = "shop";
    made.event_type = "record_inserted";
    made.config = parse_json(config);
    return made;
  }
  static RouterPtr router(std::vector<Trigger> triggers) {
    return std::make_shared<const Router>(std::move(triggers), Router::ScriptText{});
  }

  void start(std::vector<Trigger> triggers) {
    states.emplace(load_state());  // as after a start: what is not in the log is forgotten
    Scheduler::Parts parts{};
    parts.states = &*states;
    parts.journal = journal.get();
    parts.log = &log;
    parts.scripts = &scripts;
    parts.clock = &system_clock();
    parts.random = system_random();
    parts.metrics = &metrics;
    parts.workflow = [this](const std::string& id) {
      return workflows.with([&](const auto& all) {
        const auto found = all.find(id);
        return found == all.end() ? WorkflowPtr() : found->second;
      });
    };
    parts.disable_trigger = [this](std::int64_t id, const std::string& reason) {
      disabled.with([&](auto& all) { all.emplace_back(id, reason); });
    };
    scheduler = std::make_unique<Scheduler>(std::move(parts), settings);
    scheduler->set_router(router(std::move(triggers)));
    scheduler->start();
  }
  ScriptStates::Load load_state() {
    return [this](const std::string& scope) { return log.script_state(scope); };
  }
  // As a crash that the log and the journal survive: nothing is waited for.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds{0}) {
    scheduler->stop(grace);
    scheduler.reset();
  }

  // Inserts of rows with these ids, one transaction each. Returns the last seq.
  std::uint64_t insert(const std::vector<std::int64_t>& ids) {
    static const ShapePtr shape = orders_shape();
    Batch batch;
    for (const auto id : ids) batch.events.push_back(order_inserted(shape, ++commits, 0, id));
    batch.position = order_of(commits);
    return journal->append("shop", batch).last_seq;
  }
  bool idle() { return scheduler->wait_idle(journal->last_seq(), std::chrono::seconds{30}); }
  std::vector<Line> written() {
    return lines.with([](const std::vector<Line>& all) { return all; });
  }
  // For messages of failed tests.
  std::string first_error() {
    for (const auto& row : log.list({}))
      if (!row.error_message.empty()) return row.id + ": " + row.error_message;
    return "no errors";
  }
  std::size_t count(const std::string& status, std::optional<std::int64_t> trigger_id = {}) {
    ExecutionFilter filter;
    filter.status = status;
    filter.trigger_id = trigger_id;
    return log.count(filter);
  }

  SchedulerSettings settings;
  TempDir directory;
  Metrics metrics;
  std::unique_ptr<Journal> journal;
  MemoryExecutionLog log;
  std::optional<ScriptStates> states{std::in_place, load_state()};
  ScriptEngine scripts;
  NodeServices services;
  Guarded<std::map<std::string, WorkflowPtr>> workflows;
  Guarded<std::vector<Line>> lines;
  Guarded<std::vector<std::pair<std::int64_t, std::string>>> disabled;
  std::uint64_t commits = 0;
  std::unique_ptr<Scheduler> scheduler;
};

}  // namespace rowhook::testing
