// What a script can name: an empty global table that cannot be written to, in front of a table that scripts
// never reach. Libraries are userdata, so that table.insert(string, "x") has nothing to insert into.
#include <array>
#include <cstdlib>

#include "engine/base/json.h"
#include "scripting/decimal.h"
#include "scripting/host/context.h"
#include "scripting/script_text.h"

namespace rowhook {
namespace {

constexpr std::array<std::string_view, 23> refused_names = {
    "io",      "os",   "package",    "debug",    "ffi",        "jit",    "coroutine", "getfenv",
    "setfenv", "load", "loadstring", "loadfile", "dofile",     "module", "newproxy",  "collectgarbage",
    "gcinfo",  "_G",   "_ENV",       "dump",     "randomseed", "arg",    "rowhook"};

bool is_refused(std::string_view name) {
  return std::find(refused_names.begin(), refused_names.end(), name) != refused_names.end();
}

// Names of the table at `index`.
std::vector<std::string> names_of(lua_State* L, int index) {
  std::vector<std::string> names;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING && to_text(L, -1) != exact_literal) names.emplace_back(to_text(L, -1));
  }
  return names;
}

std::string nearest_column(const ScriptContext& c, std::string_view name) {
  std::vector<std::string_view> columns;
  if (c.shape)
    for (const auto& column : c.shape->shape().columns) columns.push_back(column.name);
  return nearest_name(name, columns);
}

int unknown_global(lua_State* L) {
  ScriptContext& c = context(L);
  const std::string name(luaL_checkstring(L, 2));
  if (is_refused(name)) {
    c.scratch =
        "'" + name + "' is not available to scripts: they have no files, network, processes or interpreter";
    return raise_refusal(L);
  }
  c.scratch = "nothing is named '" + name + "'";
  if (c.shape && c.shape->column(name) >= 0) {
    c.scratch += "; did you mean 'new." + name + "'?";
  } else if (const std::string nearest = nearest_name(name, names_of(L, 1)); !nearest.empty()) {
    c.scratch += "; did you mean '" + nearest + "'?";
  } else if (const std::string column = nearest_column(c, name); !column.empty()) {
    c.scratch += "; did you mean 'new." + column + "'?";
  }
  return raise_scratch(L);
}

int set_global(lua_State* L) {
  const std::string_view name = lua_type(L, 2) == LUA_TSTRING ? to_text(L, 2) : "?";
  context(L).scratch =
      "global '" + std::string(name) + "' cannot be set: write local " + std::string(name) + " = ...";
  return raise_refusal(L);
}

int set_in_library(lua_State* L) {
  context(L).scratch = "libraries are read-only";
  return raise_refusal(L);
}

// The library's name is the upvalue, its table the first argument.
int unknown_member(lua_State* L) {
  ScriptContext& c = context(L);
  const std::string name = lua_type(L, 2) == LUA_TSTRING ? std::string(to_text(L, 2)) : "?";
  const std::string library(to_text(L, lua_upvalueindex(1)));
  if (is_refused(name)) {
    c.scratch = "'" + library + "." + name + "' is not available to scripts";
    return raise_refusal(L);
  }
  const std::string nearest = nearest_name(name, names_of(L, 1));
  c.scratch = "'" + library + "' has no member '" + name + "'" +
              (nearest.empty() ? "" : "; did you mean '" + library + "." + nearest + "'?");
  return raise_scratch(L);
}

// Replaces the table of functions on top of the stack by a userdata that shows it and cannot be changed.
void freeze(lua_State* L, const char* name) {
  lua_createtable(L, 0, 1);
  lua_pushstring(L, name);
  lua_pushcclosure(L, guarded<unknown_member>, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  static_cast<UserHeader*>(lua_newuserdata(L, sizeof(UserHeader)))->tag = UserTag::library;
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, set_in_library);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_remove(L, -2);
}

