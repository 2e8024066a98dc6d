// The parts of a sandbox: private to scripting/host.
#pragma once

#include <string>

#include "scripting/host/context.h"

namespace rowhook {

// Makes everything a script sees and compiles it; may raise errors. Leaves main() in slot_main; nothing there
// and an error in context.scratch when the script does not compile.
int set_up(lua_State* L);

// The line that the innermost Lua function is at, 0 if none is running, and the chunk it is in.
int current_line(lua_State* L, std::string* source);
// Message handler: notes where the error was while the stack still stands.
int on_error(lua_State* L);
// Hook: raises the time limit's error.
void on_time_limit(lua_State* L, lua_Debug* frame);

// What to tell the author about the error on top of the stack, `status` as lua_pcall gave it.
ScriptError describe_error(lua_State* L, int status);
// What the script has read of the rows, so that its author sees with what it failed, or decided.
ScriptFields fields_read(const ScriptContext& context);
// Finds script and line in "name:3: message", or puts them there.
void locate_error(const ScriptContext& context, ScriptError& error, int line);

}  // namespace rowhook
