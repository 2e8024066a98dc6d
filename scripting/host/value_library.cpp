// tostring, print, log, json, math.random, require.
#include <cmath>

#include "scripting/host/context.h"
#include "scripting/number_text.h"

namespace rowhook {
namespace {

constexpr std::size_t most_log_lines = 200;
constexpr std::size_t most_log_bytes = 32 * 1024;

void push_printed_number(lua_State* L, double value) {
  if (value != std::floor(value) || std::fabs(value) >= 9007199254740992.0) {
    lua_pushnumber(L, value);
    lua_tostring(L, -1);
    return;
  }
  std::string& scratch = context(L).scratch;
  scratch.clear();
  write_number(scratch, value);
  push_text(L, scratch);
}

// Pushes the value at `index` as text.
void push_printed(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TSTRING:
      lua_pushvalue(L, index);
      return;
    case LUA_TNUMBER:
      push_printed_number(L, lua_tonumber(L, index));
      return;
    case LUA_TNIL:
      lua_pushliteral(L, "nil");
      return;
    case LUA_TBOOLEAN:
      lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
      return;
    default:
      break;
  }
  if (const std::string_view digits = exact_digits(L, index); digits.data()) {
    push_text(L, digits);
  } else if (luaL_callmeta(L, index, "__tostring") == 0) {
    lua_pushstring(
        L, user_header(L, index) ? "library" : luaL_typename(L, index));  // no address: runs are repeatable
  } else if (!lua_isstring(L, -1)) {
    context(L).scratch = "'__tostring' must return a string";
    raise_scratch(L);
  }
}

// As push_printed, but plain tables become JSON where they can.
void push_logged(lua_State* L, int index) {
  ScriptContext& c = context(L);
  if (lua_istable(L, index) && luaL_getmetafield(L, index, "__tostring") == 0) {
    c.out.clear();
    const int top = lua_gettop(L);
    const bool written = write_value(L, index);
    lua_settop(L, top);
    if (written) {
      push_text(L, c.out);
      return;
    }
  }
  push_printed(L, index);
}

void add_line(ScriptContext& c, std::string_view level, std::string_view message) {
  if (c.logs.size() > most_log_lines || c.log_bytes > most_log_bytes) return;
  c.log_bytes += message.size();
  if (c.logs.size() == most_log_lines || c.log_bytes > most_log_bytes) {
    c.logs.push_back({"warning", "the script logged more than 200 lines or 32 KiB: the rest is left out"});
    c.log_bytes = most_log_bytes + 1;
    return;
  }
  c.logs.push_back({std::string(level), std::string(message)});
}

int log_line(lua_State* L, const char* level) {
  const int count = lua_gettop(L);
  luaL_checkstack(L, 2 * count + 5, nullptr);
  lua_pushliteral(L, "");
  for (int i = 1; i <= count; ++i) {
    if (i > 1) lua_pushliteral(L, " ");
    push_logged(L, i);
    lua_concat(L, i > 1 ? 3 : 2);
  }
  add_line(context(L), level, to_text(L, -1));
  return 0;
}

int log_debug(lua_State* L) { return log_line(L, "debug"); }
int log_info(lua_State* L) { return log_line(L, "info"); }
int log_warning(lua_State* L) { return log_line(L, "warning"); }
int log_error(lua_State* L) { return log_line(L, "error"); }

int json_encode(lua_State* L) {
  luaL_checkany(L, 1);
  ScriptContext& c = context(L);
  c.out.clear();
  if (!write_value(L, 1)) {
    c.scratch = "json.encode: value" + problem_text(c).substr(sizeof "result" - 1);
    return raise_scratch(L);
  }
  push_text(L, c.out);
  return 1;
}

int json_decode(lua_State* L) {
  check_text(L, 1);
  push_copy_of_json(L, 1);
  return 1;
}

// splitmix64, seeded by script and event: a replay draws the same numbers.
double draw(ScriptContext& c) {
  if (!c.seeded) {
    c.random = c.bundle->id;
    if (c.call) {
      for (const char byte : read_texts(*c.call).id)
        c.random = (c.random ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
    }
    c.seeded = true;
  }
  std::uint64_t z = (c.random += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

}  // namespace

int value_to_string(lua_State* L) {
  luaL_checkany(L, 1);
  push_printed(L, 1);
  return 1;
}

int print_line(lua_State* L) { return log_line(L, "info"); }

int log_library(lua_State* L) {
  const luaL_Reg functions[] = {{"debug", guarded<log_debug>},
                                {"info", guarded<log_info>},
                                {"warning", guarded<log_warning>},
                                {"error", guarded<log_error>},
                                {nullptr, nullptr}};
  lua_newtable(L);
  luaL_register(L, nullptr, functions);
  return 1;
}

int json_library(lua_State* L) {
  const luaL_Reg functions[] = {
      {"encode", guarded<json_encode>}, {"decode", guarded<json_decode>}, {nullptr, nullptr}};
  lua_newtable(L);
  luaL_register(L, nullptr, functions);
  return 1;
}

int random_number(lua_State* L) {
  const double drawn = draw(context(L));
  if (lua_gettop(L) == 0) {
    lua_pushnumber(L, drawn);
    return 1;
  }
  const double low = lua_gettop(L) > 1 ? std::floor(luaL_checknumber(L, 1)) : 1;
  const double high = std::floor(luaL_checknumber(L, lua_gettop(L) > 1 ? 2 : 1));
  luaL_argcheck(L, low <= high && high - low < 0x1p53, lua_gettop(L), "interval is empty");
  lua_pushnumber(L, low + std::floor(drawn * (high - low + 1)));
  return 1;
}

// A module is compiled once per sandbox and run once per call, so that nothing it keeps outlives the event.
int require_module(lua_State* L) {
  ScriptContext& c = context(L);
  const std::string_view name = check_text(L, 1);
  lua_settop(L, 1);
  c.modules_used = true;
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_loaded);
  lua_pushvalue(L, 1);
  lua_rawget(L, 2);
  if (lua_islightuserdata(L, -1)) {
    c.scratch = "require: '" + std::string(name) + "' requires itself";
    return raise_scratch(L);
  }
  if (!lua_isnil(L, -1)) return 1;
  lua_settop(L, 2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_modules);
  lua_pushvalue(L, 1);
  lua_rawget(L, 3);
  if (lua_isnil(L, -1)) {
    c.scratch = "require: there is no script '" + std::string(name) +
                "' in the store (the name must be a literal: require(\"name\"))";
    return raise_scratch(L);
  }
  if (!lua_isfunction(L, -1)) {  // it does not compile: what the compiler said
    c.scratch = to_text(L, -1);
    push_text(L, c.scratch);
    return lua_error(L);
  }
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, &c);
  lua_rawset(L, 2);
  lua_call(L, 0, 1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
  }
  lua_pushvalue(L, 1);
  lua_pushvalue(L, -2);
  lua_rawset(L, 2);
  return 1;
}

}  // namespace rowhook