// Functions that call back into Lua through C may nest this deep. Lua's own limit is thousands of levels:
// there the C stack is deep enough, but unwinding it takes the better part of a second.
constexpr int most_nested_calls = 200;

void enter_nested_call(lua_State* L) {
  ScriptContext& c = context(L);
  if (c.nested_calls >= most_nested_calls) {
    c.scratch = "stack overflow";
    raise_scratch(L);
  }
  ++c.nested_calls;
}

// lua_pcall that keeps count of nesting, also when an error cuts through it.
int call_protected(lua_State* L, int arguments, int results) {
  enter_nested_call(L);
  const int depth = context(L).nested_calls - 1;
  const int status = lua_pcall(L, arguments, results, 0);
  context(L).nested_calls = depth;
  return status;
}

// Upvalue: a built-in function that may call back.
int nested(lua_State* L) {
  enter_nested_call(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  --context(L).nested_calls;
  return lua_gettop(L);
}

// pcall that lets a time limit through: the hook stays armed, and the error that broke in goes on upwards.
int protected_call(lua_State* L) {
  luaL_checkany(L, 1);
  const int status = call_protected(L, lua_gettop(L) - 1, LUA_MULTRET);
  if (status != 0 && context(L).interrupted) return lua_error(L);
  lua_pushboolean(L, status == 0);
  lua_insert(L, 1);
  return lua_gettop(L);
}

// xpcall whose handler runs after unwinding: inside, it would run with hooks off, out of reach of the time
// limit.
int protected_call_with_handler(lua_State* L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  lua_remove(L, 2);
  lua_insert(L, 1);  // handler, f, arguments
  const int status = call_protected(L, lua_gettop(L) - 2, LUA_MULTRET);
  if (status != 0 && context(L).interrupted) return lua_error(L);
  if (status == 0) {
    lua_pushboolean(L, 1);
    lua_replace(L, 1);
    return lua_gettop(L);
  }
  const bool handled = call_protected(L, 1, 1) == 0;
  if (!handled && context(L).interrupted) return lua_error(L);
  lua_pushboolean(L, 0);
  lua_insert(L, 1);
  return 2;
}

int type_name(lua_State* L) {
  luaL_checkany(L, 1);
  const UserHeader* user = user_header(L, 1);
  if (user) {
    lua_pushstring(L, user->tag == UserTag::null ? "null" : "table");
  } else if (exact_digits(L, 1).data()) {
    lua_pushliteral(L, "number");
  } else {
    lua_pushstring(L, luaL_typename(L, 1));
  }
  return 1;
}

// Upvalues: the built-in next.
int pairs(lua_State* L) {
  if (const UserHeader* user = user_header(L, 1)) {
    lua_settop(L, 1);
    switch (user->tag) {
      case UserTag::new_row:
      case UserTag::old_row:
        return iterate_row(L);
      case UserTag::changed:
        return iterate_changed(L);
      case UserTag::view:
        return iterate_view(L);
      case UserTag::event:
        push_json(L, context(L).json_of_event(), {}, false);
        lua_replace(L, 1);
        return iterate_view(L);
      default:
        break;
    }
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

// Upvalue: the built-in ipairs.
int ipairs(lua_State* L) {
  const UserHeader* user = user_header(L, 1);
  if (user && user->tag == UserTag::view && static_cast<const JsonView*>(user)->array) return iterate_view(L);
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 1, 3);
  return 3;
}

int next(lua_State* L) {
  if (user_header(L, 1) && lua_isnoneornil(L, 2)) {
    lua_settop(L, 1);
    lua_pushnil(L);
    lua_pushcclosure(L, guarded<pairs>, 1);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    lua_call(L, 0, 2);
    return lua_isnil(L, -2) ? 1 : 2;
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  if (lua_next(L, 1) != 0) return 2;
  lua_pushnil(L);
  return 1;
}

// Upvalue: the built-in function. An array of a row as first argument is handed over as the table of its
// elements.
int with_elements(lua_State* L) {
  const UserHeader* user = user_header(L, 1);
  if (user && user->tag == UserTag::view && static_cast<const JsonView*>(user)->array) {
    push_children(L, 1);
    lua_replace(L, 1);
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

// Upvalue: the built-in tonumber. Text with more digits than a Lua number holds keeps them:
// "9007199254740993" is exact.
int to_number(lua_State* L) {
  if (const std::string_view digits = exact_digits(L, 1); digits.data()) {
    lua_pushnumber(L, std::strtod(digits.data(), nullptr));
    return 1;
  }
  luaL_checkany(L, 1);
  if (lua_type(L, 1) == LUA_TSTRING && lua_isnoneornil(L, 2)) {
    const std::string_view digits = to_text(L, 1);
    if (digits.size() > 14 && Decimal::parse(digits)) {
      push_number(L, digits, {});
      return 1;
    }
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

int make_array(lua_State* L) {
  const int count = lua_gettop(L);
  if (count != 1 || !lua_istable(L, 1)) {
    lua_createtable(L, count, 0);
    lua_insert(L, 1);
    for (int i = count; i >= 1; --i) lua_rawseti(L, 1, i);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_arrays);
  lua_pushvalue(L, 1);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_settop(L, 1);
  return 1;
}

int null_member(lua_State* L) {
  context(L).scratch = "attempt to index null";
  return raise_scratch(L);
}

int null_to_string(lua_State* L) {
  lua_pushliteral(L, "null");
  return 1;
}

void push_null(lua_State* L) {
  static_cast<UserHeader*>(lua_newuserdata(L, sizeof(UserHeader)))->tag = UserTag::null;
  lua_createtable(L, 0, 4);
  lua_pushcfunction(L, null_member);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, null_member);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, null_to_string);
  lua_setfield(L, -2, "__tostring");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_null);
}

// Copies the named members of the built-in library `from` (a table at that index) into the table on top.
void take(lua_State* L, int from, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    lua_getfield(L, from, name);
    lua_setfield(L, -2, name);
  }
}

// Replaces member `name` of the table on top by a closure over the built-in function of that name.
void wrap(lua_State* L, const char* name, lua_CFunction function) {
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

void set(lua_State* L, const char* name, lua_CFunction function) {
  lua_pushcfunction(L, function);
  lua_setfield(L, -2, name);
}

void add_string_library(lua_State* L) {
  lua_pushcfunction(L, luaopen_string);
  lua_call(L, 0, 1);
  const int from = lua_gettop(L);
  lua_newtable(L);
  take(L, from,
       {"byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub",
        "upper"});
  wrap(L, "format", nested);
  wrap(L, "gsub", nested);
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);  // that of all strings
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  freeze(L, "string");
  lua_remove(L, from);
}

void add_table_library(lua_State* L) {
  lua_pushcfunction(L, luaopen_table);
  lua_call(L, 0, 1);
  const int from = lua_gettop(L);
  lua_newtable(L);
  take(L, from, {"concat", "insert", "maxn", "move", "remove", "sort"});
  lua_getfield(L, LUA_GLOBALSINDEX, "unpack");
  lua_setfield(L, -2, "unpack");
  wrap(L, "sort", nested);
  wrap(L, "concat", with_elements);
  wrap(L, "unpack", with_elements);
  freeze(L, "table");
  lua_remove(L, from);
}

void add_math_library(lua_State* L) {
  lua_pushcfunction(L, luaopen_math);
  lua_call(L, 0, 1);
  const int from = lua_gettop(L);
  lua_newtable(L);
  take(L, from, {"abs",   "acos", "asin",  "atan", "atan2", "ceil", "cos",   "cosh", "deg", "exp",
                 "floor", "fmod", "frexp", "huge", "ldexp", "log",  "log10", "max",  "min", "modf",
                 "pi",    "pow",  "rad",   "sin",  "sinh",  "sqrt", "tan",   "tanh"});
  set(L, "random", random_number);
  freeze(L, "math");
  lua_remove(L, from);
}

void add_bit_library(lua_State* L) {
  lua_pushcfunction(L, luaopen_bit);
  lua_call(L, 0, 1);
  const int from = lua_gettop(L);
  lua_newtable(L);
  take(L, from,
       {"arshift", "band", "bnot", "bor", "bswap", "bxor", "lshift", "rol", "ror", "rshift", "tobit",
        "tohex"});
  freeze(L, "bit");
  lua_remove(L, from);
}

void make_weak_table(lua_State* L, int slot) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot);
}

// The table behind the globals, on top of the stack.
void push_globals(lua_State* L) {
  lua_newtable(L);
  take(L, LUA_GLOBALSINDEX,
       {"assert", "error", "getmetatable", "rawequal", "rawget", "rawset", "select", "setmetatable", "unpack",
        "tonumber", "next", "pairs", "ipairs"});
  wrap(L, "unpack", with_elements);
  wrap(L, "tonumber", guarded<to_number>);
  wrap(L, "ipairs", guarded<ipairs>);
  lua_getfield(L, -1, "next");
  lua_pushcclosure(L, guarded<pairs>, 1);
  lua_setfield(L, -2, "pairs");
  const luaL_Reg functions[] = {{"next", guarded<next>},
                                {"pcall", protected_call},
                                {"xpcall", protected_call_with_handler},
                                {"type", type_name},
                                {"print", guarded<print_line>},
                                {"copy", guarded<copy_value>},
                                {"array", make_array},
                                {"exact", guarded<make_exact>},
                                {exact_literal.data(), guarded<make_exact>},
                                {"tostring", guarded<value_to_string>},
                                {"require", guarded<require_module>}};
  for (const auto& function : functions) set(L, function.name, function.func);
  for (const char* name : {"print", "tostring", "require"}) wrap(L, name, nested);
  push_null(L);
  lua_setfield(L, -2, "null");
  const struct {
    const char* name;
    int (*push)(lua_State*);
  } libraries[] = {{"text", text_library},
                   {"time", time_library},
                   {"hash", hash_library},
                   {"json", json_library},
                   {"log", log_library}};
  for (const auto& library : libraries) {
    library.push(L);
    if (library.push == text_library) wrap(L, "join", nested);
    if (library.push == log_library)
      for (const char* level : {"debug", "info", "warning", "error"}) wrap(L, level, nested);
    freeze(L, library.name);
    lua_setfield(L, -2, library.name);
  }
  const struct {
    const char* name;
    void (*push)(lua_State*);
  } builtins[] = {{"string", add_string_library},
                  {"table", add_table_library},
                  {"math", add_math_library},
                  {"bit", add_bit_library}};
  for (const auto& library : builtins) {
    library.push(L);
    lua_setfield(L, -2, library.name);
  }
}

}  // namespace

void make_environment(lua_State* L) {
  make_view_type(L);
  make_weak_table(L, slot_origins);
  make_weak_table(L, slot_arrays);
  lua_pushcfunction(L, luaopen_base);
  lua_call(L, 0, 0);
  push_globals(L);
  lua_createtable(L, 0, 1);
  set(L, "__index", guarded<unknown_global>);
  lua_setmetatable(L, -2);

  lua_newtable(L);  // what scripts see as their globals: always empty
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  set(L, "__newindex", set_global);
  lua_setmetatable(L, -2);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_environment);
  lua_pop(L, 1);

  // Nothing of the built-in libraries stays behind but what was taken.
  lua_newtable(L);
  lua_replace(L, LUA_GLOBALSINDEX);
  lua_pushnil(L);
  lua_setfield(L, LUA_REGISTRYINDEX, "_LOADED");
}

}  // namespace rowhook
