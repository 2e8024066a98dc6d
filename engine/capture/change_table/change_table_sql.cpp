#include "engine/capture/change_table/change_table_sql.h"

#include <algorithm>

namespace rowhook {
namespace {

constexpr std::string_view changes = "\"_rowhook_changes\"";
constexpr std::string_view replaced = "\"_rowhook_replaced\"";
constexpr int kept_candidates =
    4;  // of statements in the midst of others (a user's BEFORE trigger on the same table)
constexpr std::size_t compared_columns =
    32;  // enough to tell rows apart, and below SQLite's limit on the depth of expressions

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const auto& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const auto& other) { return same_sqlite_name(other, name); });
}

// "a, b" of `primary_key` in the configuration.
std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view name = list.substr(0, comma);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return names;
}

// v0, v1, ... from `first` on, each behind `prefix`.
std::string value_columns(std::size_t first, std::size_t count, const std::string& prefix = {}) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(prefix + "v" + std::to_string(first + i));
  return joined(names, ",");
}

class TriggerWriter {
 public:
  TriggerWriter(const SqliteTable& table, const ChangeLayout& layout)
      : table_(table),
        layout_(layout),
        name_(quote_sqlite_name(table.name)),
        id_(std::to_string(layout.id)) {}

  TriggerSql trigger(std::string_view kind, const std::string& when, const std::string& body) const {
    std::string name = "_rowhook_";
    for (const char c : kind) name += c == ' ' ? '_' : static_cast<char>(c - 'A' + 'a');
    name += '_' + table_.name;
    return {name, "CREATE TRIGGER " + quote_sqlite_name(name) + ' ' + when + " BEGIN " + body + "END"};
  }
  const std::string& name() const { return name_; }

  std::string log(ChangeOp op, const std::vector<std::string>& sides) const {
    std::string values;
    for (const auto& side : sides) values += ',' + row(side);
    return insert_into_changes(sides.size()) + " VALUES(" + head(op) + values + "); ";
  }

  // Whether REPLACE can be recognised: the row in the way must be found again.
  bool has_identity() const { return !identity("o").empty(); }

  // Rows that NEW pushes aside under REPLACE.
  std::string conflicts() const {
    std::vector<std::string> any;
    if (const std::string rowid = rowid_expression(); !rowid.empty())
      any.push_back("o." + rowid + " = NEW." + rowid);
    for (const auto& index : table_.unique) any.push_back(conflict(index));
    return '(' + joined(any, " OR ") + ')';
  }
  std::string other_than_old() const {
    std::vector<std::string> same;
    const auto ours = identity("o"), old = identity("OLD");
    for (std::size_t i = 0; i < ours.size(); ++i) same.push_back(ours[i] + " = " + old[i]);
    return "NOT (" + joined(same, " AND ") + ')';
  }
  std::string any_row(const std::string& where) const {
    return "EXISTS(SELECT 1 FROM " + name_ + " AS o WHERE " + where + ')';
  }

  std::string remember_candidates(const std::string& where) const {
    const std::string table(replaced);
    const std::string rowid = rowid_expression();
    return "DELETE FROM " + table + " WHERE id <= (SELECT max(id) FROM " + table + ") - " +
           std::to_string(kept_candidates) + "; " + "DELETE FROM " + table + " WHERE layout = " + id_ +
           " AND " + any_row(same_as_candidate("o") + " AND " + where) + "; " + "INSERT INTO " + table +
           "(layout,since,k," + value_columns(0, width()) + ") SELECT " + id_ + ",(SELECT max(id) FROM " +
           std::string(changes) + ")," + (rowid.empty() ? "NULL" : "o." + rowid) + ',' + row("o") + " FROM " +
           name_ + " AS o WHERE " + where + "; ";
  }

