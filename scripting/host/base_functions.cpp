#include <cstdlib>

#include "scripting/decimal.h"
#include "scripting/host/environment.h"

namespace rowhook {

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

// An array of a row as first argument is handed over as the table of its
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

// Text with more digits than a Lua number holds keeps them:
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

}  // namespace rowhook
