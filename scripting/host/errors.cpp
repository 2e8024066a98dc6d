// Errors of scripts in words their authors can act on.
#include <cstdlib>

#include "engine/event/json_writer.h"
#include "scripting/host/sandbox_parts.h"

namespace rowhook {
namespace {

constexpr int most_frames = 12;
constexpr std::size_t most_fields = 16, longest_field = 200;

std::string duration_text(std::chrono::milliseconds time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                  : std::to_string(time.count()) + " ms";
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

ScriptFields fields_read(const ScriptContext& c) {
  ScriptFields fields;
  if (!c.shape) return fields;
  const auto& columns = c.shape->shape().columns;
  for (const bool old : {false, true}) {
    const RowState& row = c.rows[old ? 1 : 0];
    for (std::size_t i = 0; i < std::min<std::size_t>(row.values.size(), 64); ++i) {
      if ((row.read >> i & 1) == 0 || !row.values[i].sent() || fields.size() >= most_fields) continue;
      std::string json;
      write_json_value(json, row.values[i]);
      if (json.size() > longest_field) {
        const std::string start = json.substr(0, longest_field);
        json.clear();
        write_json_string(json, start + "...");
      }
      fields.emplace_back((old ? "old." : "new.") + columns[i].name, std::move(json));
    }
  }
  return fields;
}

namespace {

// "orders:3: in function 'total'": the calls that led to the error, innermost first.
void trace(lua_State* L, std::string& out) {
  out.clear();
  lua_Debug frame;
  for (int level = 0, shown = 0; shown < most_frames && lua_getstack(L, level, &frame) == 1; ++level) {
    if (lua_getinfo(L, "Sln", &frame) == 0 || frame.currentline <= 0) continue;
    if (shown++ > 0) out += '\n';
    out.append(frame.short_src).append(":").append(std::to_string(frame.currentline)).append(":");
    if (frame.name) out.append(" in function '").append(frame.name).append("'");
    if (!frame.name) out += " in the script";
  }
}

}  // namespace

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

int on_error(lua_State* L) {
  ScriptContext& c = context(L);
  c.error_line = current_line(L, &c.error_source);
  trace(L, c.traceback);
  return 1;
}

void on_time_limit(lua_State* L, lua_Debug* frame) {
  ScriptContext& c = context(L);
  c.interrupted = 1;
  lua_getinfo(L, "Sl", frame);
  c.scratch = std::string(frame->short_src) + ":" + std::to_string(frame->currentline) + ": time limit of " +
              duration_text(c.limits.time_limit) + " exceeded";
  push_text(L, c.scratch);
  lua_error(L);
}

ScriptError describe_error(lua_State* L, int status) {
  const ScriptContext& c = context(L);
  ScriptError error{ScriptError::Type::runtime, {}, c.bundle->script->name, 0};
  if (lua_isstring(L, -1)) {
    error.message = to_text(L, -1);
  } else {
    error.message = std::string("error with a ") + luaL_typename(L, -1) + " value instead of a message";
  }
  int line = c.error_line;
  error.traceback = c.traceback;
  if (c.interrupted) {
    error.type = ScriptError::Type::time_limit;
  } else if (status == LUA_ERRMEM) {
    error.type = ScriptError::Type::memory_limit;
    error.message = "not enough memory: the limit is " + std::to_string(c.limits.memory_limit >> 20) + " MiB";
    line = c.memory_line;
  } else if (status == LUA_ERRERR || error.message.ends_with("stack overflow")) {
    error.type = ScriptError::Type::stack;
    if (status == LUA_ERRERR) error.message = "stack overflow";
  } else if (c.ending) {
    error.type = c.ending_type;
    error.retry_after = std::chrono::milliseconds{static_cast<std::int64_t>(c.ending_seconds * 1000)};
  } else if (!c.refused.empty() && error.message.ends_with(c.refused)) {
    error.type = ScriptError::Type::refused;
  }
  locate_error(c, error, line);
  error.message = reworded(std::move(error.message));
  if (!c.ending) error.fields = fields_read(c);
  return error;
}

// Without any line, the error came out of a
// tail call, `return json.decode(x)`: where the text has one return, it was that one.
void locate_error(const ScriptContext& context, ScriptError& error, int line) {
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
  const std::string& name = context.bundle->script->name;
  if (starts_with_place(name)) return;
  for (const auto& module : context.bundle->modules)
    if (starts_with_place(module.name)) return;
  if (line == 0 && error.type == ScriptError::Type::runtime) line = context.only_return;
  error.line = line;
  for (const auto& module : context.bundle->modules)
    if (context.error_line > 0 && context.error_source == std::string_view(module.name).substr(0, shown))
      error.script = module.name;
  error.message.insert(0, error.script + (line > 0 ? ":" + std::to_string(line) : "") + ": ");
}

}  // namespace rowhook
