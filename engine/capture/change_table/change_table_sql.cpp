#include "engine/capture/change_table/change_table_sql.h"

#include <algorithm>

namespace rowhook {
namespace {

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

std::string value_columns(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("v" + std::to_string(i));
  return joined(names, ",");
}

class TriggerWriter {
 public:
  TriggerWriter(const SqliteTable& table, const ChangeLayout& layout)
      : table_(table), layout_(layout), name_(quote_sqlite_name(table.name)) {}

  // `kind` "insert": the trigger _rowhook_insert_<table>.
  TriggerSql trigger(const std::string& kind, const std::string& when, const std::string& statement) const {
    const std::string name = "_rowhook_" + kind + '_' + table_.name;
    return {name, "CREATE TRIGGER " + quote_sqlite_name(name) + ' ' + when + " BEGIN " + statement + "; END"};
  }
  const std::string& name() const { return name_; }

  std::string log(ChangeOp op, const std::vector<std::string>& sides) const {
    return insert_into(sides.size()) + " VALUES(" + values(op, sides) + ')';
  }
  std::string log_candidates(const std::string& where) const {
    return insert_into(2) + " SELECT " + values(ChangeOp::candidate, {"o", "NEW"}) + " FROM " + name_ +
           " AS o WHERE " + where;
  }

  // Rows `o` that NEW pushes aside under REPLACE.
  std::string conflicts() const {
    std::vector<std::string> any;
    if (!table_.rowid_column.empty()) any.push_back(same(table_.rowid_column, "NEW"));
    for (const auto& index : table_.unique) any.push_back(conflict(index));
    return '(' + joined(any, " OR ") + ')';
  }
  std::string other_than_old() const {
    std::vector<std::string> identity;
    if (!table_.rowid_column.empty()) {
      identity.push_back(same(table_.rowid_column, "OLD"));
    } else if (!table_.rowid_name.empty()) {
      identity.push_back("o." + table_.rowid_name + " = OLD." + table_.rowid_name);
    } else {
      for (const auto& column : table_.key()) identity.push_back(same(column, "OLD"));
    }
    return "NOT (" + joined(identity, " AND ") + ')';
  }
  std::string any_row(const std::string& where) const {
    return "EXISTS(SELECT 1 FROM " + name_ + " AS o WHERE " + where + ')';
  }

  // " OF a, b" with the columns whose change can push another row aside; "" where an expression hides them.
  std::string unique_columns() const {
    std::vector<std::string> names;
    for (const auto& column : table_.columns)
      if (table_.in_unique_key(column.name)) names.push_back(quote_sqlite_name(column.name));
    return table_.has_hidden_terms() || names.empty() ? std::string() : " OF " + joined(names, ", ");
  }

 private:
  std::string insert_into(std::size_t rows) const {
    return "INSERT INTO \"_rowhook_changes\"(layout,op,at," + value_columns(rows * layout_.columns.size()) +
           ')';
  }
  std::string values(ChangeOp op, const std::vector<std::string>& sides) const {
    std::vector<std::string> all{std::to_string(layout_.id), std::to_string(static_cast<std::int64_t>(op)),
                                 "julianday('now')"};
    for (const auto& side : sides)
      for (const auto& column : layout_.columns) all.push_back(side + '.' + quote_sqlite_name(column.name));
    return joined(all, ",");
  }