  // Logs the candidates that are gone now as deletions, unless a deletion or update of them was logged by
  // itself meanwhile (recursive_triggers, a user's trigger, an older statement that was ignored).
  std::string promote_candidates(bool update) const {
    const std::string table(replaced);
    std::vector<std::string> same;
    for (std::size_t i = 0; i < std::min(width(), compared_columns); ++i)
      same.push_back("c.v" + std::to_string(i) + " IS " + table + ".v" + std::to_string(i));
    // The row under UPDATE is not gone, though its key may be another one now.
    const std::string gone = "layout = " + id_ +
                             (update ? " AND NOT (" + same_as_candidate("OLD") + ')' : "") + " AND (" +
                             same_as_candidate("NEW") + " OR NOT " + any_row(same_as_candidate("o")) + ')';
    return insert_into_changes(1) + " SELECT " + head(ChangeOp::deleted) + ',' + value_columns(0, width()) +
           " FROM " + table + " WHERE " + gone + " AND NOT EXISTS(SELECT 1 FROM " + std::string(changes) +
           " AS c WHERE c.id > " + table + ".since AND c.layout = " + id_ + " AND c.op IN (2,3) AND " +
           joined(same, " AND ") + ") ORDER BY id; " + "DELETE FROM " + table + " WHERE " + gone + "; ";
  }

  // " OF a, b" with the columns whose change can push another row aside; "" where an expression hides them.
  std::string unique_columns() const {
    std::vector<std::string> names;
    const auto add = [&](const std::string& column) {
      const std::string quoted = quote_sqlite_name(column);
      if (std::find(names.begin(), names.end(), quoted) == names.end()) names.push_back(quoted);
    };
    if (!table_.rowid_column.empty()) add(table_.rowid_column);
    for (const auto& index : table_.unique) {
      if (!index.where.empty()) return {};
      for (const auto& term : index.terms) {
        if (term.column.empty()) return {};
        add(term.column);
      }
    }
    return names.empty() ? std::string() : " OF " + joined(names, ", ");
  }

 private:
  std::size_t width() const { return layout_.columns.size(); }

  std::string row(const std::string& side) const {
    std::vector<std::string> values;
    for (const auto& column : layout_.columns) values.push_back(side + '.' + quote_sqlite_name(column.name));
    return joined(values, ",");
  }
  std::string head(ChangeOp op) const {
    return id_ + ',' + std::to_string(static_cast<std::int64_t>(op)) + ",julianday('now')";
  }
  std::string insert_into_changes(std::size_t rows) const {
    return "INSERT INTO " + std::string(changes) + "(layout,op,at," + value_columns(0, rows * width()) + ')';
  }

  std::string rowid_expression() const {
    if (!table_.rowid_column.empty()) return quote_sqlite_name(table_.rowid_column);
    return table_.rowid_name;
  }

  // What identifies a row of the table for as long as a statement runs.
  std::vector<std::string> identity(const std::string& side) const {
    if (const std::string rowid = rowid_expression(); !rowid.empty()) return {side + '.' + rowid};
    std::vector<std::string> parts;
    for (const auto& column : table_.key()) parts.push_back(side + '.' + quote_sqlite_name(column));
    return parts;
  }
  std::string same_as_candidate(const std::string& side) const {
    const std::string table(replaced);
    if (!rowid_expression().empty()) return identity(side).front() + " = " + table + ".k";
    std::vector<std::string> same;
    for (const auto& column : table_.key())
      for (std::size_t i = 0; i < width(); ++i)
        if (layout_.columns[i].name == column)
          same.push_back(side + '.' + quote_sqlite_name(column) + " = " + table + ".v" + std::to_string(i));
    return joined(same, " AND ");
  }

  std::string conflict(const SqliteUniqueIndex& index) const {
    std::vector<std::string> all;
    for (const auto& term : index.terms) {
      const std::string collation = " COLLATE " + quote_sqlite_name(term.collation);
      if (!term.column.empty()) {
        const std::string column = quote_sqlite_name(term.column);
        all.push_back("o." + column + " = NEW." + column + collation);
      } else {
        all.push_back('(' + term.expression + ") = (SELECT " + term.expression + " FROM (SELECT " +
                      new_columns() + "))" + collation);
      }
    }
    if (!index.where.empty()) all.push_back('(' + index.where + ')');
    return '(' + joined(all, " AND ") + ')';
  }
  std::string new_columns() const {
    std::vector<std::string> columns;
    for (const auto& column : table_.columns) {
      const std::string name = quote_sqlite_name(column.name);
      columns.push_back("NEW." + name + " AS " + name);
    }
    return joined(columns, ", ");
  }

