// Read-only JSON: nested values of json columns, `item` and the event's metadata. A view keeps the text it
// came from, so it is written back byte for byte; its children are made, one level deep, when the first of
// them is read.
#include "scripting/host/context.h"
#include "scripting/json_scanner.h"
#include "scripting/number_text.h"

namespace rowhook {
namespace {

JsonView* view_at(lua_State* L, int index) { return static_cast<JsonView*>(lua_touserdata(L, index)); }

int view_index(lua_State* L) {
  push_children(L, 1);
  if (lua_isboolean(L, 2)) return 0;  // the list of names is not a child
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  return 1;
}

int view_read_only(lua_State* L) {
  context(L).scratch = "this value is read-only: change a copy, local value = copy(...)";
  return raise_refusal(L);
}

int view_length(lua_State* L) {
  push_children(L, 1);
  lua_pushinteger(L, static_cast<lua_Integer>(view_at(L, 1)->array ? view_at(L, 1)->count : 0));
  return 1;
}

int view_to_string(lua_State* L) {
  push_text(L, view_at(L, 1)->json());
  return 1;
}

int next_element(lua_State* L) {
  const lua_Integer i = lua_tointeger(L, lua_upvalueindex(1)) + 1;
  lua_pushinteger(L, i);
  lua_replace(L, lua_upvalueindex(1));
  lua_pushinteger(L, i);
  lua_rawgeti(L, lua_upvalueindex(2), static_cast<int>(i));
  return lua_isnil(L, -1) ? 0 : 2;
}

int next_member(lua_State* L) {
  const lua_Integer i = lua_tointeger(L, lua_upvalueindex(1)) + 1;
  lua_pushinteger(L, i);
  lua_replace(L, lua_upvalueindex(1));
  lua_pushboolean(L, 1);
  lua_rawget(L, lua_upvalueindex(2));
  lua_rawgeti(L, -1, static_cast<int>(i));
  if (lua_isnil(L, -1)) return 0;
  lua_pushvalue(L, -1);
  lua_rawget(L, lua_upvalueindex(2));
  return 2;
}

void push_string_literal(lua_State* L, std::string_view literal) {
  const std::string_view raw = literal.substr(1, literal.size() - 2);
  if (raw.find('\\') == std::string_view::npos) {
    push_text(L, raw);
    return;
  }
  std::string& scratch = context(L).scratch;
  scratch.clear();
  unescape_json(raw, scratch);
  push_text(L, scratch);
}

// Adds a name to the list at `list` unless the object has it already (the last value of a repeated name
// counts).
void add_name(lua_State* L, int children, int list, int& names) {
  lua_pushvalue(L, -1);
  lua_rawget(L, children);
  if (lua_isnil(L, -1)) {
    lua_pushvalue(L, -2);
    lua_rawseti(L, list, ++names);
  }
  lua_pop(L, 1);
}

void push_raw_name(lua_State* L, std::string_view raw) {
  std::string& scratch = context(L).scratch;
  scratch.clear();
  unescape_json(raw, scratch);
  push_text(L, scratch);
}

void expand(lua_State* L, JsonView* view) {
  luaL_checkstack(L, 10, nullptr);
  lua_newtable(L);
  const int children = lua_gettop(L);
  std::string_view name, value;
  JsonCursor cursor(view->json());
  int count = 0;
  if (view->array) {
    while (cursor.next(name, value)) {
      if (json_kind(value) == JsonKind::null) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, slot_null);  // a hole would end # and ipairs
      } else {
        push_json(L, value, {}, true);
      }
      lua_rawseti(L, children, ++count);
    }
  } else {
    lua_newtable(L);
    const int list = lua_gettop(L);
    while (cursor.next(name, value)) {
      if (json_kind(value) == JsonKind::null) continue;
      push_raw_name(L, name);
      add_name(L, children, list, count);
      push_json(L, value, {}, true);
      lua_rawset(L, children);
    }
    lua_pushboolean(L, 1);
    lua_insert(L, list);
    lua_rawset(L, children);
  }
  view->count = static_cast<std::uint32_t>(count);
}

}  // namespace

void push_children(lua_State* L, int index) {
  JsonView* view = view_at(L, index);
  if (view->expanded) {
    lua_getfenv(L, index);
    return;
  }
  lua_pushvalue(L, index);
  const int self = lua_gettop(L);
  expand(L, view);
  lua_pushvalue(L, -1);
  lua_setfenv(L, self);
  lua_remove(L, self);
  view->expanded = true;
}

int iterate_view(lua_State* L) {
  const bool array = view_at(L, 1)->array;
  push_children(L, 1);
  lua_pushinteger(L, 0);
  lua_insert(L, -2);
  lua_pushcclosure(L, array ? next_element : next_member, 2);
  return 1;
}

void push_json(lua_State* L, std::string_view text, std::string_view name, bool checked) {
  if (!checked) {
    text = trim_json(text);
    if (!is_json(text)) {
      context(L).scratch = "the value holds no valid JSON, or is nested deeper than 64 levels";
      raise_scratch(L);
    }
  }
  switch (json_kind(text)) {
    case JsonKind::yes:
      lua_pushboolean(L, 1);
      return;
    case JsonKind::no:
      lua_pushboolean(L, 0);
      return;
    case JsonKind::number:
      push_number(L, text, name);
      return;
    case JsonKind::string:
      push_string_literal(L, text);
      return;
    case JsonKind::null:
    case JsonKind::bad:
      lua_pushnil(L);
      return;
    case JsonKind::array:
    case JsonKind::object:
      break;
  }
  auto* view = static_cast<JsonView*>(lua_newuserdata(L, sizeof(JsonView)));
  view->tag = UserTag::view;
  view->text = text.data();
  view->size = static_cast<std::uint32_t>(text.size());
  view->count = 0;
  view->array = text.front() == '[';
  view->expanded = false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_view_meta);
  lua_setmetatable(L, -2);
}

void make_view_type(lua_State* L) {
  lua_createtable(L, 0, 6);
  lua_pushcfunction(L, guarded<view_index>);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, view_read_only);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, guarded<view_length>);
  lua_setfield(L, -2, "__len");
  lua_pushcfunction(L, view_to_string);
  lua_setfield(L, -2, "__tostring");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_view_meta);
}

}  // namespace rowhook
