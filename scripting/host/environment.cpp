// What a script can name: an empty global table that cannot be written to, in front of a table that scripts
// never reach.
#include "scripting/host/environment.h"
#include "engine/base/json.h"
#include "scripting/library_spec.h"
#include "scripting/script_text.h"

namespace rowhook {
namespace {

std::string nearest_column(const ScriptContext& c, std::string_view name) {
  std::vector<std::string_view> columns;
  if (c.shape)
    for (const auto& column : c.shape->shape().columns) columns.push_back(column.name);
  return nearest_name(name, columns);
}

int unknown_global(lua_State* L) {
  ScriptContext& c = context(L);
  const std::string name(luaL_checkstring(L, 2));
  if (is_refused_name(name)) {
    c.scratch =
        "'" + name + "' is not available to scripts: they have no files, network, processes or interpreter";
    return raise_refusal(L);
  }
  c.scratch = "nothing is named '" + name + "'";
  if (c.shape && c.shape->column(name) >= 0) {
    c.scratch += "; did you mean 'new." + name + "'?";
  } else if (const std::string nearest = nearest_name(name, member_names(L, 1)); !nearest.empty()) {
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
  for (const char* name : {"assert", "error", "getmetatable", "rawequal", "rawget", "rawset", "select",
                           "setmetatable", "unpack", "tonumber", "next", "pairs", "ipairs"}) {
    lua_getfield(L, LUA_GLOBALSINDEX, name);
    lua_setfield(L, -2, name);
  }
  wrap_member(L, "unpack", with_elements);
  wrap_member(L, "tonumber", guarded<to_number>);
  wrap_member(L, "ipairs", guarded<ipairs>);
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
  for (const auto& function : functions) set_member(L, function.name, function.func);
  for (const char* name : {"print", "tostring", "require"}) wrap_member(L, name, nested);
  push_null(L);
  lua_setfield(L, -2, "null");
  const struct {
    const char* name;
    int (*push)(lua_State*);
  } libraries[] = {{"text", text_library},      {"time", time_library}, {"hash", hash_library},
                   {"json", json_library},      {"log", log_library},   {"kv", kv_library},
                   {"decimal", decimal_library}};
  for (const auto& library : libraries) {
    library.push(L);
    if (library.push == text_library) wrap_member(L, "join", nested);
    if (library.push == log_library)
      for (const char* level : {"debug", "info", "warning", "error"}) wrap_member(L, level, nested);
    freeze(L, library.name);
    lua_setfield(L, -2, library.name);
  }
  add_builtin_libraries(L);
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
  set_member(L, "__index", guarded<unknown_global>);
  lua_setmetatable(L, -2);

  lua_newtable(L);  // what scripts see as their globals: always empty
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  set_member(L, "__newindex", set_global);
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
