// The library's declaration in the forms that people and editors read.
#pragma once

#include <span>
#include <string>

#include "scripting/lua_check.h"

namespace rowhook {

// The reference as Markdown: one table per library.
std::string script_library_markdown();
// Definitions for the Lua language server (LuaLS, EmmyLua). With `tables`, rows have their columns.
std::string script_library_definitions(std::span<const ScriptTable> tables = {});
// A .luacheckrc that knows the library's globals.
std::string script_library_luacheckrc();
// The LuaLS type of a column of this SQL type: "number", "string", "boolean", "any".
std::string_view lua_type_of(std::string_view sql_type);

}  // namespace rowhook
