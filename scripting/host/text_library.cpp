#include "scripting/host/context.h"

namespace rowhook {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

int trim(lua_State* L) {
  std::string_view text = check_text(L, 1);
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  push_text(L, text);
  return 1;
}

int split(lua_State* L) {
  std::string_view text = check_text(L, 1);
  const std::string_view separator = check_text(L, 2);
  luaL_argcheck(L, !separator.empty(), 2, "the separator is empty");
  lua_newtable(L);
  for (int i = 1;; ++i) {
    const std::size_t at = text.find(separator);
    push_text(L, text.substr(0, at));
    lua_rawseti(L, -2, i);
    if (at == std::string_view::npos) break;
    text.remove_prefix(at + separator.size());
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_arrays);
  lua_pushvalue(L, -2);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  return 1;
}

// Elements may be anything that prints: numbers, exact values, null.
int join(lua_State* L) {
  const std::string_view separator = luaL_optstring(L, 2, "");
  lua_settop(L, 2);
  const UserHeader* user = user_header(L, 1);
  if (user && user->tag == UserTag::view && static_cast<const JsonView*>(user)->array) {
    push_children(L, 1);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  const auto count = static_cast<int>(lua_objlen(L, 1));
  for (int i = 1; i <= count; ++i) {
    if (i > 1) luaL_addlstring(&buffer, separator.data(), separator.size());
    lua_pushcfunction(L, guarded<value_to_string>);
    lua_rawgeti(L, 1, i);
    lua_call(L, 1, 1);
    luaL_addvalue(&buffer);
  }
  luaL_pushresult(&buffer);
  return 1;
}

int starts_with(lua_State* L) {
  const std::string_view text = check_text(L, 1), prefix = check_text(L, 2);
  lua_pushboolean(L, text.starts_with(prefix));
  return 1;
}

int ends_with(lua_State* L) {
  const std::string_view text = check_text(L, 1), suffix = check_text(L, 2);
  lua_pushboolean(L, text.ends_with(suffix));
  return 1;
}

int contains(lua_State* L) {
  const std::string_view text = check_text(L, 1), part = check_text(L, 2);
  lua_pushboolean(L, text.find(part) != std::string_view::npos);
  return 1;
}

int replace(lua_State* L) {
  std::string_view text = check_text(L, 1);
  const std::string_view from = check_text(L, 2), to = check_text(L, 3);
  luaL_argcheck(L, !from.empty(), 2, "nothing to look for");
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  for (;;) {
    const std::size_t at = text.find(from);
    luaL_addlstring(&buffer, text.data(), std::min(at, text.size()));
    if (at == std::string_view::npos) break;
    luaL_addlstring(&buffer, to.data(), to.size());
    text.remove_prefix(at + from.size());
  }
  luaL_pushresult(&buffer);
  return 1;
}

int length(lua_State* L) {
  lua_Integer count = 0;
  for (const char c : check_text(L, 1)) count += continues(c) ? 0 : 1;
  lua_pushinteger(L, count);
  return 1;
}

int truncate(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  const double most = luaL_checknumber(L, 2);
  double count = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end)
    if (!continues(text[end]) && ++count > most) break;
  push_text(L, text.substr(0, end));
  return 1;
}

}  // namespace

int text_library(lua_State* L) {
  const luaL_Reg functions[] = {
      {"trim", trim},           {"split", split},       {"join", join},       {"starts_with", starts_with},
      {"ends_with", ends_with}, {"contains", contains}, {"replace", replace}, {"length", length},
      {"truncate", truncate},   {nullptr, nullptr}};
  lua_newtable(L);
  luaL_register(L, nullptr, functions);
  return 1;
}

}  // namespace rowhook
