// What the C functions of one sandbox share: private to scripting/host.
#pragma once

#include <csignal>
#include <cstdint>
#include <lua.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/event.h"
#include "scripting/host/coverage.h"
#include "scripting/protocol.h"
#include "scripting/shared_region.h"

namespace rowhook {

// A table shape as a host knows it, shared by the sandboxes of the host. Column look-ups remember the address
// of the interned Lua string they were asked with, so that a repeated look-up compares one name. Thread
// safety: confined to the host's script thread.
class HostShape {
 public:
  explicit HostShape(ShapePtr shape);
  const Shape& shape() const { return *shape_; }
  const ShapePtr& pointer() const { return shape_; }
  // -1: no such column.
  int column(std::string_view name);

 private:
  struct Seen {
    const char* address = nullptr;
    int index = -1;
  };
  static constexpr std::size_t cache_size = 64;
  ShapePtr shape_;
  std::vector<std::pair<std::string_view, int>> sorted_;
  Seen seen_[cache_size];
};

// One row of the call: columns are found when they are read.
struct RowState {
  std::string_view bytes;
  RowReader reader{{}};
  std::vector<Value> values;  // those decoded so far, in column order
  std::uint64_t read = 0;     // which of the first 64 columns the script has read: bit i is column i
  bool cached = false;        // json columns were read: the userdata's environment holds their views
  void reset(std::string_view row);
  Value at(std::size_t column);  // throws PermanentError on damaged bytes
};

// A decimal whose digits differ from what its Lua number is written as ("1.10"), read in this call.
struct DigitsHint {
  double value;
  std::string digits;
  std::string name;  // the column
};

// What a userdata is. Scripts cannot make userdata of their own, so the tag at its front can be trusted.
enum class UserTag : std::uint32_t { new_row, old_row, changed, event, view, null, library, origin };
struct UserHeader {
  UserTag tag;
};

// Slots of the registry.
enum RegistrySlot {
  slot_exact_digits = 1,  // weak table: exact value -> its digits
  slot_exact_make,        // constructor of exact values
  slot_ffi,
  slot_origins,  // weak table: table -> origin (the JSON text it was read from)
  slot_arrays,   // weak table: table -> true, made by array()
  slot_null,
  slot_view_meta,
  slot_origin_meta,
  slot_environment,
  slot_modules,  // name -> compiled chunk
  slot_loaded,   // name -> what the module returned in this call
  slot_new_row,
  slot_old_row,
  slot_changed,
  slot_event,
  slot_main,  // the compiled script
  slot_retry_after,
  slot_reject,
};

class ScriptContext {
 public:
  lua_State* L = nullptr;
  const ScriptBundle* bundle = nullptr;
  CallLimits limits;
  bool jit = false;
  int only_return = 0;  // line of the script's one `return`

  std::unique_ptr<Coverage> coverage;  // null: not asked for

  // memory, kept by the allocator
  std::size_t used = 0, peak = 0;
  bool memory_refused = false;
  int memory_line = 0;

  // the call
  const CallView* call = nullptr;
  HostShape* shape = nullptr;
  RowState rows[2];  // new, old
  std::vector<DigitsHint> hints;
  std::vector<ScriptLogLine> logs;
  std::size_t log_bytes = 0;
  std::string event_json;  // made when it is first needed
  bool origins_used = false, modules_used = false;
  bool seeded = false;
  int nested_calls = 0;  // C functions that called back and are not done
  std::uint64_t random = 0;
  std::string_view packed_state;     // what kv holds, of the request
  std::optional<ScriptState> state;  // the same with this call's changes, once kv was used
  StateChanges changes;
  std::string out;      // the result
  std::string scratch;  // texts on their way into Lua or into an error

  // errors
  volatile std::sig_atomic_t interrupted = 0;
  bool ending = false;  // event.retry_after() or event.reject() ended the script
  ScriptError::Type ending_type = ScriptError::Type::retry;
  double ending_seconds = 0;
  int error_line = 0;
  std::string error_source, traceback;
  std::string refused;        // the last refusal's message
  std::string problem, path;  // of a result that cannot be written

