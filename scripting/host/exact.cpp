// Numbers with more digits than a Lua number holds. An exact value is an opaque FFI object, because only
// those compare with Lua numbers (`new.total > 100`) through metamethods; its digits are kept in a weak table
// beside it, where no script reaches them. The FFI itself is never within reach of a script.
#include <cmath>
#include <limits>

#include "scripting/decimal.h"
#include "scripting/host/context.h"
#include "scripting/number_text.h"

namespace rowhook {
namespace {

constexpr int type_cdata = 10;  // LuaJIT's own type number: not in lua.h

enum class Operand { number, not_a_number, other };

// The number at `index`, exact or not.
Operand read_operand(lua_State* L, int index, Decimal& out) {
  if (lua_type(L, index) == LUA_TNUMBER) {
    const auto value = Decimal::from(lua_tonumber(L, index));
    if (value) out = *value;
    return value ? Operand::number : Operand::not_a_number;
  }
  const std::string_view digits = exact_digits(L, index);
  if (!digits.data()) return Operand::other;
  const auto value = Decimal::parse(digits);
  if (value) out = *value;
  return value ? Operand::number : Operand::other;
}

// What compute() leaves for compute_and_push(): no C++ object may be alive while Lua is called.
enum class Outcome { exact, number, error };

using Compute = Outcome (*)(const Decimal& a, const Decimal& b, std::string& text, double& number);

Outcome settle(const std::optional<Decimal>& result, std::string& text, double& number) {
  if (!result) {
    text = "the exact result has more than " + std::to_string(Decimal::max_digits) + " digits";
    return Outcome::error;
  }
  if (result->fits_lua_number()) {
    number = result->nearest();
    return Outcome::number;
  }
  text = result->text();
  return Outcome::exact;
}

Outcome add(const Decimal& a, const Decimal& b, std::string& text, double& number) {
  return settle(Decimal::sum(a, b), text, number);
}
Outcome subtract(const Decimal& a, const Decimal& b, std::string& text, double& number) {
  return settle(Decimal::sum(a, b.negated()), text, number);
}
Outcome multiply(const Decimal& a, const Decimal& b, std::string& text, double& number) {
  return settle(Decimal::product(a, b), text, number);
}
Outcome negate(const Decimal& a, const Decimal&, std::string& text, double& number) {
  return settle(a.negated(), text, number);
}
Outcome divide(const Decimal& a, const Decimal& b, std::string& text, double& number) {
  if (b.is_zero()) {
    text = "division of an exact value by zero";
    return Outcome::error;
  }
  const auto exact = Decimal::quotient(a, b);
  if (exact) return settle(exact, text, number);
  text = "this quotient does not end: write tonumber(a) / tonumber(b) for the nearest Lua number";
  return Outcome::error;
}
Outcome modulo(const Decimal& a, const Decimal& b, std::string& text, double& number) {
  if (b.is_zero()) {
    text = "division of an exact value by zero";
    return Outcome::error;
  }
  return settle(Decimal::remainder(a, b), text, number);
}

// Both operands are read, the result computed and every C++ object gone before Lua is called again.
Outcome compute(lua_State* L, Compute operation, double& number) {
  ScriptContext& c = context(L);
  Decimal a, b;
  for (const int index : {1, 2}) {
    switch (read_operand(L, index, index == 1 ? a : b)) {
      case Operand::number:
        break;
      case Operand::not_a_number:
        c.scratch = "arithmetic of an exact value with a number that is not finite";
        return Outcome::error;
      case Operand::other:
        c.scratch = std::string("attempt to perform arithmetic on an exact value and a ") +
                    luaL_typename(L, index) + " value";
        return Outcome::error;
    }
  }
  return operation(a, b, c.scratch, number);
}

template <Compute operation>
int arithmetic(lua_State* L) {
  double number = 0;
  switch (compute(L, operation, number)) {
    case Outcome::number:
      lua_pushnumber(L, number);
      return 1;
    case Outcome::exact:
      push_exact(L, context(L).scratch);
      return 1;
    case Outcome::error:
      break;
  }
  return raise_scratch(L);
}

int power(lua_State* L) {
  context(L).scratch = "powers of exact values are not computed: write tonumber(a) ^ tonumber(b)";
  return raise_scratch(L);
}

// nullopt: not comparable. NaN gives a value that is neither less, equal nor greater.
std::optional<double> compare(lua_State* L) {
  Decimal a, b;
  const Operand first = read_operand(L, 1, a), second = read_operand(L, 2, b);
  if (first == Operand::other || second == Operand::other) return std::nullopt;
  if (first == Operand::number && second == Operand::number) return a.compare(b);
  const double other = lua_tonumber(L, first == Operand::number ? 2 : 1);
  if (std::isnan(other)) return std::numeric_limits<double>::quiet_NaN();
  const double order = other > 0 ? -1 : 1;  // an exact value is finite
  return first == Operand::number ? order : -order;
}

int compare_error(lua_State* L) {
  const int other = exact_digits(L, 1).data() ? 2 : 1;
  context(L).scratch =
      std::string("attempt to compare an exact value with a ") + luaL_typename(L, other) + " value";
  return raise_scratch(L);
}

int equal(lua_State* L) {
  const auto order = compare(L);
  lua_pushboolean(L, order && *order == 0);
  return 1;
}
int less(lua_State* L) {
  const auto order = compare(L);
  if (!order) return compare_error(L);
  lua_pushboolean(L, *order < 0);
  return 1;
}
int less_or_equal(lua_State* L) {
  const auto order = compare(L);
  if (!order) return compare_error(L);
  lua_pushboolean(L, *order <= 0);
  return 1;
}

int to_string(lua_State* L) {
  push_text(L, exact_digits(L, 1));
  return 1;
}

int concatenate(lua_State* L) {
  for (const int index : {1, 2}) {
    if (exact_digits(L, index).data()) {
      push_text(L, exact_digits(L, index));
    } else if (lua_isstring(L, index)) {
      lua_pushvalue(L, index);
    } else {
      context(L).scratch = std::string("attempt to concatenate a ") + luaL_typename(L, index) + " value";
      return raise_scratch(L);
    }
  }
  lua_concat(L, 2);
  return 1;
}

int no_members(lua_State* L) {
  context(L).scratch = "attempt to index a number with more than 14 digits";
  return raise_scratch(L);
}

// The type is made with the first exact value of a sandbox: few need it, and it costs 12 KB.
void make_type(lua_State* L) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_exact_digits);

