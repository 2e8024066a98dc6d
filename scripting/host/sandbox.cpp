#include "scripting/host/sandbox.h"

#include <cstdlib>
#include <cstring>

#include "scripting/host/deadline.h"
#include "scripting/host/sandbox_parts.h"

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

constexpr std::size_t longest_text = 256 * 1024;

// Lua's allocator: counts, refuses above the limit, and notes where the script was when it was refused.
void* allocate(void* data, void* block, std::size_t old_size, std::size_t size) {
  auto& c = *static_cast<ScriptContext*>(data);
  if (size == 0) {
    std::free(block);
    c.used -= old_size;
    return nullptr;
  }
  if (size > old_size && c.used + (size - old_size) > c.limits.memory_limit) {
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

}  // namespace

Sandbox::Sandbox(std::shared_ptr<const ScriptBundle> bundle, bool jit) : bundle_(std::move(bundle)) {
  context_.bundle = bundle_.get();
  context_.limits = bundle_->limits;
  if (bundle_->coverage) context_.coverage = std::make_unique<Coverage>();
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
  if (L_) luaJIT_setmode(L_, 0, LUAJIT_MODE_ENGINE | (jit ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
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
    locate_error(context_, error_, 0);
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

void Sandbox::begin(const CallView& call, HostShape& shape, std::string_view state) {
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
  c.ending = false;
  c.traceback.clear();
  c.packed_state = state;
  c.state.reset();
  c.changes.clear();
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

void Sandbox::run(const CallView& call, HostShape& shape, std::string_view state, HostResponse& response) {
  if (broken_) {
    response.status = ResponseStatus::error;
    response.error = &*broken_;
    return;
  }
  begin(call, shape, state);
  if (context_.coverage) context_.coverage->begin(L_);
  Deadline::guard(L_, on_time_limit,
                  static_cast<std::uint64_t>(std::chrono::microseconds{context_.limits.time_limit}.count()));
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
    context_.state.reset();
    context_.changes.clear();
    status = execute();
    lua_gc(L_, LUA_GCSETPAUSE, 200);
  }
  Deadline::release();
  if (context_.coverage) context_.coverage->end(L_);
  finish(response, status);
  lua_settop(L_, stack_base);
  constexpr std::size_t garbage = 1 << 20;
  if (context_.used > 2 * idle_memory_ + garbage) lua_gc(L_, LUA_GCCOLLECT, 0);
}

void Sandbox::finish(HostResponse& response, int status) {
  ScriptContext& c = context_;
  response.memory = c.peak;
  response.logs = c.logs;
  if (c.coverage) response.coverage = c.coverage->encoded();
  if (status != 0) {
    fail(response, status);
    return;
  }
  response.changes = c.changes;
  if (c.call->has(CallHeader::tell_fields)) response.fields = fields_ = fields_read(c);
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
  error_ = describe_error(L_, status);
  response.status = ResponseStatus::error;
  response.error = &error_;
}

}  // namespace rowhook
