#include "scripting/lua_names.h"

#include <algorithm>
#include <array>

#include "engine/base/json.h"
#include "scripting/library_spec.h"

namespace rowhook {
namespace {

using Kind = LuaValue::Kind;
constexpr std::size_t most_problems = 100;

std::string_view word_for(Kind kind) {
  return kind == Kind::number    ? "a number"
         : kind == Kind::text    ? "text"
         : kind == Kind::boolean ? "a boolean"
                                 : "a table";
}

bool is_plain(Kind kind) { return kind == Kind::number || kind == Kind::text || kind == Kind::boolean; }

}  // namespace

Kind kind_of_type(std::string_view sql_type) {
  std::string type(sql_type);
  for (char& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  if (type.ends_with("[]")) return Kind::table;
  const auto begins = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return type.starts_with(word); });
  };
  if (begins({"interval", "char", "varchar", "text", "citext", "uuid", "date", "time", "inet", "cidr", "xml",
              "bytea", "money"}))
    return Kind::text;
  if (begins({"int", "bigint", "smallint", "tinyint", "mediumint", "serial", "bigserial", "numeric",
              "decimal", "real", "double", "float"}))
    return Kind::number;
  return begins({"bool"}) ? Kind::boolean : Kind::unknown;
}

LuaNames::LuaNames(std::string_view source, std::span<const ScriptTable> tables)
    : source_(source), tables_(tables) {
  scopes_.emplace_back();
}

bool LuaNames::is_keyword(std::string_view word) {
  constexpr std::array<std::string_view, 21> words{
      "and",   "break", "do",  "else", "elseif", "end",    "false", "for",  "function", "if",   "in",
      "local", "nil",   "not", "or",   "repeat", "return", "then",  "true", "until",    "while"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

void LuaNames::report(const LuaToken& at, bool error, std::string message, const LuaLocal* via,
                      bool refused) {
  if (found_.size() >= most_problems) return;
  const std::size_t start = at.offset == 0 ? 0 : source_.rfind('\n', at.offset - 1) + 1;
  found_.push_back({{.error = error,
                     .refused = refused,
                     .line = at.line,
                     .column = static_cast<int>(at.offset - start) + 1,
                     .message = std::move(message)},
                    via});
}

void LuaNames::close() {
  for (const auto& [name, known] : scopes_.back())
    if (known.local && !known.local->used && !known.local->parameter && !name.starts_with('_'))
      report(known.local->token, false, "local '" + name + "' is never used");
  scopes_.pop_back();
}

void LuaNames::declare(const LuaToken& name, const LuaValue& value, bool parameter) {
  if (const auto before = scopes_.back().find(name.text); before != scopes_.back().end())
    scopes_.back().erase(before);
  locals_.push_back({.token = name, .parameter = parameter});
  scopes_.back()[std::string(name.text)] = {&locals_.back(), value};
}

void LuaNames::declare_silently(std::string_view name) { scopes_.back()[std::string(name)] = {nullptr, {}}; }

LuaNames::Known* LuaNames::find(std::string_view name) {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
    if (const auto found = scope->find(name); found != scope->end()) return &found->second;
  return nullptr;
}

LuaValue LuaNames::use(const LuaToken& name) {
  if (Known* known = find(name.text)) {
    if (!known->local) return {};
    known->local->used = true;
    LuaValue value = known->value;
    value.called = false;
    if (!value.via) value.via = known->local;
    return value;
  }
  const std::string text(name.text);
  if (text == "new" || text == "old") return {.kind = Kind::row, .name = text};
  if (text == "changed") return {.kind = Kind::changed, .name = text};
  if (text == "event") return {.kind = Kind::event, .name = text};
  if (is_library(text)) return {.kind = Kind::library, .name = text};
  if (!find_library_entry(text)) unknown_name(name);
  return {};
}

void LuaNames::unknown_name(const LuaToken& name) {
  const std::string text(name.text);
  if (is_refused_name(text)) {
    report(
        name, true,
        "'" + text + "' is not available to scripts: they have no files, network, processes or interpreter",
        nullptr, true);
    return;
  }
  std::vector<std::string_view> names;
  for (const auto& scope : scopes_)
    for (const auto& [known, value] : scope) names.push_back(known);
  for (const auto& entry : script_library())
    names.push_back(entry.library().empty() ? entry.name : entry.library());
  std::string message = "nothing is named '" + text + "'";
  const bool is_column = std::any_of(tables_.begin(), tables_.end(), [&](const ScriptTable& table) {
    return std::any_of(table.columns.begin(), table.columns.end(),
                       [&](const auto& column) { return column.name == text; });
  });
  if (is_column) {
    message += "; did you mean 'new." + text + "'?";
  } else if (const std::string nearest = nearest_name(text, names); !nearest.empty()) {
    message += "; did you mean '" + nearest + "'?";
  } else if (const std::string column = nearest_column(text); !column.empty()) {
    message += "; did you mean 'new." + column + "'?";
  }
  report(name, true, std::move(message));
}

std::string LuaNames::nearest_column(std::string_view name) const {
  std::vector<std::string_view> columns;
  for (const auto& table : tables_)
    for (const auto& column : table.columns) columns.push_back(column.name);
  return nearest_name(name, columns);
}

void LuaNames::assign(const LuaToken& name) {
  if (Known* known = find(name.text)) {
    if (known->local) known->local->reassigned = true;
    return;
  }
  const std::string text(name.text);
  report(name, true, "global '" + text + "' cannot be set: write local " + text + " = ...", nullptr, true);
}

void LuaNames::write(const LuaToken& first, const LuaValue& target) {
  if (target.name.empty()) return;
  const std::string root = target.name.substr(0, target.name.find('.'));
  const bool library = is_library(root);
  report(first, true,
         library             ? "libraries are read-only"
         : root == "changed" ? "changed is read-only"
                             : root + " is read-only: change a copy, local row = copy(" + root + ")",
         target.via, true);
}

LuaValue LuaNames::member(const LuaValue& value, const LuaToken& at, std::string_view name) {
  switch (value.kind) {
    case Kind::row:
      return column(value, at, name);
    case Kind::changed: {
      (void)column(value, at, name);
      return {.kind = Kind::boolean, .name = "changed." + std::string(name), .via = value.via};
    }
    case Kind::event:
    case Kind::library:
      break;
    default:
      return {};
  }
  const std::string full = value.name + "." + std::string(name);
  if (const LibraryEntry* entry = find_library_entry(full)) {
    if (full == "event.new_values" || full == "event.old_values")
      return {.kind = Kind::row, .name = full == "event.new_values" ? "new" : "old", .via = value.via};
    if (value.kind == Kind::event && !entry->is_function()) return {.name = full, .via = value.via};
    return {.name = full, .via = value.via};
  }
  std::vector<std::string_view> members;
  for (const auto& entry : script_library())
    if (entry.library() == value.name) members.push_back(entry.member());
  if (is_refused_name(name)) {
    report(at, true, "'" + full + "' is not available to scripts", value.via, true);
    return {};
  }
  const std::string nearest = nearest_name(name, members);
  report(at, true,
         (value.kind == Kind::event ? "the event has no member '" : "'" + value.name + "' has no member '") +
             std::string(name) + "'" +
             (nearest.empty() ? "" : "; did you mean '" + value.name + "." + nearest + "'?"),
         value.via);
  return {};
}

// A column of every table makes a value; one that some lack may be missing when the script runs.
LuaValue LuaNames::column(const LuaValue& row, const LuaToken& at, std::string_view name) {
  LuaValue value{.name = row.name + "." + std::string(name), .via = row.via};
  if (tables_.empty()) return value;
  std::string lacking;
  std::size_t having = 0;
  for (const auto& table : tables_) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const auto& column) { return column.name == name; });
    if (found == table.columns.end()) {
      if (lacking.empty()) lacking = table.name;
      if (std::find(table.excluded.begin(), table.excluded.end(), name) != table.excluded.end()) {
        report(at, true,
               "column '" + std::string(name) + "' of table '" + table.name +
                   "' is excluded (exclude_columns): no script sees it",
               row.via);
        return value;
      }
      continue;
    }
    const Kind kind = kind_of_type(found->type);
    value.kind = having++ == 0 || value.kind == kind ? kind : Kind::unknown;
  }
  if (lacking.empty()) return value;
  if (having > 0) {
    report(at, false,
           "table '" + lacking + "' has no column '" + std::string(name) +
               "': for its events this raises an error",
           row.via);
    return value;
  }
  const std::string nearest = nearest_column(name);
  report(at, true,
         (tables_.size() == 1 ? "table '" + lacking + "' has" : "none of the tables has") +
             std::string(tables_.size() == 1 ? " no column '" : " a column '") + std::string(name) + "'" +
             (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"),
         row.via);
  return value;
}

LuaValue LuaNames::called(const LuaValue& value) const {
  LuaValue result;
  result.called = true;
  if (const LibraryEntry* entry = find_library_entry(value.name);
      entry && entry->is_function() && !value.via) {
    if (entry->returns == "string") result.kind = Kind::text;
    if (entry->returns == "number") result.kind = Kind::number;
    if (entry->returns == "boolean") result.kind = Kind::boolean;
  }
  return result;
}

LuaValue LuaNames::combine(const LuaToken& symbol, const LuaValue& left, const LuaValue& right,
                           int precedence) {
  LuaValue result;
  const bool column = !left.name.empty() || !right.name.empty();
  const LuaLocal* via = left.via ? left.via : right.via;
  const LuaValue& named = !left.name.empty() ? left : right;
  const LuaValue& other = !left.name.empty() ? right : left;
  if (precedence == 3) {
    result.kind = Kind::boolean;
    const bool mixed_number =
        left.kind != right.kind && (left.kind == Kind::text || right.kind == Kind::text);
    if (!column || !is_plain(left.kind) || !is_plain(right.kind) || !mixed_number) return result;
    const bool equality = symbol.text == "==" || symbol.text == "~=";
    report(symbol, false,
           named.name + " is " + std::string(word_for(named.kind)) +
               (equality ? ", which is never equal to " : ": comparing it raises an error with ") +
               std::string(word_for(other.kind)),
           via);
  } else if (precedence == 6 || precedence == 7 || precedence == 10) {
    result.kind = Kind::number;
    for (const LuaValue* side : {&left, &right})
      if (!side->name.empty() && (side->kind == Kind::text || side->kind == Kind::boolean))
        report(symbol, false,
               side->name + " is " + std::string(word_for(side->kind)) +
                   ": arithmetic on it raises an error" +
                   (side->kind == Kind::text ? " unless it holds a number" : ""),
               side->via);
  } else if (precedence == 5) {
    result.kind = Kind::text;
  }
  return result;
}

std::vector<ScriptProblem> LuaNames::take() {
  while (!scopes_.empty()) close();
  std::vector<ScriptProblem> out;
  for (auto& [problem, via] : found_)
    if (!via || !via->reassigned) out.push_back(std::move(problem));
  std::stable_sort(out.begin(), out.end(), [](const ScriptProblem& a, const ScriptProblem& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return out;
}

}  // namespace rowhook
