// Lua values as JSON, with every digit they came with. Reads tables raw: no metamethod of a script runs here.
#include <algorithm>
#include <array>
#include <cmath>

#include "engine/event/json_writer.h"
#include "scripting/host/context.h"
#include "scripting/json_scanner.h"
#include "scripting/number_text.h"

namespace rowhook {
namespace {

class Writer {
 public:
  explicit Writer(lua_State* L) : L_(L), c_(context(L)), out_(c_.out) {}
  bool value(int index, std::string_view key);

 private:
  struct Key {
    std::string text;
    double number = 0;  // where the key is no text
    bool numeric = false;
    bool operator<(const Key& other) const { return text < other.text; }
  };

  bool fail(std::string reason) {
    c_.problem = std::move(reason);
    return false;
  }
  bool in_bounds() {
    if (out_.size() <= c_.limits.output_limit) return true;
    return fail("is larger than " + std::to_string(c_.limits.output_limit) + " bytes of JSON");
  }
  bool number(double value, std::string_view key);
  bool userdata(int index);
  bool table(int index);
  bool array(int index, int count);
  bool object(int index);
  bool merged(int index, std::string_view json);
  bool merged_array(int index, std::string_view json, bool& intact);
  bool merged_object(int index, std::string_view json, bool& intact);
  bool merged_value(std::string_view source, bool& intact);
  bool same(int index, std::string_view json);
  bool element(int index, std::string_view key) {
    if (value(index, key)) return true;
    c_.path.insert(0, "." + std::string(key));
    return false;
  }
  bool keys(int index, std::vector<Key>& out);
  bool members(int index, std::vector<Key>& names, bool first);
  void push_key(const Key& key) {
    if (key.numeric) {
      lua_pushnumber(L_, key.number);
    } else {
      push_text(L_, key.text);
    }
  }
  // Number of elements of a table with exactly the keys 1..n, -1 if it has others.
  int sequence(int index);
  bool marked_array(int index);

