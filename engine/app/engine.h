#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/app/config.h"
#include "engine/execution/execution.h"

namespace rowhook {

class ApiClient;
class Journal;
class Scheduler;
class Store;
class Sources;

struct EngineOptions {
  Config config;
  std::string config_path;  // for SIGHUP and for other commands; "" = none
  std::string data_dir = "./rowhook-data";
  // Where log nodes write; empty: the engine's log.
  std::function<void(std::string_view level, std::string_view message, const std::string& execution_id)> node_log;
  std::function<void(const Execution&)> ended;  // called for every execution that ended; must not block
};

// Rowhook as a whole: constructs every room, starts and stops them in order.
// Thread safety: the accessors are safe to share; start(), reload() and stop() belong to one thread.
class Engine {
 public:
  // Takes the data directory's lock, opens store and journal, migrates; from then on client() works, and nothing is captured,
  // run or served before start(). Throws ConfigError, TransientError, PermanentError.
  explicit Engine(EngineOptions options);
  ~Engine();

  void start();
  // Drains: no new events are captured, what runs may finish within `grace`, everything is written.
  void stop(std::chrono::milliseconds grace);
  // Reads the configuration file again (SIGHUP): TLS certificate, log level, sources, definitions. Throws ConfigError and changes nothing when
  // it is not valid. The store, the journal, the listening address and the limits of scripts need a restart.
  void reload();

  std::string base_url() const;  // "http://127.0.0.1:8088"; "" when it does not serve
  // "BASE/#code=...": signs a browser in once, within 15 minutes. For printing, never for a log.
  std::string page_link();
  // The secret of the DATA_DIR/admin-token that this start wrote; for printing once, never for a log.
  const std::optional<std::string>& made_admin_token() const;

  // The API without a network, as the admin. For commands and for applying definitions.
  std::unique_ptr<ApiClient> client();
  Store& store();
  Journal& journal();
  Scheduler& scheduler();
  Sources& sources();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowhook
