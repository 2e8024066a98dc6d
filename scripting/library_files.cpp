#include "scripting/library_files.h"

#include <algorithm>
#include <set>

#include "scripting/library_spec.h"
#include "scripting/lua_names.h"

namespace rowhook {
namespace {

bool is_lua_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text.front()) && !LuaNames::is_keyword(text) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// One line of a comment, whatever the text.
std::string comment(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

void write_function(std::string& out, const LibraryEntry& entry) {
  out += "--- " + std::string(entry.doc) + "\n";
  std::string names, rest = entry.parameters;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(", "), rest.size());
    const std::string one = rest.substr(0, end);
    rest.erase(0, end + 2);
    const std::size_t colon = one.find(": ");
    std::string name = one.substr(0, colon);
    out += "---@param " + name + " " + one.substr(colon + 2) + "\n";
    if (name.ends_with('?')) name.pop_back();
    names += (names.empty() ? "" : ", ") + name;
  }
  if (!entry.returns.empty()) out += "---@return " + std::string(entry.returns) + "\n";
  out += "function " + std::string(entry.name) + "(" + names + ") end\n\n";
}

void write_event(std::string& out) {
  out += "---@class rowhook.event\n";
  for (const auto& entry : script_library()) {
    if (entry.library() != "event") continue;
    std::string type(entry.returns);
    if (entry.is_function()) {
      type = "fun(" + std::string(entry.parameters) + ")";
      if (!entry.returns.empty()) type += ": " + std::string(entry.returns);
    }
    out += "---@field " + std::string(entry.member()) + " " + type + " " + std::string(entry.doc) + "\n";
  }
  out += "event = {}\n\n";
}

// Columns of all tables together; one of several types is any.
void write_rows(std::string& out, std::span<const ScriptTable> tables) {
  out += "--- A row; columns by name. Read-only: copy(row) gives a table.\n---@class rowhook.row\n";
  std::set<std::string> done;
  for (const auto& table : tables)
    for (const auto& column : table.columns) {
      if (!done.insert(column.name).second) continue;
      std::string type(lua_type_of(column.type));
      for (const auto& other : tables)
        for (const auto& same : other.columns)
          if (same.name == column.name && lua_type_of(same.type) != type) type = "any";
      const std::string name = is_lua_name(column.name) ? column.name : "[\"" + comment(column.name) + "\"]";
      out += "---@field " + name + " " + type + "? " + comment(table.name + ": " + column.type) + "\n";
    }
  if (done.empty()) out += "---@field [string] any\n";
  out += "---@class rowhook.null\n\n";
}

}  // namespace

std::string_view lua_type_of(std::string_view sql_type) {
  switch (kind_of_type(sql_type)) {
    case LuaValue::Kind::number:
      return "number";
    case LuaValue::Kind::text:
      return "string";
    case LuaValue::Kind::boolean:
      return "boolean";
    case LuaValue::Kind::table:
      return "any[]";
    default:
      return "any";
  }
}

std::string script_library_markdown() {
  std::string out;
  std::string_view open = "?";
  for (const auto& entry : script_library()) {
    if (entry.library() != open) {
      open = entry.library();
      if (!out.empty()) out += '\n';
      if (!open.empty()) out.append("### ").append(open).append("\n\n");
      out += "| name | form | meaning |\n|---|---|---|\n";
    }
    std::string form = entry.form();
    for (std::size_t at = form.find('|'); at != std::string::npos; at = form.find('|', at + 2))
      form.insert(at, "\\");
    out.append("| `")
        .append(entry.name)
        .append("` | `")
        .append(form)
        .append("` | ")
        .append(entry.doc)
        .append(" |\n");
  }
  return out;
}

std::string script_library_definitions(std::span<const ScriptTable> tables) {
  std::string out =
      "---@meta\n-- What scripts of Rowhook can name. Generated: rowhook script library --format luals\n\n";
  write_rows(out, tables);
  write_event(out);
  std::set<std::string_view> opened;
  for (const auto& entry : script_library()) {
    const std::string_view library = entry.library();
    // What Lua itself has, editors know.
    if (library == "event" || entry.name == "event" || entry.doc.empty() || entry.doc.starts_with("Lua"))
      continue;
    if (library == "string" || library == "table" || library == "math" || library == "bit") continue;
    if (!library.empty() && opened.insert(library).second) out.append(library).append(" = {}\n\n");
    if (entry.is_function()) {
      write_function(out, entry);
    } else {
      out += "--- " + std::string(entry.doc) + "\n---@type " + std::string(entry.returns) + "\n" +
             std::string(entry.name) + " = nil\n\n";
    }
  }
  return out;
}

std::string script_library_luacheckrc() {
  std::string out =
      "-- What scripts of Rowhook can name. Generated: rowhook script library --format luacheck\n"
      "stds.rowhook = { read_globals = {\n";
  std::set<std::string_view> done;
  for (const auto& entry : script_library()) {
    const std::string_view name = entry.library().empty() ? entry.member() : entry.library();
    if (!done.insert(name).second) continue;
    const auto members = script_library();
    const bool closed = is_library(name) || name == "event";
    if (!closed) {
      out.append("  ").append(name).append(name == "new" || name == "old" || name == "changed" ||
                                                   name == "item"
                                               ? " = { other_fields = true },\n"
                                               : " = {},\n");
      continue;
    }
    out.append("  ").append(name).append(" = { fields = {");
    for (const auto& member : members)
      if (member.library() == name) {
        const std::string word(member.member());
        out += is_lua_name(word) ? " " + word : " [\"" + word + "\"]";
        out += is_library(name) ? " = {}," : " = { other_fields = true },";
      }
    out += " } },\n";
  }
  return out + "} }\nstd = \"rowhook\"\n";
}

}  // namespace rowhook
