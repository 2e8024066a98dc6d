// What the API is an interface to. The application constructs everything and passes it in.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/backoff.h"
#include "engine/base/clock.h"
#include "engine/base/metrics.h"
#include "scripting/lua_check.h"

namespace rowhook {

class Store;
class Journal;
class Scheduler;
class ScriptEngine;
class SourcesView;
class LiveExecutions;
class TriggerSeries;
struct NodeServices;

// All pointers are set, except `sources` (null: no source is configured), `executions` (null: nobody can
// subscribe to executions) and `series`, and outlive the server.
// Thread safety: none; copied once at construction. What it points to is safe to share.
struct ApiServices {
  Store* store = nullptr;
  Journal* journal = nullptr;
  Scheduler* scheduler = nullptr;
  ScriptEngine* scripts = nullptr;
  NodeServices* nodes = nullptr;  // for validating and running workflows
  SourcesView* sources = nullptr;
  LiveExecutions* executions = nullptr;  // told of every row of an execution that is written
  TriggerSeries* series = nullptr;       // told of them, too; null: nobody can ask how triggers did lately
  Metrics* metrics = nullptr;
  const Clock* clock = nullptr;
  Random random;  // for tokens and ids; cryptographically strong
  // What is known of the columns of the tables that a trigger with this source and these globs (none: all)
  // may see; empty when it is not known of each. May block for seconds. May be empty.
  std::function<std::vector<ScriptTable>(const std::string& source, const std::vector<std::string>& tables)>
      script_tables;
  // Called right after a change of triggers, workflows or scripts was committed, on a worker thread and
  // before the client gets its answer; may block (rebuilding the router). May be empty.
  std::function<void()> changed;
  // Called by ApiServer::stop() when its grace is over: makes calls that a handler waits in (a workflow run
  // by hand) return. May be empty; then stop() waits for them.
  std::function<void()> interrupt;
  std::string version;                         // of the program, in GET /health
  std::chrono::milliseconds event_max_age{0};  // journal.retention.max_age, in GET /health
};

}  // namespace rowhook
