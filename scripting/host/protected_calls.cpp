// Functions that call back into Lua: how deep they may nest, and what pcall may catch.
#include "scripting/host/environment.h"

namespace rowhook {
namespace {

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

// What no pcall may catch: the time limit, and the end the script itself asked for.
bool passes_through(lua_State* L) { return context(L).interrupted != 0 || context(L).ending; }

}  // namespace

int nested(lua_State* L) {
  enter_nested_call(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  --context(L).nested_calls;
  return lua_gettop(L);
}

// After a time limit the hook stays armed, and the error that broke in goes on upwards.
int protected_call(lua_State* L) {
  luaL_checkany(L, 1);
  const int status = call_protected(L, lua_gettop(L) - 1, LUA_MULTRET);
  if (status != 0 && passes_through(L)) return lua_error(L);
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
  if (status != 0 && passes_through(L)) return lua_error(L);
  if (status == 0) {
    lua_pushboolean(L, 1);
    lua_replace(L, 1);
    return lua_gettop(L);
  }
  const bool handled = call_protected(L, 1, 1) == 0;
  if (!handled && passes_through(L)) return lua_error(L);
  lua_pushboolean(L, 0);
  lua_insert(L, 1);
  return 2;
}

}  // namespace rowhook
