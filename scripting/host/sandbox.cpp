#include "scripting/host/sandbox.h"

#include <cstdlib>
#include <cstring>

#include "scripting/host/deadline.h"
#include "scripting/script_text.h"

namespace rowhook {
namespace {

// Fixed places at the bottom of the main stack.
enum StackSlot {
  at_handler = 1,
  at_main,
  at_new,
  at_old,
  at_changed,
  at_event,
  at_runner,
  stack_base = at_runner
};

constexpr std::string_view parameters = "new,old,changed,event,item";
constexpr std::size_t longest_text = 256 * 1024;

// The line that the innermost Lua function is at, and the chunk it is in.
int current_line(lua_State* L, std::string* source) {
  lua_Debug frame;
  for (int level = 0; level < 64 && lua_getstack(L, level, &frame) == 1; ++level) {
    if (lua_getinfo(L, "Sl", &frame) == 0 || frame.currentline <= 0) continue;
    if (source) *source = frame.short_src;
    return frame.currentline;
  }
  return 0;
}

// Lua's allocator: counts, refuses above the limit, and notes where the script was when it was refused.
void* allocate(void* data, void* block, std::size_t old_size, std::size_t size) {
  auto& c = *static_cast<ScriptContext*>(data);
  if (size == 0) {
    std::free(block);
    c.used -= old_size;
    return nullptr;
  }
  if (size > old_size && c.used + (size - old_size) > c.limits.memory) {
    if (!c.memory_refused && c.L) c.memory_line = current_line(c.L, nullptr);
    c.memory_refused = true;
    return nullptr;
  }
  void* moved = std::realloc(block, size);
  if (!moved) return nullptr;
  c.used += size - old_size;
  c.peak = std::max(c.peak, c.used);
  return moved;
}

// Message handler: the stack still stands, so the place of the error can be seen.
int on_error(lua_State* L) {
  ScriptContext& c = context(L);
  c.error_line = current_line(L, &c.error_source);
  return 1;
}

std::string duration_text(std::uint64_t micros) {
  return micros % 1'000'000 == 0 ? std::to_string(micros / 1'000'000) + " s"
                                 : std::to_string(micros / 1000) + " ms";
}

void on_time_limit(lua_State* L, lua_Debug* frame) {
  ScriptContext& c = context(L);
  c.interrupted = 1;
  lua_getinfo(L, "Sl", frame);
  c.scratch = std::string(frame->short_src) + ":" + std::to_string(frame->currentline) + ": time limit of " +
              duration_text(c.limits.time_us) + " exceeded";
  push_text(L, c.scratch);
  lua_error(L);
}

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
    }
    lua_rawset(L, -3);
  }
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_modules);
  lua_newtable(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_loaded);
}

// Everything of a sandbox that may raise an error. Leaves main() in slot_main; nothing there and an error in
// context.scratch when the script does not compile.
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
    lua_rawseti(L, LUA_REGISTRYINDEX, slot_main);
  } else {
    c.scratch = to_text(L, -1);
  }
  return 0;
}

// Gives each call its own loaded modules and views.
int clean_up(lua_State* L) {
  ScriptContext& c = context(L);
  if (c.modules_used) {
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, slot_loaded);
  }
  for (const int slot : {slot_new_row, slot_old_row, slot_event}) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, slot);
    lua_newtable(L);
    lua_setfenv(L, -2);
    lua_pop(L, 1);
  }
  return 0;
}

// Runs main with its arguments and, for a transform, writes what it returned: all inside one protected call.
int run_whole(lua_State* L) {
  ScriptContext& c = context(L);
  const auto push_slot = [&](bool present, int slot) {
    if (present) {
      lua_rawgeti(L, LUA_REGISTRYINDEX, slot);
    } else {
      lua_pushnil(L);
    }
  };
  push_slot(true, slot_main);
  push_slot(!c.rows[0].bytes.empty(), slot_new_row);
  push_slot(!c.rows[1].bytes.empty(), slot_old_row);
  push_slot(true, slot_changed);
  push_slot(true, slot_event);
  if (!c.call->has(CallHeader::has_item)) {
    lua_pushnil(L);
  } else {
    push_json(L, c.call->has(CallHeader::item_is_event) ? std::string_view(c.json_of_event()) : c.call->item,
              {}, false);
  }
  lua_call(L, 5, 1);
  if (c.bundle->script->kind == ScriptKind::filter) return 1;
  const UserHeader* user = user_header(L, -1);
  if (lua_isnil(L, -1) || (user && user->tag == UserTag::null)) {
    lua_pushnil(L);
    return 1;
  }
  c.out.clear();
  if (!lua_istable(L, -1) && !user) {
    c.path.clear();
    c.problem = std::string("is a ") + luaL_typename(L, -1) +
                ": a transform returns a table, or nil to drop the event";
    lua_pushboolean(L, 0);
  } else {
    lua_pushboolean(L, write_value(L, lua_gettop(L)));
  }
  return 1;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// What Lua says about our types, in words an author can act on.
std::string reworded(std::string text) {
  replace_all(text, "got cdata)",
              "got a number with more than 14 digits: tonumber(v) gives the nearest Lua number)");
  replace_all(text, "got userdata)", "got a read-only value: copy(v) gives a table)");
  replace_all(text, "'struct exact_value'", "a number with more than 14 digits");
  return text;
}

}  // namespace

