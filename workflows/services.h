#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/backoff.h"
#include "engine/base/clock.h"
#include "engine/base/errors.h"
#include "engine/base/metrics.h"
#include "engine/db/connection.h"
#include "scripting/script_engine.h"

namespace rowhook {

class HttpClient;  // workflows/http_client.h
class SqlPools;    // workflows/sql_pools.h

// A server's or script's wish to be tried again no sooner than `after`.
class RetryAfter : public TransientError {
 public:
  RetryAfter(const std::string& message, std::chrono::milliseconds after)
      : TransientError(message), after_(after) {}
  std::chrono::milliseconds after() const { return after_; }

 private:
  std::chrono::milliseconds after_;
};

// A script ran over its time and was stopped or killed.
class ScriptStopped : public TransientError {
 public:
  using TransientError::TransientError;
};

// HTTP 410: the endpoint is gone for good; the trigger is to be switched off.
class EndpointGone : public PermanentError {
 public:
  using PermanentError::PermanentError;
};

// Whose kv state a script written into a node sees. No stored script can be named so.
std::string node_state_scope(const std::string& workflow_id, const std::string& node_id);

// Everything nodes may use. Made once by the engine; outlives every workflow. Thread safety: safe to share.
struct NodeServices {
  ScriptEngine* scripts = nullptr;
  HttpClient* http = nullptr;
  SqlPools* sql = nullptr;
  const Clock* clock = nullptr;
  Random random;
  Metrics* metrics = nullptr;
  // The text of a script of the store, nullopt if there is none.
  std::function<std::optional<std::string>(const std::string& name)> script_text;
  // Tables whose rows scripts will see, while a definition is checked; empty: not known.
  std::vector<ScriptTable> tables = {};
  // Where log nodes write: level, message, execution id. Default: the engine's log.
  std::function<void(std::string_view level, std::string_view message, const std::string& execution_id)> log;
};

}  // namespace rowhook