  lua_State* L_;
  ScriptContext& c_;
  std::string& out_;
  std::array<const void*, static_cast<std::size_t>(max_json_depth)> open_{};  // tables being written
  std::size_t depth_ = 0;
  bool intact_ = false;  // the table written last is as its text was
};

bool Writer::number(double value, std::string_view key) {
  if (!std::isfinite(value))
    return fail(std::string(std::isnan(value) ? "is not a number (NaN)" : "is infinite") +
                ", which JSON cannot hold");
  const std::string* digits = nullptr;
  bool unclear = false;
  for (const auto& hint : c_.hints) {
    if (hint.value != value) continue;
    if (!key.empty() && hint.name == key) {
      digits = &hint.digits;
      unclear = false;
      break;
    }
    // A whole number may just as well be a count or an index of the script's own: 10 shall not turn
    // into 10.00.
    if (value == std::floor(value)) continue;
    unclear = unclear || (digits && *digits != hint.digits);
    digits = &hint.digits;
  }
  if (digits && !unclear) {
    out_ += *digits;
  } else {
    write_number(out_, value);
  }
  return true;
}

bool Writer::userdata(int index) {
  const UserHeader* user = user_header(L_, index);
  switch (user->tag) {
    case UserTag::null:
      out_ += "null";
      return true;
    case UserTag::view:
      out_ += static_cast<const JsonView*>(user)->json();
      break;
    case UserTag::new_row:
      write_json_row(out_, c_.shape->shape(), c_.rows[0].bytes);
      break;
    case UserTag::old_row:
      write_json_row(out_, c_.shape->shape(), c_.rows[1].bytes);
      break;
    case UserTag::event:
      out_ += c_.json_of_event();
      break;
    case UserTag::changed:
      return fail("is `changed`, a set: write event.changed_fields for the list of names");
    case UserTag::library:
    case UserTag::origin:
      return fail("is a library, which JSON cannot hold");
  }
  return in_bounds();
}

bool Writer::value(int index, std::string_view key) {
  if (!in_bounds()) return false;
  switch (lua_type(L_, index)) {
    case LUA_TNIL:
      out_ += "null";
      return true;
    case LUA_TBOOLEAN:
      out_ += lua_toboolean(L_, index) ? "true" : "false";
      return true;
    case LUA_TNUMBER:
      return number(lua_tonumber(L_, index), key);
    case LUA_TSTRING:
      write_json_string(out_, to_text(L_, index));
      return in_bounds();
    case LUA_TTABLE:
      return table(index);
    case LUA_TUSERDATA:
      return userdata(index);
    default:
      break;
  }
  if (const std::string_view digits = exact_digits(L_, index); digits.data()) {
    out_ += digits;
    return in_bounds();
  }
  return fail(std::string("is a ") + luaL_typename(L_, index) + ", which JSON cannot hold");
}

int Writer::sequence(int index) {
  const auto length = static_cast<int>(lua_objlen(L_, index));
  int count = 0;
  lua_pushnil(L_);
  while (lua_next(L_, index) != 0) {
    lua_pop(L_, 1);
    const double key = lua_type(L_, -1) == LUA_TNUMBER ? lua_tonumber(L_, -1) : 0;
    if (key < 1 || key > length || key != std::floor(key)) {
      lua_pop(L_, 1);
      return -1;
    }
    ++count;
  }
  return count == length ? count : -1;
}

bool Writer::marked_array(int index) {
  lua_rawgeti(L_, LUA_REGISTRYINDEX, slot_arrays);
  lua_pushvalue(L_, index);
  lua_rawget(L_, -2);
  const bool marked = lua_toboolean(L_, -1) != 0;
  lua_pop(L_, 2);
  return marked;
}

bool Writer::table(int index) {
  if (index < 0) index = lua_gettop(L_) + 1 + index;
  luaL_checkstack(L_, 10, nullptr);
  const void* address = lua_topointer(L_, index);
  if (std::find(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(depth_), address) !=
      open_.begin() + static_cast<std::ptrdiff_t>(depth_))
    return fail("contains itself: a cycle cannot be written as JSON");
  if (depth_ >= std::min<std::size_t>(open_.size(), c_.limits.depth_limit))
    return fail("is nested deeper than " + std::to_string(c_.limits.depth_limit) + " levels");
  open_[depth_++] = address;
  bool done = false;
  if (const Origin* origin = origin_of(L_, index)) {
    done = merged(index, origin->json());
  } else {
    const int count = sequence(index);
    const bool as_array = count > 0 || (count == 0 && marked_array(index));
    if (count < 0 && marked_array(index)) {
      done = fail("is an array() with keys other than 1 to n");
    } else {
      done = as_array ? array(index, count) : object(index);
    }
  }
  --depth_;
  return done;
}

bool Writer::array(int index, int count) {
  out_ += '[';
  for (int i = 1; i <= count; ++i) {
    if (i > 1) out_ += ',';
    lua_rawgeti(L_, index, i);
    const bool written = value(lua_gettop(L_), {});
    lua_pop(L_, 1);
    if (!written) {
      c_.path.insert(0, "[" + std::to_string(i) + "]");
      return false;
    }
  }
  out_ += ']';
  return true;
}

bool Writer::keys(int index, std::vector<Key>& out) {
  lua_pushnil(L_);
  while (lua_next(L_, index) != 0) {
    lua_pop(L_, 1);
    Key key;
    if (lua_type(L_, -1) == LUA_TSTRING) {
      key.text = to_text(L_, -1);
    } else if (lua_type(L_, -1) == LUA_TNUMBER) {
      key.number = lua_tonumber(L_, -1);
      key.numeric = true;
      if (!std::isfinite(key.number)) return fail("has an infinite number as a key");
      write_number(key.text, key.number);
    } else {
      const bool exact = exact_digits(L_, -1).data() != nullptr;
      return fail(std::string("has a ") + (exact ? "number of many digits" : luaL_typename(L_, -1)) +
                  " as a key" + (exact ? ": write tostring(key)" : ", which JSON cannot hold"));
    }
    out.push_back(std::move(key));
  }
  std::sort(out.begin(), out.end());
  for (std::size_t i = 1; i < out.size(); ++i)
    if (out[i].text == out[i - 1].text)
      return fail("has the key " + out[i].text + " both as a number and as text");
  return true;
}

bool Writer::members(int index, std::vector<Key>& names, bool first) {
  for (const Key& key : names) {
    if (!first) out_ += ',';
    first = false;
    write_json_string(out_, key.text);
    out_ += ':';
    push_key(key);
    lua_rawget(L_, index);
    const bool written = element(lua_gettop(L_), key.text);
    lua_pop(L_, 1);
    if (!written) return false;
  }
  return true;
}

bool Writer::object(int index) {
  std::vector<Key> names;
  if (!keys(index, names)) return false;
  out_ += '{';
  if (!members(index, names, true)) return false;
  out_ += '}';
  return true;
}

// The value at `index` is what reading `json` gave: the text itself can be written.
bool Writer::same(int index, std::string_view json) {
  switch (json_kind(json)) {
    case JsonKind::null:
      return lua_isnil(L_, index) || (user_header(L_, index) && user_header(L_, index)->tag == UserTag::null);
    case JsonKind::yes:
      return lua_isboolean(L_, index) && lua_toboolean(L_, index);
    case JsonKind::no:
      return lua_isboolean(L_, index) && !lua_toboolean(L_, index);
    case JsonKind::number: {
      if (lua_type(L_, index) != LUA_TNUMBER) return exact_digits(L_, index) == json;
      const auto number = read_number(json);
      return number && number->value == lua_tonumber(L_, index);
    }
    case JsonKind::string: {
      if (lua_type(L_, index) != LUA_TSTRING) return false;
      c_.scratch.clear();
      unescape_json(json.substr(1, json.size() - 2), c_.scratch);
      return c_.scratch == to_text(L_, index);
    }
    default:
      return false;  // containers are compared as they are written
  }
}

// Writes the value on top of the stack, which stands where `source` stood in the text a table was read from.
bool Writer::merged_value(std::string_view source, bool& intact) {
  const int at = lua_gettop(L_);
  if (same(at, source)) {
    out_ += source;
    return true;
  }
  intact_ = false;
  const Origin* origin = lua_istable(L_, at) ? origin_of(L_, at) : nullptr;
  if (!value(at, {})) return false;
  intact = intact && intact_ && origin && origin->text == source.data();
  return true;
}

bool Writer::merged_array(int index, std::string_view json, bool& intact) {
  const int count = sequence(index);
  if (count < 0) {
    intact = false;
    return object(index);
  }
  JsonCursor cursor(json);
  std::string_view name, source;
  bool more = true;
  out_ += '[';
  for (int i = 1; i <= count; ++i) {
    if (i > 1) out_ += ',';
    more = more && cursor.next(name, source);
    intact = intact && more;
    lua_rawgeti(L_, index, i);
    const bool written = more ? merged_value(source, intact) : value(lua_gettop(L_), {});
    lua_pop(L_, 1);
    if (!written) {
      c_.path.insert(0, "[" + std::to_string(i) + "]");
      return false;
    }
  }
  intact = intact && !cursor.next(name, source);
  out_ += ']';
  return true;
}

bool Writer::merged_object(int index, std::string_view json, bool& intact) {
  std::vector<Key> names;
  if (!keys(index, names)) return false;
  std::vector<std::string> written;
  std::string_view raw, source;
  bool first = true;
  out_ += '{';
  for (JsonCursor cursor(json); cursor.next(raw, source);) {
    std::string name;
    unescape_json(raw, name);
    push_text(L_, name);
    lua_rawget(L_, index);
    if (lua_isnil(L_, -1) && json_kind(source) != JsonKind::null) {
      intact = false;
    } else {
      if (!first) out_ += ',';
      first = false;
      out_.append("\"").append(raw).append("\":");
      if (!merged_value(source, intact)) {
        c_.path.insert(0, "." + name);
        return false;
      }
    }
    lua_pop(L_, 1);
    written.push_back(std::move(name));
  }
  std::sort(written.begin(), written.end());
  std::erase_if(names,
                [&](const Key& key) { return std::binary_search(written.begin(), written.end(), key.text); });
  intact = intact && names.empty();
  if (!members(index, names, first)) return false;
  out_ += '}';
  return true;
}

// Writes a table that was read from `json`: members in the order of the text, those that are as they were
// byte for byte, new ones behind them. A member set to nil is left out, but for one that was null in the
// text. A table that nobody changed is written as its text, white space and all.
bool Writer::merged(int index, std::string_view json) {
  const std::size_t start = out_.size();
  bool intact = true;
  if (!(json.front() == '[' ? merged_array(index, json, intact) : merged_object(index, json, intact)))
    return false;
  if (intact) {
    out_.resize(start);
    out_ += json;
  }
  intact_ = intact;
  return in_bounds();
}

}  // namespace

bool write_value(lua_State* L, int index) {
  ScriptContext& c = context(L);
  c.problem.clear();
  c.path.clear();
  return Writer(L).value(index, {});
}

std::string problem_text(const ScriptContext& context) {
  return "result" + context.path + " " + context.problem;
}

}  // namespace rowhook
