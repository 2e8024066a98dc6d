#include "scripting/host/coverage.h"

#include "engine/event/varint.h"
#include "scripting/host/context.h"

namespace rowhook {
namespace {

// Puts the lines of a function's bytecode, and of the functions inside it, into a table. The first
// instruction is the function's header.
constexpr std::string_view lines_of_function = R"(
local util, is_prototype, main = ...
local lines = {}
local function visit(f)
  local info = util.funcinfo(f)
  for pc = 1, info.bytecodes - 1 do
    local line = util.funcinfo(f, pc).currentline
    if line and line > 0 then lines[line] = true end
  end
  for constant = -1, -info.gcconsts, -1 do
    local inner = util.funck(f, constant)
    if is_prototype(inner) then visit(inner) end
  end
end
visit(main)
return lines
)";

int is_prototype(lua_State* L) {
  lua_pushboolean(L, std::string_view(luaL_typename(L, 1)) == "proto");
  return 1;
}

// Leaves LuaJIT's introspection on the stack and nothing of it where scripts could come by it.
void push_introspection(lua_State* L) {
  lua_pushcfunction(L, luaopen_jit);
  lua_call(L, 0, 0);
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);  // opening it switched the compiler on
  lua_getfield(L, LUA_REGISTRYINDEX, "_PRELOAD");
  lua_getfield(L, -1, "jit.util");
  lua_remove(L, -2);
  lua_call(L, 0, 1);
  lua_newtable(L);
  lua_replace(L, LUA_GLOBALSINDEX);
  for (const char* name : {"_LOADED", "_PRELOAD"}) {
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, name);
  }
}

std::string_view chunk_name(const lua_Debug& frame) {
  const std::string_view source = frame.source;
  return source.starts_with('=') ? source.substr(1) : source;
}

void write_lines(std::string& out, const std::vector<char>& lines) {
  write_varint(out, static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), 1)));
  for (std::size_t line = 0; line < lines.size(); ++line)
    if (lines[line] != 0) write_varint(out, line);
}

}  // namespace

void Coverage::note_code(lua_State* L) {
  const int function = lua_gettop(L);
  lua_Debug frame{};
  lua_pushvalue(L, function);
  lua_getinfo(L, ">S", &frame);
  const std::string name(chunk_name(frame));
  luaL_loadbuffer(L, lines_of_function.data(), lines_of_function.size(), "=coverage");
  push_introspection(L);
  lua_pushcfunction(L, is_prototype);
  lua_pushvalue(L, function);
  lua_call(L, 3, 1);
  Source source{name, {}, {}};
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
    const auto line = static_cast<std::size_t>(lua_tointeger(L, -2));
    if (source.holds_code.size() <= line) source.holds_code.resize(line + 1);
    source.holds_code[line] = 1;
  }
  source.ran.resize(source.holds_code.size());
  sources_.push_back(std::move(source));
  lua_settop(L, function);
}

void Coverage::begin(lua_State* L) {
  for (auto& source : sources_) std::fill(source.ran.begin(), source.ran.end(), 0);
  lua_sethook(L, on_line, LUA_MASKLINE, 0);
}

void Coverage::end(lua_State* L) { lua_sethook(L, nullptr, 0, 0); }

Coverage::Source* Coverage::find(std::string_view name) {
  for (auto& source : sources_)
    if (source.name == name) return &source;
  return nullptr;
}

void Coverage::on_line(lua_State* L, lua_Debug* frame) {
  lua_getinfo(L, "S", frame);
  Source* source = context(L).coverage->find(chunk_name(*frame));
  const auto line = static_cast<std::size_t>(std::max(frame->currentline, 0));
  if (source && line < source->ran.size() && source->holds_code[line] != 0) source->ran[line] = 1;
}

const std::string& Coverage::encoded() {
  encoded_.clear();
  write_varint(encoded_, sources_.size());
  for (const auto& source : sources_) {
    write_bytes(encoded_, source.name);
    write_lines(encoded_, source.holds_code);
    write_lines(encoded_, source.ran);
  }
  return encoded_;
}

}  // namespace rowhook