  static std::string same(const std::string& column, const std::string& side) {
    const std::string name = quote_sqlite_name(column);
    return "o." + name + " = " + side + '.' + name;
  }
  std::string conflict(const SqliteUniqueIndex& index) const {
    std::vector<std::string> all;
    for (const auto& term : index.terms) {
      const std::string compared = !term.column.empty()
                                       ? same(term.column, "NEW")
                                       : '(' + term.expression + ") = " + of_new(term.expression);
      all.push_back(compared + " COLLATE " + quote_sqlite_name(term.collation));
    }
    // Both rows must be in a partial index.
    if (!index.where.empty()) all.push_back('(' + index.where + ')' + " AND " + of_new(index.where));
    return '(' + joined(all, " AND ") + ')';
  }
  // The value of an expression over the table's columns for the row NEW.
  std::string of_new(const std::string& expression) const {
    std::vector<std::string> columns;
    for (const auto& column : table_.columns) {
      const std::string name = quote_sqlite_name(column.name);
      columns.push_back("NEW." + name + " AS " + name);
    }
    return "(SELECT " + expression + " FROM (SELECT " + joined(columns, ", ") + "))";
  }

  const SqliteTable& table_;
  const ChangeLayout& layout_;
  std::string name_;
};

// Without deletions among the wanted events nobody needs to know what REPLACE pushed aside.
bool follows_replace(const SqliteTable& table, const WatchedTable& watched) {
  return watched.deletes && (!table.unique.empty() || !table.rowid_column.empty());
}

}  // namespace

std::vector<LayoutColumn> layout_columns(const SqliteTable& table, const WatchedTable& watched,
                                         const std::vector<std::string>& condition_columns) {
  const auto configured = split_names(watched.primary_key);
  const bool usable =
      !configured.empty() && std::all_of(configured.begin(), configured.end(),
                                         [&](const auto& name) { return table.find(name) != nullptr; });
  const auto key = usable ? configured : table.key();
  std::vector<LayoutColumn> columns;
  for (const auto& column : table.columns) {
    const bool excluded = contains(watched.exclude_columns, column.name);
    const bool unique =
        follows_replace(table, watched) && (table.has_hidden_terms() || table.in_unique_key(column.name));
    if (excluded && !unique && !contains(condition_columns, column.name)) continue;
    columns.push_back(
        {column.name, column.type, contains(key, column.name), excluded, column.name == table.rowid_column});
  }
  return columns;
}

std::size_t layout_width(const ChangeLayout& layout, const WatchedTable& watched) {
  return std::max<std::size_t>(1, layout.columns.size() * (watched.updates || watched.deletes ? 2 : 1));
}

std::vector<TriggerSql> change_table_triggers(const SqliteTable& table, const WatchedTable& watched,
                                              const ChangeLayout& layout) {
  const TriggerWriter write(table, layout);
  const bool replacing = follows_replace(table, watched);
  std::vector<TriggerSql> triggers;
  if (replacing) {
    const std::string insert = write.conflicts(),
                      update = write.conflicts() + " AND " + write.other_than_old();
    triggers.push_back(write.trigger("before_insert",
                                     "BEFORE INSERT ON " + write.name() + " WHEN " + write.any_row(insert),
                                     write.log_candidates(insert)));
    triggers.push_back(write.trigger(
        "before_update",
        "BEFORE UPDATE" + write.unique_columns() + " ON " + write.name() + " WHEN " + write.any_row(update),
        write.log_candidates(update)));
  }
  // Whether a candidate was replaced shows in what follows it, so then every change is written; the reader
  // knows what is wanted.
  if (watched.inserts || replacing)
    triggers.push_back(
        write.trigger("insert", "AFTER INSERT ON " + write.name(), write.log(ChangeOp::inserted, {"NEW"})));
  if (watched.updates || replacing)
    triggers.push_back(write.trigger("update", "AFTER UPDATE ON " + write.name(),
                                     write.log(ChangeOp::updated, {"OLD", "NEW"})));
  if (watched.deletes)
    triggers.push_back(
        write.trigger("delete", "AFTER DELETE ON " + write.name(), write.log(ChangeOp::deleted, {"OLD"})));
  return triggers;
}

std::string change_tables_sql(std::size_t width) {
  return "CREATE TABLE IF NOT EXISTS \"_rowhook_changes\"(id INTEGER PRIMARY KEY,layout INTEGER,op "
         "INTEGER,at REAL," +
         value_columns(width) +
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
