#include "engine/capture/change_table/sqlite_schema_diff.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

const std::pair<std::string, std::string>* find(const Pairs& pairs, std::string_view name) {
  const auto found = std::find_if(pairs.begin(), pairs.end(),
                                  [&](const auto& pair) { return same_sqlite_name(pair.first, name); });
  return found == pairs.end() ? nullptr : &*found;
}

void add_member(std::string& out, std::string_view name, std::string_view text) {
  if (!out.empty()) out += ',';
  write_json_string(out, name);
  out += ':';
  write_json_string(out, text);
}

void describe_columns(const SqliteDefinition& before, const SqliteDefinition& after,
                      std::vector<std::string>& details) {
  const auto renamed_from = [&](std::size_t place) {
    const bool same_place = before.columns.size() == after.columns.size() &&
                            before.columns[place].second == after.columns[place].second;
    return same_place && !after.has_column(before.columns[place].first) &&
           !before.has_column(after.columns[place].first);
  };
  for (std::size_t i = 0; i < after.columns.size(); ++i) {
    const auto& [name, type] = after.columns[i];
    const auto* old = find(before.columns, name);
    if (old && old->second == type) continue;
    const bool renamed = !old && renamed_from(i);
    details.push_back(schema_detail("ALTER", "COLUMN", name, {},
                                    old       ? "retyped"
                                    : renamed ? "renamed"
                                              : "added"));
    if (renamed) add_member(details.back(), "previous_name", before.columns[i].first);
    add_member(details.back(), "column_type", type);
  }
  for (std::size_t i = 0; i < before.columns.size(); ++i)
    if (const auto& name = before.columns[i].first;
        !after.has_column(name) && !(i < after.columns.size() && renamed_from(i)))
      details.push_back(schema_detail("ALTER", "COLUMN", name, {}, "dropped"));
}

}  // namespace

bool SqliteDefinition::has_column(std::string_view name) const { return find(columns, name) != nullptr; }

bool SqliteDefinition::had_column(std::string_view name) const {
  return has_column(name) || std::any_of(former.begin(), former.end(),
                                         [&](const auto& gone) { return same_sqlite_name(gone, name); });
}

SqliteDefinition read_definition(SqliteHandle& handle, const SqliteTable& table) {
  SqliteDefinition definition;
  for (const auto& column : table.columns) definition.columns.emplace_back(column.name, column.type);
  SqliteCursor cursor = handle.prepare(
      "SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE tbl_name = ?1 AND type IN ('table', "
      "'index') ORDER BY name");
  cursor.bind(1, table.name);
  while (cursor.step()) {
    if (cursor.bytes(0) == "table")
      definition.sql = cursor.text(2);
    else if (!cursor.bytes(2).empty())
      definition.indexes.emplace_back(cursor.text(1), cursor.text(2));
  }
  return definition;
}

std::string pack_definition(const SqliteDefinition& definition) {
  return nlohmann::json{
      {"columns", definition.columns}, {"indexes", definition.indexes}, {"former", definition.former}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

SqliteDefinition unpack_definition(std::string_view packed) {
  const auto json = nlohmann::json::parse(packed);
  return {json.at("columns").get<Pairs>(),
          json.at("indexes").get<Pairs>(),
          json.at("former").get<std::vector<std::string>>(),
          {}};
}

std::string schema_detail(std::string_view change_type, std::string_view object_type, std::string_view object,
                          std::string_view ddl, std::string_view change) {
  std::string detail;
  add_member(detail, "change_type", change_type);
  add_member(detail, "object_type", object_type);
  add_member(detail, "object_name", object);
  if (ddl.empty())
    detail += ",\"ddl_statement\":null";
  else
    add_member(detail, "ddl_statement", ddl);
  add_member(detail, "change", change);
  return detail;
}

std::vector<std::string> describe_changes(const std::string& table, const SqliteDefinition& before,
                                          const SqliteDefinition& after) {
  std::vector<std::string> details;
  describe_columns(before, after, details);
  for (const auto& [name, sql] : after.indexes)
    if (const auto* old = find(before.indexes, name); !old || old->second != sql)
      details.push_back(
          schema_detail(old ? "ALTER" : "CREATE", "INDEX", name, sql, old ? "created anew" : "created"));
  for (const auto& index : before.indexes)
    if (!find(after.indexes, index.first))
      details.push_back(schema_detail("DROP", "INDEX", index.first, {}, "dropped"));
  for (auto& detail : details) add_member(detail, "object_table", table);
  return details;
}

std::string gap_detail(std::string_view reason, std::string_view remedy) {
  std::string detail;
  add_member(detail, "reason", reason);
  add_member(detail, "remedy", remedy);
  return detail;
}

}  // namespace rowhook
