// `new`, `old`, `changed` and `event`: read-only userdata over the bytes of the batch. Made once per sandbox
// and pointed at each call in turn, so reading a row allocates nothing but the values that are read.
#include "engine/base/json.h"
#include "engine/event/json_writer.h"
#include "scripting/host/context.h"
#include "scripting/library_spec.h"

namespace rowhook {
namespace {

bool is_old(const UserHeader* user) { return user->tag == UserTag::old_row; }
const char* row_name(const UserHeader* user) { return is_old(user) ? "old" : "new"; }

std::string with_table(const ScriptContext& c) {
  const std::string& table = c.shape->shape().table;
  return table.empty() ? "the event" : "table '" + table + "'";
}

std::string suggestion(const ScriptContext& c, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& column : c.shape->shape().columns) names.push_back(column.name);
  const std::string nearest = nearest_name(name, names);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

int unknown_column(lua_State* L, std::string_view name) {
  ScriptContext& c = context(L);
  c.scratch = with_table(c) + " has no column '" + std::string(name) + "'" + suggestion(c, name);
  return raise_scratch(L);
}

int not_sent(lua_State* L, const UserHeader* row, std::string_view column, ValueKind kind) {
  ScriptContext& c = context(L);
  std::string text = std::string(row_name(row)) + "." + std::string(column) + " was not sent by the database";
  if (kind == ValueKind::unchanged) {
    text += ": the value is large and did not change (event.metadata.unchanged_fields names it)";
  } else if (is_old(row) && !c.call->has(CallHeader::old_complete)) {
    text += ": it sent only the key of the old row (on PostgreSQL: ALTER TABLE ... REPLICA IDENTITY FULL)";
  }
  c.scratch = std::move(text);
  return raise_scratch(L);
}

// Column number of the string at `index`; raises an error when there is none.
int column_argument(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TSTRING) {
    context(L).scratch = std::string("columns are read by name, not by a ") + luaL_typename(L, index);
    raise_scratch(L);
  }
  const std::string_view name = to_text(L, index);
  const int column = context(L).shape->column(name);
  if (column < 0) unknown_column(L, name);
  return column;
}

// A json column is read once per call; its view stays in the userdata's environment.
void push_cached_json(lua_State* L, RowState& row, int column, const Value& value, std::string_view name) {
  lua_getfenv(L, 1);
  lua_rawgeti(L, -1, column + 1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    push_json(L, value.text, name, false);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, column + 1);
    row.cached = true;
  }
  lua_remove(L, -2);
}

// The userdata is at index 1.
int push_column(lua_State* L, int column) {
  const auto* user = static_cast<const UserHeader*>(lua_touserdata(L, 1));
  ScriptContext& c = context(L);
  RowState& row = c.rows[is_old(user) ? 1 : 0];
  if (column < 64) row.read |= std::uint64_t{1} << column;
  const Value value = row.at(static_cast<std::size_t>(column));
  const std::string& name = c.shape->shape().columns[static_cast<std::size_t>(column)].name;
  switch (value.kind) {
    case ValueKind::absent:
    case ValueKind::unchanged:
      return not_sent(L, user, name, value.kind);
    case ValueKind::null:
      lua_pushnil(L);
      break;
    case ValueKind::no:
      lua_pushboolean(L, 0);
      break;
    case ValueKind::yes:
      lua_pushboolean(L, 1);
      break;
    case ValueKind::number:
      push_number(L, value.text, name);
      break;
    case ValueKind::text:
      push_text(L, value.text);
      break;
    case ValueKind::bytes:
      c.scratch = base64_encode(value.text);
      push_text(L, c.scratch);
      break;
    case ValueKind::json:
      push_cached_json(L, row, column, value, name);
      break;
  }
  return 1;
}

int row_index(lua_State* L) { return push_column(L, column_argument(L, 2)); }

