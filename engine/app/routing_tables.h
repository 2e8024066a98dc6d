#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "engine/base/guarded.h"
#include "engine/journal/journal.h"
#include "engine/router/router.h"
#include "engine/store/store.h"
#include "workflows/run.h"
#include "workflows/services.h"

namespace rowhook {

// Keeps what the scheduler works with in line with the store: the routing table, the compiled workflows, the texts of scripts.
// Whoever changes the store (the API, psql), the scheduler has it within 100 ms.
// Thread safety: safe to share.
class RoutingTables {
 public:
  // `low_water`: the oldest event that may still be routed; `publish` gets each new routing table.
  RoutingTables(Store& store, Journal& journal, std::function<std::uint64_t()> low_water,
          std::function<void(RouterPtr)> publish);
  ~RoutingTables();

  // Compiles workflows with these from the first refresh() on. Set once, before refresh().
  void set_node_services(NodeServices* services) { services_ = services; }
  // Reads everything anew and publishes it. Called at start and right after a change made through the API.
  void refresh();
  // Watches the store for changes made by others, every 50 ms.
  void watch();
  void stop();

  WorkflowPtr workflow(const std::string& id) const;  // null: none, inactive, or it does not compile any more
  std::optional<std::string> script_text(const std::string& name) const;

 private:
  struct Tables {
    std::map<std::string, WorkflowPtr> workflows;
    std::map<std::string, std::string> scripts;
  };
  using TablesPtr = std::shared_ptr<const Tables>;
  void run();
  std::map<std::string, std::string> read_scripts();
  std::map<std::string, WorkflowPtr> compile_workflows();

  Store& store_;
  Journal& journal_;
  std::function<std::uint64_t()> low_water_;
  std::function<void(RouterPtr)> publish_;
  NodeServices* services_ = nullptr;
  Guarded<TablesPtr> tables_;
  Guarded<std::uint64_t> seen_marker_{0U};  // also serialises refreshes
  Guarded<bool> stopping_{false};
  std::thread watcher_;
};

}  // namespace rowhook
