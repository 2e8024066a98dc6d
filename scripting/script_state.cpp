#include "scripting/script_state.h"

#include "engine/event/varint.h"
#include "scripting/decimal.h"

namespace rowhook {

std::string add_state_numbers(std::string_view a, std::string_view b) {
  const auto zero = *Decimal::parse("0");
  const auto sum = Decimal::sum(Decimal::parse(a).value_or(zero), Decimal::parse(b).value_or(zero));
  return sum.value_or(zero).text();
}

void apply_change(ScriptState& state, const StateChange& change) {
  switch (change.kind) {
    case StateChange::Kind::set:
      state[change.key] = change.value;
      return;
    case StateChange::Kind::remove:
      state.erase(change.key);
      return;
    case StateChange::Kind::add: {
      auto& value = state[change.key];
      value = add_state_numbers(value, change.value);
      return;
    }
  }
}

std::size_t state_bytes(const ScriptState& state) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : state) bytes += key.size() + value.size();
  return bytes;
}

std::string pack_state(const ScriptState& state) {
  std::string out;
  write_varint(out, state.size());
  for (const auto& [key, value] : state) {
    write_bytes(out, key);
    write_bytes(out, value);
  }
  return out;
}

ScriptState unpack_state(std::string_view bytes) {
  ScriptState state;
  if (bytes.empty()) return state;
  for (std::uint64_t n = read_varint(bytes); n > 0; --n) {
    std::string key(read_bytes(bytes));
    state.emplace_hint(state.end(), std::move(key), read_bytes(bytes));
  }
  return state;
}

std::shared_ptr<const ScriptState> ScriptStates::get(const std::string& scope) {
  if (auto known = scopes_.with([&](const Scopes& scopes) -> std::shared_ptr<const ScriptState> {
        const auto found = scopes.find(scope);
        return found == scopes.end() ? nullptr : found->second;
      }))
    return known;
  auto loaded = std::make_shared<const ScriptState>(load_(scope));
  return scopes_.with(
      [&](Scopes& scopes) { return scopes.try_emplace(scope, std::move(loaded)).first->second; });
}

void ScriptStates::apply(const StateChanges& changes) {
  for (const auto& change : changes) {
    (void)get(change.scope);
    scopes_.with([&](Scopes& scopes) {
      auto& scope = scopes[change.scope];
      auto changed = scope ? std::make_shared<ScriptState>(*scope) : std::make_shared<ScriptState>();
      apply_change(*changed, change);
      scope = std::move(changed);
    });
  }
}

void ScriptStates::clear() {
  scopes_.with([](Scopes& scopes) { scopes.clear(); });
}

}  // namespace rowhook
