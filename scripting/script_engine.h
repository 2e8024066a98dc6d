// Runs authors' Lua in script host processes (DESIGN.md section 5). The only door to scripts for the rest of
// the engine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/metrics.h"
#include "engine/event/document.h"
#include "engine/event/event.h"

namespace rowhook {

enum class ScriptKind : std::uint8_t { filter, transform };

struct ScriptError {
  enum class Type { syntax, runtime, time_limit, memory_limit, stack, killed, refused, result };
  Type type = Type::runtime;
  std::string message;  // "orders_filter:3: attempt to perform arithmetic on field 'total' (a nil value)"
  std::string script;
  int line = 0;  // 1-based; 0 if unknown
};
std::string_view to_string(ScriptError::Type type);  // "syntax", "runtime", "time_limit", ...

struct ScriptLogLine {
  std::string level, message;
};

struct ScriptResult {
  std::optional<ScriptError> error;
  bool pass = false;   // filter: its verdict. transform: false means nil was returned (drop the event)
  std::string result;  // transform: the returned table as exact JSON text; filter: "true" or "false"
  std::vector<ScriptLogLine> logs;
  std::chrono::nanoseconds time{0};
  std::uint64_t memory_bytes = 0;
};

// A script that may be run. Immutable; two with equal kind, name and text are interchangeable.
struct Script {
  ScriptKind kind;
  std::string name;  // appears in error messages, e.g. "orders_filter" or "trigger 12 filter"
  std::string text;
  std::uint64_t id;                  // content hash of the three
  std::vector<std::string> modules;  // names in require("name") of the text, in order
};
using ScriptPtr = std::shared_ptr<const Script>;
ScriptPtr make_script(ScriptKind kind, std::string name, std::string text);

struct ScriptCall {
  ScriptPtr script;
  EventPtr event;  // never null
  ItemPtr item;    // node scripts see it as `item`; null in triggers
};

struct ScriptLimits {
  std::chrono::milliseconds time_limit{1000};
  std::uint64_t memory_limit = 32u << 20;
  std::uint64_t output_limit = 1u << 20;
  unsigned hosts = 1;  // processes that serve calls side by side
};

// Thread safety: safe to share. Calls wait in a bounded queue; a full queue makes run() block and start()
// wait.
class ScriptEngine {
 public:
  // Starts the hosts: the same executable re-executed with run_script_host_if_asked() as its first statement
  // in main(). `library` finds the text of a `require`d script of the store, nullopt if there is none.
  using Library = std::function<std::optional<std::string>(const std::string& name)>;
  ScriptEngine(ScriptLimits limits, Metrics& metrics, Library library = {});
  ~ScriptEngine();

  // Compiles without running. nullopt: fine.
  std::optional<ScriptError> check(const Script& script);
  // One result per call, in order. Blocks. A call that kills its host fails alone; the rest runs in a fresh
  // host.
  std::vector<ScriptResult> run(std::span<const ScriptCall> calls);
  // Queues one call; `done` runs on a thread of the engine and must not block. Calls that wait together share
  // a batch.
  void start(ScriptCall call, std::function<void(ScriptResult)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// First statement of every main() that constructs a ScriptEngine: when this process was started as a script
// host, serves it and never returns; otherwise does nothing.
void run_script_host_if_asked(int argc, char** argv);

}  // namespace rowhook