int row_to_string(lua_State* L) {
  const auto* user = static_cast<const UserHeader*>(lua_touserdata(L, 1));
  ScriptContext& c = context(L);
  c.scratch.clear();
  write_json_row(c.scratch, c.shape->shape(), c.rows[is_old(user) ? 1 : 0].bytes);
  push_text(L, c.scratch);
  return 1;
}

int read_only(lua_State* L) {
  const auto* user = static_cast<const UserHeader*>(lua_touserdata(L, 1));
  const char* name = user->tag == UserTag::changed ? "changed"
                     : user->tag == UserTag::event ? "event"
                                                   : row_name(user);
  context(L).scratch =
      std::string(name) + " is read-only" +
      (user->tag == UserTag::changed ? "" : ": change a copy, local row = copy(" + std::string(name) + ")");
  return raise_refusal(L);
}

// Whether a column changed. Raises an error when that is unknown.
bool column_changed(lua_State* L, int column) {
  ScriptContext& c = context(L);
  if (read_texts(*c.call).type != event_type::updated) return false;
  if (!c.call->has(CallHeader::old_complete) || c.rows[1].bytes.empty()) {
    c.scratch =
        "which columns changed is unknown: the database did not send the whole old row "
        "(on PostgreSQL: ALTER TABLE ... REPLICA IDENTITY FULL)";
    raise_scratch(L);
  }
  const Value before = c.rows[1].at(static_cast<std::size_t>(column));
  const Value after = c.rows[0].at(static_cast<std::size_t>(column));
  return after.kind != ValueKind::unchanged && before.kind != ValueKind::unchanged && !(before == after);
}

int changed_index(lua_State* L) {
  lua_pushboolean(L, column_changed(L, column_argument(L, 2)));
  return 1;
}

int next_changed(lua_State* L) {
  const auto& columns = context(L).shape->shape().columns;
  for (auto i = static_cast<int>(lua_tointeger(L, lua_upvalueindex(1))); i < static_cast<int>(columns.size());
       ++i) {
    if (!column_changed(L, i)) continue;
    lua_pushinteger(L, i + 1);
    lua_replace(L, lua_upvalueindex(1));
    push_text(L, columns[static_cast<std::size_t>(i)].name);
    lua_pushboolean(L, 1);
    return 2;
  }
  return 0;
}

int next_column(lua_State* L) {
  ScriptContext& c = context(L);
  const auto& columns = c.shape->shape().columns;
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(2));
  RowState& row = c.rows[is_old(user_header(L, 1)) ? 1 : 0];
  for (auto i = static_cast<int>(lua_tointeger(L, lua_upvalueindex(1))); i < static_cast<int>(columns.size());
       ++i) {
    if (!row.at(static_cast<std::size_t>(i)).sent()) continue;
    lua_pushinteger(L, i + 1);
    lua_replace(L, lua_upvalueindex(1));
    push_text(L, columns[static_cast<std::size_t>(i)].name);
    push_column(L, i);
    return 2;
  }
  return 0;
}

void push_or_nil(lua_State* L, std::string_view text) {
  if (text.empty()) {
    lua_pushnil(L);
  } else {
    push_text(L, text);
  }
}

void push_row(lua_State* L, const ScriptContext& c, bool old) {
  if (c.rows[old ? 1 : 0].bytes.empty()) {
    lua_pushnil(L);
  } else {
    lua_rawgeti(L, LUA_REGISTRYINDEX, old ? slot_old_row : slot_new_row);
  }
}

