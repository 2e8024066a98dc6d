// GET /scripts/library: what scripts can name, for the page's editor and for others.
#include "scripting/library_files.h"
#include "scripting/library_spec.h"
#include "web/server/handlers.h"

namespace rowhook {
namespace {

void write_entry(std::string& out, const LibraryEntry& entry) {
  JsonObject json(out);
  json.text("name", entry.name);
  json.text("library", entry.library());
  json.text("member", entry.member());
  json.text("kind", entry.is_function() ? "function" : "value");
  json.text("form", entry.form());
  json.text("parameters", entry.is_function() ? entry.parameters : "");
  json.text("returns", entry.returns);
  json.text("doc", entry.doc);
  json.close();
}

void write_table(std::string& out, const ScriptTable& table) {
  std::string columns = "[";
  for (const auto& column : table.columns) {
    if (columns.size() > 1) columns += ',';
    JsonObject json(columns);
    json.text("name", column.name);
    json.text("type", column.type);
    json.text("lua_type", lua_type_of(column.type));
    json.close();
  }
  JsonObject json(out);
  json.text("name", table.name);
  json.raw("columns", columns + "]");
  json.close();
}

}  // namespace

ApiResponse script_library_list(Call& call) {
  const std::string source = call.query.text("source"), table = call.query.text("table"),
                    format = call.query.text("format");
  std::vector<ScriptTable> tables;
  if (!source.empty() && call.api.services.script_tables)
    tables = call.api.services.script_tables(
        source, table.empty() ? std::vector<std::string>() : std::vector<std::string>{table});
  const auto plain = [](std::string text) {
    ApiResponse response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::move(text);
    return response;
  };
  if (format == "luals") return plain(script_library_definitions(tables));
  if (format == "luacheck") return plain(script_library_luacheckrc());
  if (format == "markdown") return plain(script_library_markdown());
  if (!format.empty() && format != "json") throw bad_request("format is json, luals, luacheck or markdown");
  std::string entries = "[", known = "[";
  for (const auto& entry : script_library()) {
    if (entries.size() > 1) entries += ',';
    write_entry(entries, entry);
  }
  for (const auto& one : tables) {
    if (known.size() > 1) known += ',';
    write_table(known, one);
  }
  std::string out;
  JsonObject json(out);
  json.raw("entries", entries + "]");
  json.raw("tables", known + "]");
  json.close();
  return ApiResponse::json(std::move(out));
}

}  // namespace rowhook
