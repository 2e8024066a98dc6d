// The small durable state of scripts: what `kv` reads and writes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/guarded.h"

namespace rowhook {

// Bounds of one scope, enforced where a script writes.
inline constexpr std::size_t most_state_keys = 1000;
inline constexpr std::size_t longest_state_key = 200;       // bytes
inline constexpr std::size_t longest_state_value = 4096;    // bytes of JSON
inline constexpr std::size_t most_state_bytes = 64 * 1024;  // keys and values of a scope

// One write. `add` commutes, so that executions side by side lose no count; of two `set`, that of the
// execution that completes last stays.
struct StateChange {
  enum class Kind : std::uint8_t { set, add, remove };
  std::string scope, key;
  Kind kind = Kind::set;
  std::string value;  // JSON; of `add` a number
};
using StateChanges = std::vector<StateChange>;

// Key to JSON text.
using ScriptState = std::map<std::string, std::string, std::less<>>;

// A sum with every digit. What is no number, or too long to add, counts as 0.
std::string add_state_numbers(std::string_view a, std::string_view b);
// Applies one change, whatever its scope.
void apply_change(ScriptState& state, const StateChange& change);
std::size_t state_bytes(const ScriptState& state);

// As it travels to a script host.
std::string pack_state(const ScriptState& state);
ScriptState unpack_state(std::string_view bytes);  // throws PermanentError on damage

// The state of all scopes as completed executions left it: loaded from the store when a scope is first asked
// for, then kept here. Whoever applies a change has it written to the store as well, in the same order.
// Thread safety: safe to share.
class ScriptStates {
 public:
  using Load = std::function<ScriptState(const std::string& scope)>;  // may throw; then get() throws
  explicit ScriptStates(Load load) : load_(std::move(load)) {}
  std::shared_ptr<const ScriptState> get(const std::string& scope);
  void apply(const StateChanges& changes);
  // Forgets everything: a scope that is asked for is loaded again.
  void clear();

 private:
  using Scopes = std::unordered_map<std::string, std::shared_ptr<const ScriptState>>;
  const Load load_;
  Guarded<Scopes> scopes_;
};

}  // namespace rowhook
