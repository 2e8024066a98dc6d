#pragma once

#include <memory>
#include <optional>

#include "scripting/host/context.h"

namespace rowhook {

// One script in a Lua state of its own: its memory is limited, it sees a fixed list of names, and nothing it
// does outlives the call. Time is limited by Deadline, which the thread must have installed; what Lua cannot
// interrupt (a pattern, a sort) is the engine's to kill. Thread safety: confined to the thread that made it.
class Sandbox {
 public:
  // Compiles. Never throws for the script's sake: broken() says what is wrong with it.
  // `jit`: machine code is made of it, which the host's system call filter must allow.
  Sandbox(std::shared_ptr<const ScriptBundle> bundle, bool jit);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  const std::optional<ScriptError>& broken() const { return broken_; }
  // Runs one call. `state` is what kv holds, packed. `response` (without its time) points into the sandbox
  // and is valid until the next call.
  void run(const CallView& call, HostShape& shape, std::string_view state, HostResponse& response);
  std::size_t memory() const { return context_.used; }

 private:
  void compile();
  void begin(const CallView& call, HostShape& shape, std::string_view state);
  int execute();
  void finish(HostResponse& response, int status);
  void fail(HostResponse& response, int status);

  std::shared_ptr<const ScriptBundle> bundle_;
  ScriptContext context_;
  lua_State* L_ = nullptr;
  std::optional<ScriptError> broken_;
  ScriptError error_;
  ScriptFields fields_;  // of the last call that was to tell them
  std::size_t idle_memory_ = 0;
};

}  // namespace rowhook
