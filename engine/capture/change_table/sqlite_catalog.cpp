#include "engine/capture/change_table/sqlite_catalog.h"

#include <algorithm>

#include "engine/capture/change_table/sqlite_index_sql.h"

namespace rowhook {
namespace {

char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string upper_start(std::string_view sql) {
  std::string out(sql.substr(0, 14));
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

void read_columns(SqliteHandle& handle, SqliteTable& table) {
  SqliteCursor cursor =
      handle.prepare("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid");
  cursor.bind(1, table.name);
  while (cursor.step()) {
    constexpr std::int64_t hidden_of_virtual_table = 1;
    if (cursor.integer(3) == hidden_of_virtual_table) continue;
    table.columns.push_back({cursor.text(0), cursor.text(1), static_cast<int>(cursor.integer(2))});
  }
}

void read_unique_indexes(SqliteHandle& handle, SqliteTable& table) {
  std::vector<std::string> names;
  SqliteCursor list =
      handle.prepare("SELECT name, origin FROM pragma_index_list(?1) WHERE \"unique\" ORDER BY seq");
  list.bind(1, table.name);
  bool key_index = false;
  while (list.step()) {
    names.push_back(list.text(0));
    key_index = key_index || list.bytes(1) == "pk";
  }
  for (const auto& name : names) {
    SqliteCursor definition =
        handle.prepare("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?1");
    definition.bind(1, name);
    const SqliteIndexSql sql = definition.step() ? parse_sqlite_index(definition.bytes(0)) : SqliteIndexSql{};
    SqliteUniqueIndex index;
    index.where = sql.where;
    SqliteCursor terms =
        handle.prepare("SELECT name, coll FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno");
    terms.bind(1, name);
    while (terms.step()) {
      SqliteUniqueTerm term{terms.text(0), {}, terms.text(1)};
      if (term.column.empty()) term.expression = sql.terms.at(index.terms.size());
      index.terms.push_back(std::move(term));
    }
    table.unique.push_back(std::move(index));
  }
  // Without an index of its own the key of a rowid table is the rowid itself.
  const auto key = table.key();
  if (key.size() == 1 && !key_index && !table.without_rowid) table.rowid_column = key.front();
}

}  // namespace

bool same_sqlite_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower_ascii(x) == lower_ascii(y); });
}

std::vector<std::string> SqliteTable::key() const {
  std::vector<const SqliteColumn*> parts;
  for (const auto& column : columns)
    if (column.primary_key > 0) parts.push_back(&column);
  std::sort(parts.begin(), parts.end(),
            [](const auto* a, const auto* b) { return a->primary_key < b->primary_key; });
  std::vector<std::string> names;
  for (const auto* part : parts) names.push_back(part->name);
  return names;
}

const SqliteColumn* SqliteTable::find(std::string_view column) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const auto& c) { return same_sqlite_name(c.name, column); });
  return found == columns.end() ? nullptr : &*found;
}

bool SqliteTable::in_unique_key(std::string_view column) const {
  if (same_sqlite_name(column, rowid_column)) return true;
  for (const auto& index : unique)
    for (const auto& term : index.terms)
      if (same_sqlite_name(column, term.column)) return true;
  return false;
}

bool SqliteTable::has_hidden_terms() const {
  return std::any_of(unique.begin(), unique.end(), [](const auto& index) {
    return !index.where.empty() || std::any_of(index.terms.begin(), index.terms.end(),
                                               [](const auto& term) { return term.column.empty(); });
  });
}

std::optional<SqliteTable> read_sqlite_table(SqliteHandle& handle, std::string_view name) {
  SqliteCursor master = handle.prepare(
      "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1 COLLATE "
      "NOCASE");
  master.bind(1, name);
  if (!master.step()) return std::nullopt;
  SqliteTable table;
  table.name = master.text(0);
  if (master.bytes(1) == "view") table.kind = SqliteTable::Kind::view;
  if (upper_start(master.bytes(2)) == "CREATE VIRTUAL") table.kind = SqliteTable::Kind::virtual_table;
  master.reset();
  read_columns(handle, table);
  if (table.kind != SqliteTable::Kind::table) return table;
  SqliteCursor list =
      handle.prepare("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE");
  list.bind(1, name);
  table.without_rowid = list.step() && list.integer(0) != 0;
  list.reset();
  if (!table.without_rowid)
    for (const char* candidate : {"rowid", "_rowid_", "oid"})
      if (table.rowid_name.empty() && !table.find(candidate)) table.rowid_name = candidate;
  read_unique_indexes(handle, table);
  return table;
}

std::vector<std::string> list_sqlite_tables(SqliteHandle& handle) {
  std::vector<std::string> names;
  SqliteCursor cursor = handle.prepare(
      "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT GLOB '_rowhook_*' AND "
      "name NOT GLOB 'sqlite_*' "
      "ORDER BY name");
  while (cursor.step()) names.push_back(cursor.text(0));
  return names;
}

}  // namespace rowhook