  const SqliteTable& table_;
  const ChangeLayout& layout_;
  std::string name_, id_;
};

}  // namespace

std::vector<LayoutColumn> layout_columns(const SqliteTable& table, const WatchedTable& watched,
                                         const std::vector<std::string>& condition_columns) {
  const auto configured = split_names(watched.primary_key);
  const bool usable =
      !configured.empty() && std::all_of(configured.begin(), configured.end(),
                                         [&](const auto& name) { return table.find(name) != nullptr; });
  const auto key = usable ? configured : table.key();
  const bool key_identifies = table.rowid_column.empty() && table.rowid_name.empty();
  std::vector<LayoutColumn> columns;
  for (const auto& column : table.columns) {
    const bool excluded = contains(watched.exclude_columns, column.name);
    const bool needed =
        contains(condition_columns, column.name) || (key_identifies && column.primary_key > 0);
    if (!excluded || needed)
      columns.push_back({column.name, column.type, contains(key, column.name), excluded});
  }
  return columns;
}

std::size_t layout_width(const ChangeLayout& layout, const WatchedTable& watched) {
  return std::max<std::size_t>(1, layout.columns.size() * (watched.updates ? 2 : 1));
}

std::vector<TriggerSql> change_table_triggers(const SqliteTable& table, const WatchedTable& watched,
                                              const ChangeLayout& layout) {
  const TriggerWriter write(table, layout);
  const bool replacing = watched.deletes && write.has_identity();
  std::vector<TriggerSql> triggers;
  if (replacing) {
    const std::string insert = write.conflicts(),
                      update = write.conflicts() + " AND " + write.other_than_old();
    triggers.push_back(write.trigger("BEFORE INSERT",
                                     "BEFORE INSERT ON " + write.name() + " WHEN " + write.any_row(insert),
                                     write.remember_candidates(insert)));
    if (!table.unique.empty() || !table.rowid_column.empty())
      triggers.push_back(write.trigger(
          "BEFORE UPDATE",
          "BEFORE UPDATE" + write.unique_columns() + " ON " + write.name() + " WHEN " + write.any_row(update),
          write.remember_candidates(update)));
  }
  if (watched.inserts || replacing)
    triggers.push_back(write.trigger("INSERT", "AFTER INSERT ON " + write.name(),
                                     (replacing ? write.promote_candidates(false) : "") +
                                         (watched.inserts ? write.log(ChangeOp::inserted, {"NEW"}) : "")));
  if (watched.updates || replacing)
    triggers.push_back(
        write.trigger("UPDATE", "AFTER UPDATE ON " + write.name(),
                      (replacing ? write.promote_candidates(true) : "") +
                          (watched.updates ? write.log(ChangeOp::updated, {"OLD", "NEW"}) : "")));
  if (watched.deletes)
    triggers.push_back(
        write.trigger("DELETE", "AFTER DELETE ON " + write.name(), write.log(ChangeOp::deleted, {"OLD"})));
  return triggers;
}

std::string change_tables_sql(std::size_t width) {
  const std::string values = value_columns(0, width);
  return "CREATE TABLE IF NOT EXISTS \"_rowhook_changes\"(id INTEGER PRIMARY KEY,layout INTEGER,op "
         "INTEGER,at REAL," +
         values +
         ");"
         "CREATE TABLE IF NOT EXISTS \"_rowhook_replaced\"(id INTEGER PRIMARY KEY,layout INTEGER,since "
         "INTEGER,k," +
         values +
         ");"
         // active: 1 watched, 0 watched but dropped by the user, 2 not watched any more
         "CREATE TABLE IF NOT EXISTS \"_rowhook_layouts\"(id INTEGER PRIMARY KEY,name TEXT NOT NULL,active "
         "INTEGER NOT NULL,"
         "columns TEXT NOT NULL,definition TEXT NOT NULL,triggers TEXT NOT NULL);"
         "CREATE TABLE IF NOT EXISTS \"_rowhook_state\"(id INTEGER PRIMARY KEY CHECK (id = 1),token TEXT NOT "
         "NULL,"
         "epoch INTEGER NOT NULL,acknowledged INTEGER NOT NULL,mark REAL NOT NULL);";
}

}  // namespace rowhook
