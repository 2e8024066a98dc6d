// How the environment of a sandbox is put together: private to scripting/host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scripting/host/context.h"

namespace rowhook {

// Names of the table at `index`, without the sandbox's own.
std::vector<std::string> member_names(lua_State* L, int index);

// Replaces the table of functions on top of the stack by a userdata that shows it and cannot be changed.
void freeze(lua_State* L, const char* name);

// Of the table on top: sets member `name` to a C function, or puts one around what stands there, which
// becomes its upvalue.
void set_member(lua_State* L, const char* name, lua_CFunction function);
void wrap_member(lua_State* L, const char* name, lua_CFunction function);

// Puts the string, table, math and bit libraries into the table on top, with the members that
// script_library() names.
void add_builtin_libraries(lua_State* L);

// Upvalue: a built-in function that may call back; nesting of such calls is bounded.
int nested(lua_State* L);
// pcall and xpcall that let a time limit and event.retry_after() through.
int protected_call(lua_State* L);
int protected_call_with_handler(lua_State* L);

// Lua's own functions, taught about rows, nested JSON and exact values. Upvalue of pairs: the built-in next;
// of ipairs, to_number and with_elements: the built-in function.
int type_name(lua_State* L);
int pairs(lua_State* L);
int ipairs(lua_State* L);
int next(lua_State* L);
int with_elements(lua_State* L);
int to_number(lua_State* L);
int make_array(lua_State* L);

}  // namespace rowhook
