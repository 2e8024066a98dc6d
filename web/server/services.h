// What the API is an interface to. The application constructs everything and passes it in.
#pragma once

#include <functional>
#include <string>

#include "engine/base/backoff.h"
#include "engine/base/clock.h"
#include "engine/base/metrics.h"

namespace rowhook {

class Store;
class Journal;
class Scheduler;
class ScriptEngine;
class SourcesView;
class LiveExecutions;
struct NodeServices;

// All pointers are set, except `sources` (null: no source is configured) and `executions` (null: nobody can
// subscribe to executions), and outlive the server.
// Thread safety: none; copied once at construction. What it points to is safe to share.
struct ApiServices {
  Store* store = nullptr;
  Journal* journal = nullptr;
  Scheduler* scheduler = nullptr;
  ScriptEngine* scripts = nullptr;
  NodeServices* nodes = nullptr;  // for validating and running workflows
  SourcesView* sources = nullptr;
  LiveExecutions* executions = nullptr;  // told of every row of an execution that is written
  Metrics* metrics = nullptr;
  const Clock* clock = nullptr;
  Random random;  // for tokens and ids; cryptographically strong
  // Called right after a change of triggers, workflows or scripts was committed, on a worker thread and
  // before the client gets its answer; may block (rebuilding the router). May be empty.
  std::function<void()> changed;
  // Called by ApiServer::stop() when its grace is over: makes calls that a handler waits in (a workflow run
  // by hand) return. May be empty; then stop() waits for them.
  std::function<void()> interrupt;
  std::string version;  // of the program, in GET /health
};

}  // namespace rowhook
