// Which name means what while a script is read: scopes, and what is known of the values behind names. For
// lua_check.cpp only.
#pragma once

#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scripting/lua_check.h"
#include "scripting/lua_lexer.h"

namespace rowhook {

struct LuaLocal {
  LuaToken token;
  bool used = false, reassigned = false, parameter = false;
};

// What is known of an expression's value.
struct LuaValue {
  enum class Kind { unknown, number, text, boolean, table, row, changed, event, library };
  Kind kind = Kind::unknown;
  std::string name = {};    // of a row, set or library; of a column's value "new.total"
  LuaLocal* via = nullptr;  // the local it came out of: known only while nothing else is assigned to that
  bool called = false;      // the expression ends with a call
};

// What a Lua value of a column of this SQL type is; unknown where types vary by row.
LuaValue::Kind kind_of_type(std::string_view sql_type);

// Thread safety: none.
class LuaNames {
 public:
  LuaNames(std::string_view source, std::span<const ScriptTable> tables);
  static bool is_keyword(std::string_view word);

  void open() { scopes_.emplace_back(); }
  void close();
  void declare(const LuaToken& name, const LuaValue& value, bool parameter);
  void declare_silently(std::string_view name);

  LuaValue use(const LuaToken& name);
  void assign(const LuaToken& name);
  // Assignment to a member of what `target` is, which begins with `first`.
  void write(const LuaToken& first, const LuaValue& target);
  LuaValue member(const LuaValue& value, const LuaToken& name) { return member(value, name, name.text); }
  LuaValue member(const LuaValue& value, const LuaToken& at, std::string_view name);
  LuaValue called(const LuaValue& value) const;
  LuaValue combine(const LuaToken& symbol, const LuaValue& left, const LuaValue& right, int precedence);

  // The problems found, those of reassigned locals left out.
  std::vector<ScriptProblem> take();

 private:
  struct Found {
    ScriptProblem problem;
    const LuaLocal* via;
  };
  struct Known {
    LuaLocal* local;
    LuaValue value;
  };
  Known* find(std::string_view name);
  void report(const LuaToken& at, bool error, std::string message, const LuaLocal* via = nullptr,
              bool refused = false);
  void unknown_name(const LuaToken& name);
  LuaValue column(const LuaValue& row, const LuaToken& at, std::string_view name);
  std::string nearest_column(std::string_view name) const;

  std::string_view source_;
  std::span<const ScriptTable> tables_;
  std::deque<LuaLocal> locals_;
  std::vector<std::map<std::string, Known, std::less<>>> scopes_;
  std::vector<Found> found_;
};

}  // namespace rowhook
