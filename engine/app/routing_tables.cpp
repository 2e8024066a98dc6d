#include "engine/app/routing_tables.h"

#include "engine/base/log.h"

namespace rowhook {
namespace {

constexpr std::chrono::milliseconds watch_interval{50};
constexpr std::size_t page = 1000;

}  // namespace

RoutingTables::RoutingTables(Store& store, Journal& journal, std::function<std::uint64_t()> low_water,
                 std::function<void(RouterPtr)> publish)
    : store_(store), journal_(journal), low_water_(std::move(low_water)), publish_(std::move(publish)),
      tables_(std::make_shared<const Tables>()) {}

RoutingTables::~RoutingTables() { stop(); }

void RoutingTables::refresh() {
  auto seen = seen_marker_.lock();
  // Read before the contents: a change in between is seen again, never missed.
  const std::uint64_t marker = store_.change_marker();
  store_.adopt_foreign_changes(journal_.last_seq());
  Tables fresh;
  fresh.scripts = read_scripts();
  tables_.with([&](TablesPtr& tables) { tables = std::make_shared<const Tables>(Tables{tables->workflows, fresh.scripts}); });
  fresh.workflows = compile_workflows();
  auto router = std::make_shared<const Router>(store_.trigger_revisions(low_water_()),
                                               [this](const std::string& name) { return script_text(name); });
  tables_.with([&](TablesPtr& tables) { tables = std::make_shared<const Tables>(std::move(fresh)); });
  publish_(std::move(router));
  *seen = marker;
}

std::map<std::string, std::string> RoutingTables::read_scripts() {
  std::map<std::string, std::string> scripts;
  for (std::size_t skip = 0;; skip += page) {
    const auto stored = store_.scripts({.skip = skip, .limit = page, .after = {}});
    for (const auto& script : stored) scripts[script.name] = script.text;
    if (stored.size() < page) return scripts;
  }
}

std::map<std::string, WorkflowPtr> RoutingTables::compile_workflows() {
  std::map<std::string, WorkflowPtr> workflows;
  for (std::size_t skip = 0;; skip += page) {
    const auto stored = store_.workflows({.skip = skip, .limit = page, .after = {}});
    for (const auto& definition : stored) {
      if (!definition.is_active) continue;
      try {
        workflows[definition.id] = compile_workflow(definition, *services_);
      } catch (const InvalidInput& error) {
        log::error("a stored workflow cannot run", {{"workflow", definition.id}, {"reason", error.what()}});
      }
    }
    if (stored.size() < page) return workflows;
  }
}

void RoutingTables::watch() {
  watcher_ = std::thread([this] { run(); });
}

void RoutingTables::run() {
  bool failing = false;
  const auto asked_to_stop = [this] {
    auto stopping = stopping_.lock();
    return stopping.wait_for(watch_interval, [&] { return *stopping; });
  };
  while (!asked_to_stop()) {
    try {
      const std::uint64_t marker = store_.change_marker();
      if (seen_marker_.with([&](std::uint64_t seen) { return seen != marker; })) refresh();
      failing = false;
    } catch (const Error& error) {
      if (!failing) log::warning("the store cannot be watched for changes", {{"reason", error.what()}});
      failing = true;
    }
  }
}

void RoutingTables::stop() {
  stopping_.with([](bool& stopping) { stopping = true; });
  stopping_.notify();
  if (watcher_.joinable()) watcher_.join();
}

WorkflowPtr RoutingTables::workflow(const std::string& id) const {
  return tables_.with([&](const TablesPtr& tables) {
    const auto found = tables->workflows.find(id);
    return found == tables->workflows.end() ? WorkflowPtr{} : found->second;
  });
}

std::optional<std::string> RoutingTables::script_text(const std::string& name) const {
  return tables_.with([&](const TablesPtr& tables) -> std::optional<std::string> {
    const auto found = tables->scripts.find(name);
    if (found == tables->scripts.end()) return std::nullopt;
    return found->second;
  });
}

}  // namespace rowhook
