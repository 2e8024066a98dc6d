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
#include <utility>
#include <vector>

#include "engine/base/metrics.h"
#include "engine/event/document.h"
#include "engine/event/event.h"
#include "scripting/lua_check.h"
#include "scripting/script_costs.h"
#include "scripting/script_modules.h"
#include "scripting/script_state.h"

namespace rowhook {

enum class ScriptKind : std::uint8_t { filter, transform };

// What a script had read of the rows: "new.total", its value as JSON.
using ScriptFields = std::vector<std::pair<std::string, std::string>>;

struct ScriptError {
  // retry and rejected are no mistakes: event.retry_after() and event.reject() ended the script.
  enum class Type {
    syntax,
    runtime,
    time_limit,
    memory_limit,
    stack,
    killed,
    refused,
    result,
    retry,
    rejected
  };
  static constexpr std::size_t types = 10;
  Type type = Type::runtime;
  std::string message;  // "orders_filter:3: attempt to perform arithmetic on field 'total' (a nil value)"
  std::string script;
  int line = 0;                // 1-based; 0 if unknown
  int column = 0;              // 1-based, in bytes; 0 if unknown. Known for mistakes found without running
  std::string traceback = {};  // "orders_filter:3: in function 'total'", innermost call first, one per line
  ScriptFields fields = {};    // what it had read by then
  std::chrono::milliseconds retry_after{0};  // of type retry
};
std::string_view to_string(ScriptError::Type type);  // "syntax", "runtime", "time_limit", ...
// "line 3, column 5: message", or the message alone where the place is not known: for who saves a script.
std::string with_place(const ScriptError& error);
// Message, event, fields and traceback, each on lines of its own: what an execution keeps of the error.
std::string full_text(const ScriptError& error, const std::string& event_id);

struct ScriptLogLine {
  std::string level, message;
};

// Which lines of a script ran in one call. Lines ascend.
struct ScriptCoverage {
  std::string script;
  std::vector<int> lines;  // that hold code
  std::vector<int> ran;    // of these
};

struct ScriptResult {
  std::optional<ScriptError> error;
  bool pass = false;   // filter: its verdict. transform: false means nil was returned (drop the event)
  std::string result;  // transform: the returned table as exact JSON text; filter: "true" or "false"
  std::vector<ScriptLogLine> logs;
  StateChanges changes;  // what it did to its kv state; to be applied when its execution has completed
  std::chrono::nanoseconds time{0};
  std::uint64_t memory_bytes = 0;
  std::vector<ScriptCoverage> coverage;  // the script and its modules; only with ScriptLimits::coverage
  ScriptFields fields;                   // where it did not fail; only with ScriptCall::tell_fields
};

// A script that may be run. Immutable; two with the same id are interchangeable.
struct Script {
  ScriptKind kind;
  std::string name;  // appears in error messages, e.g. "orders_filter" or "trigger 12 filter"
  std::string text;
  std::uint64_t id;                                       // content hash of the three, and of what is pinned
  std::vector<std::string> modules;                       // names in require("name") of the text, in order
  bool uses_state = false;                                // the text, or a pinned module, names `kv`
  std::shared_ptr<const ScriptModules> pinned = nullptr;  // what it requires; null: what the engine's library
                                                          // has when it runs
};
using ScriptPtr = std::shared_ptr<const Script>;
ScriptPtr make_script(ScriptKind kind, std::string name, std::string text);
// The same with what it requires as `library` has it now, whatever the engine's library has when it runs. A
// null library pins nothing.
ScriptPtr with_pinned_modules(const ScriptPtr& script, const ScriptLibrary& library);

struct ScriptCall {
  ScriptPtr script;
  EventPtr event;          // never null
  ItemPtr item = nullptr;  // node scripts see it as `item`; null in triggers
  std::string scope = {};  // whose kv state it sees; "" = the script's name
  std::shared_ptr<const StateChanges> pending =
      nullptr;               // of the same execution, not applied yet; may be null
  bool tell_fields = false;  // for who wants to know why it decided as it did
};

// What one call may use.
struct CallLimits {
  std::chrono::milliseconds time_limit{1000};  // processor time
  std::uint64_t memory_limit = 32u << 20;      // bytes of the script's state
  std::uint64_t output_limit = 1u << 20;       // bytes of its result
  unsigned depth_limit = 64;                   // levels of nesting of its result
};

// Limits of all scripts, and of some scripts their own. Immutable.
struct ScriptLimits : CallLimits {
  unsigned hosts = 1;     // processes that serve calls side by side
  bool coverage = false;  // note which lines run; for tests of scripts: every line that runs costs a call
  struct Own {
    std::string scripts;  // a glob on names of scripts: "report_*"
    CallLimits limits;
    bool jit =
        false;  // trusted: compiled to machine code, in a host of its own that may map executable memory
  };
  std::vector<Own> own;  // the first that matches decides
};

// Thread safety: safe to share. Calls wait in a bounded queue; a full queue makes run() block and start()
// wait.
class ScriptEngine {
 public:
  // Starts the hosts: the same executable re-executed with run_script_host_if_asked() as its first statement
  // in main(). `library` finds the scripts of the store that others `require`.
  // `states` keeps what `kv` reads; null: every script sees an empty state. Must outlive the engine.
  ScriptEngine(ScriptLimits limits, Metrics& metrics, ScriptLibrary library = {},
               ScriptStates* states = nullptr);
  ~ScriptEngine();

  // What is wrong with a script, found without running it: what the compiler says, or else what lua_check.h
  // finds. `kind` nullopt: it must do as a filter or as a transform.
  struct Inspection {
    std::optional<ScriptError> error;  // the first that would keep it from working
    std::vector<ScriptProblem> problems;
  };
  Inspection inspect(const std::string& name, const std::string& text, std::optional<ScriptKind> kind,
                     std::span<const ScriptTable> tables = {});
  // The error of the inspection alone.
  std::optional<ScriptError> check(const Script& script, std::span<const ScriptTable> tables = {});
  // One result per call, in order. Blocks. A call that kills its host fails alone; the rest runs in a fresh
  // host.
  std::vector<ScriptResult> run(std::span<const ScriptCall> calls);
  // Queues one call; `done` runs on a thread of the engine and must not block. Calls that wait together share
  // a batch.
  void start(ScriptCall call, std::function<void(ScriptResult)> done);
  // Which lines ran in all calls so far, one element per script and module. Empty without
  // ScriptLimits::coverage.
  std::vector<ScriptCoverage> coverage() const;
  // What the calls of each script took since the start, by name.
  std::vector<ScriptCost> costs() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// First statement of every main() that constructs a ScriptEngine: when this process was started as a script
// host, serves it and never returns; otherwise does nothing.
void run_script_host_if_asked(int argc, char** argv);

}  // namespace rowhook