  const std::string& json_of_event();
};

// The context of a state: it is the allocator's user data.
inline ScriptContext& context(lua_State* L) {
  void* data = nullptr;
  lua_getallocf(L, &data);
  return *static_cast<ScriptContext*>(data);
}

inline void push_text(lua_State* L, std::string_view text) { lua_pushlstring(L, text.data(), text.size()); }
inline std::string_view to_text(lua_State* L, int index) {
  std::size_t size = 0;
  const char* data = lua_tolstring(L, index, &size);
  return {data, data ? size : 0};
}
// A string argument; raises an error when it is none.
inline std::string_view check_text(lua_State* L, int index) {
  std::size_t size = 0;
  const char* data = luaL_checklstring(L, index, &size);
  return {data, size};
}
// The tag of a userdata; nullptr for every other value.
inline const UserHeader* user_header(lua_State* L, int index) {
  return static_cast<const UserHeader*>(lua_type(L, index) == LUA_TUSERDATA ? lua_touserdata(L, index)
                                                                            : nullptr);
}

// Raises context.scratch as an error at the author's line. Never returns.
int raise_scratch(lua_State* L);
// The same for something scripts may not do (type `refused`).
int raise_refusal(lua_State* L);

// A C function of a library whose C++ exceptions become Lua errors. Lua's own errors pass through untouched.
template <int (*F)(lua_State*)>
int guarded(lua_State* L) {
  try {
    return F(L);
  } catch (const std::exception& error) {
    context(L).scratch = error.what();
  }
  return raise_scratch(L);
}

// Pushes a number that is written as `digits`: a Lua number or an exact value. `name`: the column, "" if
// none.
void push_number(lua_State* L, std::string_view digits, std::string_view name);

// Read-only rows, the set of changed columns, the event.
void make_row_types(lua_State* L);  // fills slot_new_row, slot_old_row, slot_changed, slot_event
void reset_row(lua_State* L, RowState& row, int index);  // forgets cached views of the userdata at `index`
int iterate_row(lua_State* L);                           // pairs(row): iterator and nothing else
int iterate_changed(lua_State* L);

// Read-only JSON.
struct JsonView : UserHeader {
  const char* text;
  std::uint32_t size;
  std::uint32_t count;  // elements, once expanded
  bool array, expanded;
  std::string_view json() const { return {text, size}; }
};
void make_view_type(lua_State* L);
// Pushes any JSON value; text must outlive the call. `checked`: known to be well-formed, else it raises an
// error.
void push_json(lua_State* L, std::string_view text, std::string_view name, bool checked);
// Pushes the table of a view's children (names under `true`). Never hand it to a script.
void push_children(lua_State* L, int view);
int iterate_view(lua_State* L);

// Exact values.
void push_exact(lua_State* L, std::string_view digits);
// The digits of the exact value at `index`; nullptr data when it is none. Valid while the value is on the
// stack.
std::string_view exact_digits(lua_State* L, int index);
int make_exact(lua_State* L);  // exact(text)

// Mutable copies. Pops nothing; pushes the table or value read from the JSON string at `text_index`.
void push_copy_of_json(lua_State* L, int text_index);
int copy_value(lua_State* L);  // copy(value)
struct Origin : UserHeader {
  const char* text;
  std::uint32_t size;
  std::string_view json() const { return {text, size}; }
};
// The origin of the table at `index`, nullptr if it has none.
const Origin* origin_of(lua_State* L, int index);

// Appends the value on top of the stack as JSON to context.out. False: problem and path say why.
bool write_value(lua_State* L, int index);
std::string problem_text(const ScriptContext& context);  // "result.items[3] is a function, ..."

// The environment and its libraries.
void make_environment(lua_State* L);  // fills slot_environment
int text_library(lua_State* L);       // each pushes a table of functions
int time_library(lua_State* L);
int hash_library(lua_State* L);
int json_library(lua_State* L);
int log_library(lua_State* L);
int kv_library(lua_State* L);
int decimal_library(lua_State* L);
int retry_after(lua_State* L);  // event.retry_after
int reject(lua_State* L);       // event.reject
int print_line(lua_State* L);
int value_to_string(lua_State* L);
int random_number(lua_State* L);
int require_module(lua_State* L);

}  // namespace rowhook
