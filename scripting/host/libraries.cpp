// Libraries as scripts see them: userdata, so that table.insert(string, "x") has nothing to insert into.
#include "engine/base/json.h"
#include "scripting/host/environment.h"
#include "scripting/library_spec.h"
#include "scripting/script_text.h"

namespace rowhook {
namespace {

int set_in_library(lua_State* L) {
  context(L).scratch = "libraries are read-only";
  return raise_refusal(L);
}

// The library's name is the upvalue, its table the first argument.
int unknown_member(lua_State* L) {
  ScriptContext& c = context(L);
  const std::string name = lua_type(L, 2) == LUA_TSTRING ? std::string(to_text(L, 2)) : "?";
  const std::string library(to_text(L, lua_upvalueindex(1)));
  if (is_refused_name(name)) {
    c.scratch = "'" + library + "." + name + "' is not available to scripts";
    return raise_refusal(L);
  }
  const std::string nearest = nearest_name(name, member_names(L, 1));
  c.scratch = "'" + library + "' has no member '" + name + "'" +
              (nearest.empty() ? "" : "; did you mean '" + library + "." + nearest + "'?");
  return raise_scratch(L);
}

// Opens a built-in library, which stays at the returned index, and pushes a table of those members that
// scripts may use.
int open_library(lua_State* L, lua_CFunction open, std::string_view name) {
  lua_pushcfunction(L, open);
  lua_call(L, 0, 1);
  const int from = lua_gettop(L);
  lua_newtable(L);
  for (const auto& entry : script_library()) {
    if (entry.library() != name) continue;
    push_text(L, entry.member());
    push_text(L, entry.member());
    lua_rawget(L, from);
    lua_rawset(L, -3);
  }
  return from;
}

void close_library(lua_State* L, int from, const char* name) {
  freeze(L, name);
  lua_remove(L, from);
  lua_setfield(L, -2, name);
}

void add_string_library(lua_State* L) {
  const int from = open_library(L, luaopen_string, "string");
  wrap_member(L, "format", nested);
  wrap_member(L, "gsub", nested);
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);  // that of all strings
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  close_library(L, from, "string");
}

void add_table_library(lua_State* L) {
  const int from = open_library(L, luaopen_table, "table");
  lua_getfield(L, LUA_GLOBALSINDEX, "unpack");
  lua_setfield(L, -2, "unpack");
  wrap_member(L, "sort", nested);
  wrap_member(L, "concat", with_elements);
  wrap_member(L, "unpack", with_elements);
  close_library(L, from, "table");
}

void add_math_library(lua_State* L) {
  const int from = open_library(L, luaopen_math, "math");
  set_member(L, "random", random_number);
  close_library(L, from, "math");
}

void add_bit_library(lua_State* L) { close_library(L, open_library(L, luaopen_bit, "bit"), "bit"); }

}  // namespace

std::vector<std::string> member_names(lua_State* L, int index) {
  std::vector<std::string> names;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING && to_text(L, -1) != exact_literal) names.emplace_back(to_text(L, -1));
  }
  return names;
}

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

void set_member(lua_State* L, const char* name, lua_CFunction function) {
  lua_pushcfunction(L, function);
  lua_setfield(L, -2, name);
}

void wrap_member(lua_State* L, const char* name, lua_CFunction function) {
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

void add_builtin_libraries(lua_State* L) {
  add_string_library(L);
  add_table_library(L);
  add_math_library(L);
  add_bit_library(L);
}

}  // namespace rowhook
