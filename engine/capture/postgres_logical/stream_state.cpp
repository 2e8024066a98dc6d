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

// Columns keep their order, and new ones come last: between two columns that both versions have, what
// disappeared and what appeared pair off in order.
std::vector<ColumnChange> compare_columns(const Columns& before, const Columns& after) {
  std::vector<ColumnChange> dropped, changes;
  std::size_t old = 0, now = 0;
  while (old < before.size() || now < after.size()) {
    const bool gone = old < before.size() && !find(after, before[old].name);
    const bool fresh = now < after.size() && !find(before, after[now].name);
    if (gone && fresh && same_type(before[old], after[now])) {
      changes.push_back({ColumnChange::Kind::renamed, after[now].name, before[old].name});
      ++old, ++now;
    } else if (gone) {
      dropped.push_back({ColumnChange::Kind::dropped, before[old].name, {}});
      ++old;
    } else if (fresh) {
      changes.push_back({ColumnChange::Kind::added, after[now].name, {}});
      ++now;
    } else {
      if (now < after.size() && !same_type(*find(before, after[now].name), after[now]))
        changes.push_back({ColumnChange::Kind::retyped, after[now].name, {}});
      ++old, ++now;
    }
  }
  dropped.insert(dropped.end(), changes.begin(), changes.end());
  return dropped;
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
