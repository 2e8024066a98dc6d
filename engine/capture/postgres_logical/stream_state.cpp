#include "engine/capture/postgres_logical/stream_state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

using Json = nlohmann::json;
using Columns = std::vector<KnownTable::Column>;

const KnownTable::Column* find(const Columns& columns, const std::string& name) {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

bool same_type(const KnownTable::Column& a, const KnownTable::Column& b) {
  return a.type == b.type && a.modifier == b.modifier;
}

}  // namespace

StreamState StreamState::parse(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    StreamState state{.system = json.at("system"),
                      .timeline = json.at("timeline"),
                      .slot = json.at("slot"),
                      .epoch = json.at("epoch"),
                      .tables = {}};
    for (const auto& [name, table] : json.at("tables").items()) {
      KnownTable& known = state.tables[name];
      known.oid = table.at("oid");
      for (const Json& column : table.at("columns"))
        known.columns.push_back({column.at(0), column.at(1), column.at(2)});
    }
    return state;
  } catch (const Json::exception& error) {
    throw PermanentError(std::string("the stored state of the replication stream is damaged: ") +
                         error.what());
  }
}

std::string StreamState::text() const {
  Json tables_json = Json::object();
  for (const auto& [name, table] : tables) {
    Json columns = Json::array();
    for (const auto& column : table.columns) columns.push_back({column.name, column.type, column.modifier});
    tables_json[name] = {{"oid", table.oid}, {"columns", std::move(columns)}};
  }
  const Json json = {{"system", system},
                     {"timeline", timeline},
                     {"slot", slot},
                     {"epoch", epoch},
                     {"tables", std::move(tables_json)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<ColumnChange> compare_columns(const Columns& before, const Columns& after) {
  std::vector<ColumnChange> changes;
  const bool same_count = before.size() == after.size();
  const auto renamed_at = [&](std::size_t i) {
    return same_count && same_type(before[i], after[i]) && !find(after, before[i].name) &&
           !find(before, after[i].name);
  };
  for (std::size_t i = 0; i < before.size(); ++i)
    if (!find(after, before[i].name) && !renamed_at(i))
      changes.push_back({ColumnChange::Kind::dropped, before[i].name, {}});
  for (std::size_t i = 0; i < after.size(); ++i) {
    const KnownTable::Column* const old = find(before, after[i].name);
    if (!old && renamed_at(i)) {
      changes.push_back({ColumnChange::Kind::renamed, after[i].name, before[i].name});
    } else if (!old) {
      changes.push_back({ColumnChange::Kind::added, after[i].name, {}});
    } else if (!same_type(*old, after[i])) {
      changes.push_back({ColumnChange::Kind::retyped, after[i].name, {}});
    }
  }
  return changes;
}

KnownTable known_table(const pgoutput::Relation& relation) {
  KnownTable known{.oid = relation.oid, .columns = {}};
  known.columns.reserve(relation.columns.size());
  for (const auto& column : relation.columns)
    known.columns.push_back({std::string(column.name), column.type, column.modifier});
  return known;
}

std::string table_name(std::string_view schema, std::string_view table) {
  std::string name(schema);
  name += '.';
  name += table;
  return name;
}

}  // namespace rowhook
