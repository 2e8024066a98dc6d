// From an author's text to a function.
#include "scripting/host/sandbox_parts.h"
#include "scripting/script_text.h"

namespace rowhook {
namespace {

constexpr std::string_view parameters = "new,old,changed,event,item";

// Compiles text as chunk `name`; leaves a function, or the compiler's message (false).
bool load(lua_State* L, const std::string& text, const std::string& name) {
  const std::string chunk = "=" + name;
  return luaL_loadbufferx(L, text.data(), text.size(), chunk.c_str(), "t") == 0;
}

// Finds the form in which the text compiles: an expression, or a chunk. False: neither, the message is on the
// stack.
bool find_form(lua_State* L, const ScriptText& script, const std::string& name, std::string& body) {
  // Brackets keep `return f(x)` from being a tail call, which would forget the line that an error of f is
  // reported at.
  for (const std::string& form : {"return (" + script.text + "\n)", script.text, "return " + script.text}) {
    if (load(L, form, name)) {
      body = form;
      return true;
    }
  }
  if (script.statements) load(L, script.text, name);  // what is wrong with the form that was meant
  return false;
}

// Leaves on the stack what main() of the script is; false: the message.
bool load_script(lua_State* L, const ScriptText& script, const std::string& name) {
  // Text that compiles by itself is balanced: inside the function it cannot close it and go on outside.
  std::string body;
  if (!find_form(L, script, name, body)) return false;
  const std::string head = "return function(" + std::string(parameters) + ") ";
  if (!load(L, head + body + "\nend", name)) return false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot_environment);
  lua_setfenv(L, -2);
  lua_call(L, 0, 1);
  return true;
}

void load_modules(lua_State* L, const ScriptBundle& bundle) {
  lua_newtable(L);
  for (const auto& module : bundle.modules) {
    push_text(L, module.name);
    const ScriptText text = read_script_text(module.text);
    if (text.problem) {
      push_text(L, module.name + ":" + std::to_string(text.problem->first) + ": " + text.problem->second);
    } else if (load(L, text.text, module.name)) {
      lua_rawgeti(L, LUA_REGISTRYINDEX, slot_environment);
      lua_setfenv(L, -2);
      if (context(L).coverage) context(L).coverage->note_code(L);
    }
    lua_rawset(L, -3);
  }
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_modules);
  lua_newtable(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_loaded);
}

}  // namespace

int set_up(lua_State* L) {
  ScriptContext& c = context(L);
  make_environment(L);
  make_row_types(L);
  load_modules(L, *c.bundle);
  const ScriptText text = read_script_text(c.bundle->script->text);
  const std::string& name = c.bundle->script->name;
  c.only_return = text.only_return;
  if (text.problem) {
    c.scratch = name + ":" + std::to_string(text.problem->first) + ": " + text.problem->second;
  } else if (load_script(L, text, name)) {
    if (c.coverage) c.coverage->note_code(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, slot_main);
  } else {
    c.scratch = to_text(L, -1);
  }
  return 0;
}

}  // namespace rowhook