  constexpr std::string_view setup =
      "local ffi, meta = ... ffi.cdef 'struct exact_value {};' return ffi.metatype('struct exact_value', "
      "meta)";
  luaL_loadbufferx(L, setup.data(), setup.size(), "=exact", "t");
  lua_pushcfunction(L, luaopen_ffi);
  lua_call(L, 0, 1);
  // LuaJIT keeps tables it works with alive through its library only: without this, the next collection frees
  // them.
  lua_pushvalue(L, -1);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_ffi);
  const luaL_Reg metamethods[] = {{"__add", guarded<arithmetic<add>>},
                                  {"__sub", guarded<arithmetic<subtract>>},
                                  {"__mul", guarded<arithmetic<multiply>>},
                                  {"__div", guarded<arithmetic<divide>>},
                                  {"__mod", guarded<arithmetic<modulo>>},
                                  {"__unm", guarded<arithmetic<negate>>},
                                  {"__pow", power},
                                  {"__eq", guarded<equal>},
                                  {"__lt", guarded<less>},
                                  {"__le", guarded<less_or_equal>},
                                  {"__concat", concatenate},
                                  {"__tostring", to_string},
                                  {"__index", no_members},
                                  {"__newindex", no_members}};
  lua_newtable(L);
  for (const auto& method : metamethods) {
    lua_pushcfunction(L, method.func);
    lua_setfield(L, -2, method.name);
  }
  lua_call(L, 2, 1);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_exact_make);
}

}  // namespace

void push_exact(lua_State* L, std::string_view digits) {
  luaL_checkstack(L, 6, nullptr);
  push_text(L, digits);
  const int text = lua_gettop(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_exact_make);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    make_type(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, slot_exact_make);
  }
  lua_call(L, 0, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_exact_digits);
  lua_pushvalue(L, -2);
  lua_pushvalue(L, text);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  lua_remove(L, text);
}

std::string_view exact_digits(lua_State* L, int index) {
  if (lua_type(L, index) != type_cdata) return {};
  lua_pushvalue(L, index);
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_exact_digits);
  lua_insert(L, -2);
  lua_rawget(L, -2);
  const std::string_view digits = lua_isstring(L, -1) ? to_text(L, -1) : std::string_view{};
  lua_pop(L, 2);
  return digits;
}

void push_number(lua_State* L, std::string_view digits, std::string_view name) {
  const auto number = read_number(digits);
  if (!number) {
    push_exact(L, digits);
    return;
  }
  if (!number->same_digits) {
    constexpr std::size_t most_hints = 256;
    auto& hints = context(L).hints;
    if (hints.size() < most_hints) hints.push_back({number->value, std::string(digits), std::string(name)});
  }
  lua_pushnumber(L, number->value);
}

int make_exact(lua_State* L) {
  if (lua_type(L, 1) == LUA_TNUMBER || exact_digits(L, 1).data()) {
    lua_settop(L, 1);
    return 1;
  }
  const std::string_view digits = check_text(L, 1);
  if (!Decimal::parse(digits)) {
    context(L).scratch = "exact: '" + std::string(digits.substr(0, 60)) + "' is no decimal number";
    return raise_scratch(L);
  }
  push_number(L, digits, {});
  return 1;
}

}  // namespace rowhook
