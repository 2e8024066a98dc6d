#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/spec.h"
#include "engine/capture/source.h"
#include "engine/execution/scheduler.h"
#include "engine/journal/journal.h"
#include "scripting/script_engine.h"

namespace rowhook {

// The configuration file's declaration: what validates it, documents it (docs/configuration.md) and prints its JSON Schema.
const Spec& config_spec();
// JSON Schema, draft 2020-12, with $schema and $id: `rowhook config schema`.
nlohmann::json config_schema();

// A configuration as the engine uses it, defaults filled in. Thread safety: immutable after load.
struct Config {
  struct Server {
    std::string listen = "127.0.0.1:8088";
    std::string tls_certificate, tls_key;  // PEM files; "" = no TLS
    std::vector<std::string> allowed_hosts;
  };
  struct Egress {
    std::vector<std::string> allow, deny;  // networks in CIDR notation
  };
  std::vector<SourceSettings> sources;  // one per connection with watched tables; the tables are in it
  std::vector<SourceSettings> connections;  // every connection, for SQL nodes and sync
  std::string store;                    // "sqlite" or a postgresql:// URL
  Retention retention;
  Server server;
  ScriptLimits scripting;
  std::string scripts_directory, workflows_directory;  // "" = none
  Egress egress;
  RetryPolicy retry;
  log::Level log_level = log::Level::info;
  bool log_queries = false, log_data_changes = false;
  std::size_t pool_size = 10;
};

// Where ${NAME} is looked up: nullopt when the variable is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// Replaces ${NAME}, ${NAME:-default} and ${NAME:?message} inside every string of `document`, after parsing; `$${` stands for
// a literal `${`. A variable that is not set is a Problem.
nlohmann::json substitute_environment(const nlohmann::json& document, const Environment& environment,
                                      std::vector<Problem>& problems);

// Parses and validates text (`//` comments allowed). Relative file names are relative to `base_directory`.
// `environment` empty: ${...} is left as it is (config check --no-environment).
// Throws ConfigError with every Problem found. Needs no database.
Config parse_config(std::string_view text, const std::string& base_directory, const Environment& environment);
// Reads the file; ConfigError names it.
Config load_config(const std::string& path, const Environment& environment = process_environment());

}  // namespace rowhook
