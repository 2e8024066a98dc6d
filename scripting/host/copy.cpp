// Mutable copies. A table that was read from JSON remembers the text it came from (its origin), in a weak
// table that scripts do not reach: what is not changed is written back as it was, nulls, order and digits
// included.
#include "scripting/host/context.h"
#include "scripting/json_scanner.h"

namespace rowhook {
namespace {

void remember_origin(lua_State* L, int table, int anchor, std::string_view json) {
  context(L).origins_used = true;
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_origins);
  lua_pushvalue(L, table);
  auto* origin = static_cast<Origin*>(lua_newuserdata(L, sizeof(Origin)));
  origin->tag = UserTag::origin;
  origin->text = json.data();
  origin->size = static_cast<std::uint32_t>(json.size());
  lua_pushvalue(L, anchor);  // keeps the text alive as long as the origin
  lua_setfenv(L, -2);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

void push_value(lua_State* L, std::string_view json, int anchor);

void push_name(lua_State* L, std::string_view raw) {
  std::string& scratch = context(L).scratch;
  scratch.clear();
  unescape_json(raw, scratch);
  push_text(L, scratch);
}

void push_table(lua_State* L, std::string_view json, int anchor) {
  luaL_checkstack(L, 8, nullptr);
  lua_newtable(L);
  const int table = lua_gettop(L);
  std::string_view name, value;
  JsonCursor cursor(json);
  for (int i = 1; cursor.next(name, value); ++i) {
    const bool null = json_kind(value) == JsonKind::null;
    if (cursor.is_array()) {
      if (null) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, slot_null);
      } else {
        push_value(L, value, anchor);
      }
      lua_rawseti(L, table, i);
    } else if (!null) {
      push_name(L, name);
      push_value(L, value, anchor);
      lua_rawset(L, table);
    }
  }
  remember_origin(L, table, anchor, json);
}

void push_value(lua_State* L, std::string_view json, int anchor) {
  const JsonKind kind = json_kind(json);
  if (kind == JsonKind::array || kind == JsonKind::object) {
    push_table(L, json, anchor);
  } else {
    push_json(L, json, {}, true);
  }
}

// Copies the table at `source`; `seen` maps tables to their copies.
void copy_table(lua_State* L, int source, int seen) {
  luaL_checkstack(L, 10, "copy: the table is nested too deeply");
  lua_newtable(L);
  const int target = lua_gettop(L);
  lua_pushvalue(L, source);
  lua_pushvalue(L, target);
  lua_rawset(L, seen);
  const int slots[] = {slot_origins, slot_arrays};
  for (const int slot : slots) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, slot);
    lua_pushvalue(L, target);
    lua_pushvalue(L, source);
    lua_rawget(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
  }
  lua_pushnil(L);
  while (lua_next(L, source) != 0) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);  // key, key, value
    if (lua_istable(L, -1)) {
      const int value = lua_gettop(L);
      lua_pushvalue(L, value);
      lua_rawget(L, seen);
      if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        copy_table(L, value, seen);
      }
      lua_remove(L, value);
    }
    lua_rawset(L, target);
  }
}

}  // namespace

const Origin* origin_of(lua_State* L, int index) {
  if (!context(L).origins_used) return nullptr;
  lua_pushvalue(L, index);
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_origins);
  lua_insert(L, -2);
  lua_rawget(L, -2);
  const auto* origin = static_cast<const Origin*>(lua_touserdata(L, -1));
  lua_pop(L, 2);
  return origin;
}

void push_copy_of_json(lua_State* L, int text_index) {
  const std::string_view text = trim_json(to_text(L, text_index));
  if (!is_json(text)) {
    context(L).scratch = "not valid JSON, or nested deeper than 64 levels";
    raise_scratch(L);
  }
  lua_createtable(L, 1, 0);
  const int anchor = lua_gettop(L);
  lua_pushvalue(L, text_index);
  lua_rawseti(L, anchor, 1);
  push_value(L, text, anchor);
  lua_remove(L, anchor);
}

int copy_value(lua_State* L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  if (lua_istable(L, 1)) {
    lua_newtable(L);
    copy_table(L, 1, 2);
    return 1;
  }
  const UserHeader* user = user_header(L, 1);
  if (!user || user->tag == UserTag::null || user->tag == UserTag::library) return 1;
  if (user->tag == UserTag::changed) {
    lua_newtable(L);
    iterate_changed(L);
    for (;;) {
      lua_pushvalue(L, 3);
      lua_call(L, 0, 2);
      if (lua_isnil(L, -2)) break;
      lua_rawset(L, 2);
    }
    lua_settop(L, 2);
    return 1;
  }
  luaL_callmeta(L, 1, "__tostring");  // rows, views and the event print as their JSON
  push_copy_of_json(L, 2);
  return 1;
}

}  // namespace rowhook