// A member that is at hand without making the event's JSON. False: it is not.
bool push_direct_member(lua_State* L, ScriptContext& c, std::string_view name) {
  const Shape& shape = c.shape->shape();
  const EventTexts texts = read_texts(*c.call);
  if (name == "event_type") {
    push_text(L, texts.type);
  } else if (name == "table") {
    push_or_nil(L, shape.table);
  } else if (name == "event_id" || name == "trigger_id") {
    push_text(L, texts.id);
  } else if (name == "seq") {
    lua_pushnumber(L, static_cast<double>(c.call->header.seq));
  } else if (name == "source") {
    push_text(L, shape.source);
  } else if (name == "schema") {
    push_or_nil(L, shape.schema);
  } else if (name == "database") {
    push_or_nil(L, shape.database);
  } else if (name == "record_id") {
    if (texts.key.empty()) {
      lua_pushnil(L);
    } else {
      push_json(L, texts.key, {}, false);
    }
  } else if (name == "new_values" || name == "old_values") {
    push_row(L, c, name == "old_values");
  } else if (name == "timestamp") {
    c.scratch = format_rfc3339(c.call->header.timestamp);
    push_text(L, c.scratch);
  } else if (name == "retry_after" || name == "reject") {
    lua_rawgeti(L, LUA_REGISTRYINDEX, name == "reject" ? slot_reject : slot_retry_after);
  } else if (name == "user") {
    push_or_nil(L, texts.user.value_or(std::string_view{}));
  } else {
    return false;
  }
  return true;
}

int event_index(lua_State* L) {
  ScriptContext& c = context(L);
  if (lua_type(L, 2) != LUA_TSTRING) {
    c.scratch = "members of the event are read by name";
    return raise_scratch(L);
  }
  const std::string_view name = to_text(L, 2);
  if (push_direct_member(L, c, name)) return 1;
  lua_getfenv(L, 1);
  lua_rawgeti(L, -1, 1);
  if (lua_isnil(L, -1)) {
    push_json(L, c.json_of_event(), {}, false);
    lua_pushvalue(L, -1);
    lua_rawseti(L, 3, 1);
  }
  push_children(L, lua_gettop(L));
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  if (!lua_isnil(L, -1)) return 1;
  std::vector<std::string_view> members;  // that no event of this type may have: nil, not an error
  for (const auto& entry : script_library()) {
    if (entry.library() != "event") continue;
    if (entry.member() == name) return 1;
    members.push_back(entry.member());
  }
  const std::string nearest = nearest_name(name, members);
  c.scratch = "the event has no member '" + std::string(name) + "'" +
              (nearest.empty() ? "" : "; did you mean 'event." + nearest + "'?");
  return raise_scratch(L);
}

int event_to_string(lua_State* L) {
  push_text(L, context(L).json_of_event());
  return 1;
}

void make_user(lua_State* L, RegistrySlot slot, UserTag tag, lua_CFunction index, lua_CFunction to_string) {
  static_cast<UserHeader*>(lua_newuserdata(L, sizeof(UserHeader)))->tag = tag;
  lua_createtable(L, 0, 4);
  lua_pushcfunction(L, index);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, read_only);
  lua_setfield(L, -2, "__newindex");
  if (to_string) {
    lua_pushcfunction(L, to_string);
    lua_setfield(L, -2, "__tostring");
  }
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_newtable(L);
  lua_setfenv(L, -2);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot);
}

}  // namespace

void make_row_types(lua_State* L) {
  make_user(L, slot_new_row, UserTag::new_row, guarded<row_index>, guarded<row_to_string>);
  make_user(L, slot_old_row, UserTag::old_row, guarded<row_index>, guarded<row_to_string>);
  make_user(L, slot_changed, UserTag::changed, guarded<changed_index>, nullptr);
  make_user(L, slot_event, UserTag::event, guarded<event_index>, guarded<event_to_string>);
  lua_pushcfunction(L, guarded<retry_after>);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_retry_after);
  lua_pushcfunction(L, guarded<reject>);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot_reject);
}

void reset_row(lua_State* L, RowState& row, int index) {
  lua_newtable(L);
  lua_setfenv(L, index);
  row.cached = false;
}

int iterate_row(lua_State* L) {
  lua_pushinteger(L, 0);
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, guarded<next_column>, 2);
  return 1;
}

int iterate_changed(lua_State* L) {
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, guarded<next_changed>, 1);
  return 1;
}

}  // namespace rowhook