Sandbox::Sandbox(std::shared_ptr<const ScriptBundle> bundle, const HostLimits& limits)
    : bundle_(std::move(bundle)) {
  context_.bundle = bundle_.get();
  context_.limits = limits;
  const Script& script = *bundle_->script;
  if (script.text.size() > longest_text) {
    broken_ = ScriptError{ScriptError::Type::refused, script.name + ": a script has at most 256 KiB",
                          script.name, 0};
    return;
  }
  if (!script.text.empty() && script.text.front() == '\x1b') {
    broken_ =
        ScriptError{ScriptError::Type::refused,
                    script.name + ": compiled Lua (bytecode) is refused: give the text", script.name, 0};
    return;
  }
  L_ = lua_newstate(allocate, &context_);
  if (L_) luaJIT_setmode(L_, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  compile();
}

Sandbox::~Sandbox() {
  context_.L = nullptr;
  if (L_) lua_close(L_);
}

void Sandbox::compile() {
  const Script& script = *bundle_->script;
  if (!L_ || lua_checkstack(L_, 60) == 0) {
    broken_ = ScriptError{ScriptError::Type::memory_limit,
                          script.name + ": the memory limit is too small for any script", script.name, 0};
    return;
  }
  context_.L = L_;
  const int status = lua_cpcall(L_, guarded<set_up>, nullptr);
  if (status == 0) lua_rawgeti(L_, LUA_REGISTRYINDEX, slot_main);
  if (status != 0 || lua_isnil(L_, -1)) {
    error_ = ScriptError{status == LUA_ERRMEM ? ScriptError::Type::memory_limit : ScriptError::Type::syntax,
                         status == 0 ? context_.scratch : std::string(to_text(L_, -1)), script.name, 0};
    locate(error_, 0);
    broken_ = std::move(error_);
    return;
  }
  lua_settop(L_, 0);
  const auto place = [this] {
    lua_pushcfunction(L_, on_error);
    for (const int slot : {slot_main, slot_new_row, slot_old_row, slot_changed, slot_event})
      lua_rawgeti(L_, LUA_REGISTRYINDEX, slot);
    lua_pushcfunction(L_, guarded<run_whole>);
  };
  place();
  lua_gc(L_, LUA_GCCOLLECT, 0);
  lua_gc(L_, LUA_GCSETPAUSE, 200);
  idle_memory_ = context_.used;
}

void Sandbox::begin(const CallView& call, HostShape& shape) {
  ScriptContext& c = context_;
  const bool dirty = c.modules_used || c.rows[0].cached || c.rows[1].cached || !c.event_json.empty();
  c.call = &call;
  c.shape = &shape;
  c.peak = c.used;
  c.memory_refused = false;
  c.memory_line = c.error_line = 0;
  c.interrupted = 0;
  c.seeded = false;
  c.nested_calls = 0;
  c.rows[0].reset(call.new_row);
  c.rows[1].reset(call.old_row);
  c.hints.clear();
  c.logs.clear();
  c.log_bytes = 0;
  c.refused.clear();
  c.origins_used = false;
  if (!dirty) return;
  lua_cpcall(L_, clean_up, nullptr);
  lua_settop(L_, stack_base);
  c.modules_used = c.rows[0].cached = c.rows[1].cached = false;
  c.event_json.clear();
}

// Runs the call once; leaves its value or error on top of the stack.
int Sandbox::execute() {
  const ScriptContext& c = context_;
  if (bundle_->script->kind == ScriptKind::transform || c.call->has(CallHeader::has_item)) {
    lua_pushvalue(L_, at_runner);
    return lua_pcall(L_, 0, 1, at_handler);
  }
  const auto push_row = [&](const RowState& row, int at) {
    if (row.bytes.empty()) {
      lua_pushnil(L_);
    } else {
      lua_pushvalue(L_, at);
    }
  };
  lua_pushvalue(L_, at_main);
  push_row(c.rows[0], at_new);
  push_row(c.rows[1], at_old);
  lua_pushvalue(L_, at_changed);
  lua_pushvalue(L_, at_event);
  return lua_pcall(L_, 4, 1, at_handler);
}

void Sandbox::run(const CallView& call, HostShape& shape, HostResponse& response) {
  if (broken_) {
    response.status = ResponseStatus::error;
    response.error = &*broken_;
    return;
  }
  begin(call, shape);
  Deadline::guard(L_, on_time_limit, context_.limits.time_us);
  int status = execute();
  if (status == LUA_ERRMEM && !context_.interrupted) {
    // LuaJIT does not collect before it gives up: do it now, and run once more. Calls have no effects but
    // their log.
    lua_settop(L_, stack_base);
    lua_gc(L_, LUA_GCCOLLECT, 0);
    lua_gc(L_, LUA_GCSETPAUSE, 110);
    context_.logs.clear();
    context_.log_bytes = 0;
    context_.memory_refused = false;
    context_.nested_calls = 0;
    status = execute();
    lua_gc(L_, LUA_GCSETPAUSE, 200);
  }
  Deadline::release();
  finish(response, status);
  lua_settop(L_, stack_base);
  constexpr std::size_t garbage = 1 << 20;
  if (context_.used > 2 * idle_memory_ + garbage) lua_gc(L_, LUA_GCCOLLECT, 0);
}

void Sandbox::finish(HostResponse& response, int status) {
  ScriptContext& c = context_;
  response.memory = c.peak;
  response.logs = c.logs;
  if (status != 0) {
    fail(response, status);
    return;
  }
  const Script& script = *bundle_->script;
  const auto refuse_result = [&](std::string message) {
    error_ = ScriptError{ScriptError::Type::result, script.name + ": " + std::move(message), script.name, 0};
    response.status = ResponseStatus::error;
    response.error = &error_;
  };
  const int type = lua_type(L_, -1);
  if (script.kind == ScriptKind::transform) {
    if (type == LUA_TNIL) {
      response.status = ResponseStatus::dropped;
    } else if (lua_toboolean(L_, -1)) {
      response.status = ResponseStatus::table;
      response.json = c.out;
    } else {
      refuse_result(problem_text(c));
    }
  } else if (type == LUA_TBOOLEAN) {
    response.status = lua_toboolean(L_, -1) ? ResponseStatus::yes : ResponseStatus::no;
  } else if (type == LUA_TNIL) {
    refuse_result(
        "a filter returns true or false, this one returned nothing (nil): write, for example, new.column == "
        "true "
        "or new.column ~= nil");
  } else {
    refuse_result(std::string("a filter returns true or false, this one returned a ") +
                  lua_typename(L_, type));
  }
}

void Sandbox::fail(HostResponse& response, int status) {
  error_ = describe(status);
  response.status = ResponseStatus::error;
  response.error = &error_;
}

ScriptError Sandbox::describe(int status) {
  const ScriptContext& c = context_;
  ScriptError error{ScriptError::Type::runtime, {}, bundle_->script->name, 0};
  if (lua_isstring(L_, -1)) {
    error.message = to_text(L_, -1);
  } else {
    error.message = std::string("error with a ") + luaL_typename(L_, -1) + " value instead of a message";
  }
  int line = c.error_line;
  if (c.interrupted) {
    error.type = ScriptError::Type::time_limit;
  } else if (status == LUA_ERRMEM) {
    error.type = ScriptError::Type::memory_limit;
    error.message = "not enough memory: the limit is " + std::to_string(c.limits.memory >> 20) + " MiB";
    line = c.memory_line;
  } else if (status == LUA_ERRERR || error.message.ends_with("stack overflow")) {
    error.type = ScriptError::Type::stack;
    if (status == LUA_ERRERR) error.message = "stack overflow";
  } else if (!c.refused.empty() && error.message.ends_with(c.refused)) {
    error.type = ScriptError::Type::refused;
  }
  locate(error, line);
  error.message = reworded(std::move(error.message));
  return error;
}

// Finds script and line in "name:3: message", or puts them there. Without any line, the error came out of a
// tail call, `return json.decode(x)`: where the text has one return, it was that one.
void Sandbox::locate(ScriptError& error, int line) {
  constexpr std::size_t shown = LUA_IDSIZE - 1;  // Lua cuts names of chunks
  const auto starts_with_place = [&](const std::string& name) {
    const std::string_view cut = std::string_view(name).substr(0, shown);
    if (!error.message.starts_with(cut) || error.message.size() <= cut.size() ||
        error.message[cut.size()] != ':')
      return false;
    char* end = nullptr;
    const long number = std::strtol(error.message.c_str() + cut.size() + 1, &end, 10);
    if (number <= 0 || *end != ':') return false;
    error.line = static_cast<int>(number);
    error.script = name;
    error.message.replace(0, cut.size(), name);
    return true;
  };
  const std::string& name = bundle_->script->name;
  if (starts_with_place(name)) return;
  for (const auto& module : bundle_->modules)
    if (starts_with_place(module.name)) return;
  if (line == 0 && error.type == ScriptError::Type::runtime) line = context_.only_return;
  error.line = line;
  for (const auto& module : bundle_->modules)
    if (context_.error_line > 0 && context_.error_source == std::string_view(module.name).substr(0, shown))
      error.script = module.name;
  error.message.insert(0, error.script + (line > 0 ? ":" + std::to_string(line) : "") + ": ");
}

}  // namespace rowhook
