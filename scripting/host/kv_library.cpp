// kv: what earlier executions kept, and what this call changes about it. Changes are handed to the engine
// with the result, which applies them when the execution has completed.
#include "scripting/decimal.h"
#include "scripting/host/context.h"

namespace rowhook {
namespace {

// The state of this call, read when it is first asked for.
ScriptState& state(lua_State* L) {
  ScriptContext& c = context(L);
  if (!c.state) c.state = unpack_state(c.packed_state);
  return *c.state;
}

std::string_view check_key(lua_State* L) {
  const std::string_view key = check_text(L, 1);
  if (key.size() > longest_state_key)
    throw std::invalid_argument("kv: a key has at most " + std::to_string(longest_state_key) + " bytes");
  if (key.find('\0') != std::string_view::npos) throw std::invalid_argument("kv: a key holds no NUL");
  return key;
}

void change(lua_State* L, StateChange::Kind kind, std::string_view key, std::string_view value) {
  ScriptContext& c = context(L);
  ScriptState& known = state(L);
  if (value.size() > longest_state_value)
    throw std::invalid_argument("kv: a value has at most " + std::to_string(longest_state_value) +
                                " bytes of JSON; this one has " + std::to_string(value.size()));
  if (c.changes.size() >= most_state_keys)
    throw std::invalid_argument("kv: one call changes at most " + std::to_string(most_state_keys) + " keys");
  if (kind != StateChange::Kind::remove && !known.contains(key)) {
    if (known.size() >= most_state_keys)
      throw std::invalid_argument("kv: a script keeps at most " + std::to_string(most_state_keys) + " keys");
    if (state_bytes(known) + key.size() + value.size() > most_state_bytes)
      throw std::invalid_argument("kv: a script keeps at most " + std::to_string(most_state_bytes) +
                                  " bytes");
  }
  c.changes.push_back({{}, std::string(key), kind, std::string(value)});
  apply_change(known, c.changes.back());
}

// Into context.scratch. False: there is none.
bool find(lua_State* L) {
  const ScriptState& known = state(L);
  const auto found = known.find(check_key(L));
  if (found == known.end()) return false;
  context(L).scratch = found->second;
  return true;
}

int get(lua_State* L) {
  if (!find(L)) return 0;
  push_text(L, context(L).scratch);
  push_copy_of_json(L, lua_gettop(L));
  return 1;
}

int set(lua_State* L) {
  ScriptContext& c = context(L);
  (void)check_text(L, 1);
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) {
    change(L, StateChange::Kind::remove, check_key(L), {});
    return 0;
  }
  c.out.clear();
  if (!write_value(L, 2)) {
    c.scratch = "kv.set: value" + problem_text(c).substr(sizeof "result" - 1);
    return raise_scratch(L);
  }
  change(L, StateChange::Kind::set, check_key(L), c.out);
  return 0;
}

void count(lua_State* L) {
  std::optional<Decimal> amount = Decimal::parse("1");
  if (!lua_isnoneornil(L, 2)) {
    const std::string_view digits = exact_digits(L, 2);
    amount = digits.data()                   ? Decimal::parse(digits)
             : lua_type(L, 2) == LUA_TNUMBER ? Decimal::from(lua_tonumber(L, 2))
                                             : std::nullopt;
  }
  if (!amount) throw std::invalid_argument("kv.add: the amount is not a finite number");
  const std::string key(check_key(L));
  const ScriptState& known = state(L);
  if (const auto found = known.find(key); found != known.end() && !Decimal::parse(found->second))
    throw std::invalid_argument("kv.add: what is kept under '" + key + "' is not a number");
  change(L, StateChange::Kind::add, key, amount->text());
  context(L).scratch = known.find(key)->second;
}

int add(lua_State* L) {
  (void)check_text(L, 1);
  count(L);
  push_number(L, context(L).scratch, {});
  return 1;
}

int remove(lua_State* L) {
  change(L, StateChange::Kind::remove, check_key(L), {});
  return 0;
}

}  // namespace

int kv_library(lua_State* L) {
  const luaL_Reg functions[] = {{"get", guarded<get>},
                                {"set", guarded<set>},
                                {"add", guarded<add>},
                                {"delete", guarded<remove>},
                                {nullptr, nullptr}};
  lua_newtable(L);
  luaL_register(L, nullptr, functions);
  return 1;
}

}  // namespace rowhook
