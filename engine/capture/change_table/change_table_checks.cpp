#include "engine/capture/change_table/change_table_checks.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/json.h"

namespace rowhook {
namespace {

using Severity = Finding::Severity;

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string near = nearest_name(name, candidates);
  return near.empty() ? "" : "; did you mean " + near + '?';
}

std::vector<std::string> column_names(const SqliteTable& table) {
  std::vector<std::string> names;
  for (const auto& column : table.columns) names.push_back(column.name);
  return names;
}

Finding unknown_column(const SqliteTable& table, const std::string& setting, const std::string& column) {
  return {Severity::error, setting + " of " + table.name,
          setting + " of " + table.name + " names the column " + column + ", which does not exist" +
              did_you_mean(column, column_names(table)),
          "correct " + setting + " in the configuration; the columns are: sqlite3 FILE '.schema " +
              table.name + "'"};
}

void check_columns(const SqliteTable& table, const SqliteWatch& watch, const SqliteDefinition& definition,
                   std::vector<Finding>& findings) {
  for (const auto& column : watch.condition_columns())
    if (!table.find(column)) findings.push_back(unknown_column(table, "where_clause", column));
  // A slip here would let a secret out.
  for (const auto& column : watch.table.exclude_columns)
    if (!table.find(column) && !definition.had_column(column))
      findings.push_back(unknown_column(table, "exclude_columns", column));
  const auto columns = layout_columns(table, watch.table, watch.condition_columns());
  if (columns.size() > max_layout_columns)
    findings.push_back({Severity::error, "columns of " + table.name,
                        table.name + " has " + std::to_string(columns.size()) +
                            " columns to capture; at most " + std::to_string(max_layout_columns) +
                            " are possible",
                        "name columns that are not needed in exclude_columns"});
}

void check_key(const SqliteTable& table, const SqliteWatch& watch, const std::vector<LayoutColumn>& columns,
               std::vector<Finding>& findings) {
  const std::string check = "key of " + table.name;
  const bool keyed =
      std::any_of(columns.begin(), columns.end(), [](const auto& column) { return column.key; });
  const bool hidden_key = std::any_of(columns.begin(), columns.end(),
                                      [](const auto& column) { return column.key && column.hidden; });
  const auto key = table.key();
  const bool excluded_key = std::any_of(key.begin(), key.end(), [&](const auto& name) {
    return std::any_of(watch.table.exclude_columns.begin(), watch.table.exclude_columns.end(),
                       [&](const auto& excluded) { return same_sqlite_name(excluded, name); });
  });
  if (hidden_key || excluded_key)
    findings.push_back({Severity::warning, check,
                        "the key of " + table.name + " is excluded: its events have no record_id",
                        "leave the key out of exclude_columns"});
  else if (!keyed)
    findings.push_back({Severity::warning, check,
                        table.name + " has no primary key: its events have no record_id, and their order is "
                                     "kept for the table as a whole",
                        "make one when you rebuild the table, or name unique columns in \"primary_key\" of "
                        "the configuration"});
  else
    findings.push_back({Severity::ok, check, "record_id comes from the primary key", ""});
}

// Adds the findings of the file itself; false when there is nothing more to look at.
bool check_file(const SourceSettings& settings, std::vector<Finding>& findings) {
  const std::string& path = settings.database;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    findings.push_back(
        {Severity::error, "file", "there is no file " + path,
         "create the database, or correct \"database\" of the connection " + settings.connection});
    return false;
  }
  const std::string directory = std::filesystem::absolute(path).parent_path().string();
  if (::access(path.c_str(), R_OK | W_OK) != 0 || ::access(directory.c_str(), W_OK) != 0) {
    findings.push_back({Severity::error, "file",
                        "the user that runs rowhook may not write to " + path + " and its directory",
                        "chmod g+w '" + path + "' '" + directory + "' and put that user into the group"});
    return false;
  }
  findings.push_back({Severity::ok, "file", path + " can be read and written", ""});
  return true;
}

void check_journal_mode(SqliteHandle& handle, const std::string& path, std::vector<Finding>& findings) {
  const std::string mode = handle.text("PRAGMA journal_mode");
  if (mode == "wal")
    findings.push_back(
        {Severity::ok, "journal_mode", "WAL: readers and writers do not wait for each other", ""});
  else
    findings.push_back({Severity::warning, "journal_mode",
                        "the file is in journal mode " + mode +
                            ": a commit waits while changes are read, and the other way round",
                        "sqlite3 '" + path + "' 'PRAGMA journal_mode = WAL'"});
}

void check_triggers(SqliteHandle& handle, const std::vector<SqliteWatch>& watches,
                    std::vector<Finding>& findings) {
  const auto state = read_change_table_state(handle);
  if (!state)
    findings.push_back({Severity::ok, "change tables", "they will be made when the engine starts", ""});
  else if (!change_triggers_in_line(handle, watches))
    findings.push_back({Severity::warning, "change tables",
                        "triggers are missing or belong to another configuration",
                        "start the engine: it makes them anew and reports what may be missing"});
  else
    findings.push_back({Severity::ok, "change tables",
                        std::to_string(handle.integer(
                            "SELECT count(*) FROM _rowhook_changes WHERE id > (SELECT acknowledged FROM "
                            "_rowhook_state)")) +
                            " changes wait to be read",
                        ""});
}

}  // namespace

Finding missing_sqlite_table(const std::string& name, const std::vector<std::string>& existing) {
  return {Severity::error, "table " + name, "there is no table " + name + did_you_mean(name, existing),
          "create it, or correct its name in the configuration"};
}

std::vector<Finding> check_sqlite_watch(const SqliteTable& table, const SqliteWatch& watch,
                                        const SqliteDefinition& definition) {
  if (table.kind == SqliteTable::Kind::view)
    return {{Severity::error, "table " + table.name,
             table.name + " is a view: SQLite cannot capture changes of a view",
             "watch the tables that the view " + table.name + " reads"}};
  if (table.kind == SqliteTable::Kind::virtual_table)
    return {{Severity::error, "table " + table.name,
             table.name + " is a virtual table: SQLite allows no triggers on it",
             "watch the table that " + table.name + " is made from"}};
  std::vector<Finding> findings;
  check_columns(table, watch, definition, findings);
  check_key(table, watch, layout_columns(table, watch.table, watch.condition_columns()), findings);
  return findings;
}

std::vector<Finding> check_renamed_exclusion(const WatchedTable& watched, const SqliteDefinition& before,
                                             const SqliteDefinition& after) {
  const auto listed = [&](const std::string& column) {
    return std::any_of(watched.exclude_columns.begin(), watched.exclude_columns.end(),
                       [&](const auto& name) { return same_sqlite_name(name, column); });
  };
  for (const auto& excluded : watched.exclude_columns) {
    if (!before.has_column(excluded) || after.has_column(excluded)) continue;
    for (const auto& column : after.columns)
      if (!before.had_column(column.first) && !listed(column.first))
        return {{Severity::error, "exclude_columns of " + watched.table,
                 "the excluded column " + excluded + " of " + watched.table + " is gone and " + column.first +
                     " is new: it may be renamed",
                 "add \"" + column.first + "\" to exclude_columns beside \"" + excluded + "\", or remove \"" +
                     excluded + "\" there if its values may be captured"}};
  }
  return {};
}

std::vector<Finding> examine_sqlite(const SourceSettings& settings) {
  std::vector<Finding> findings;
  try {
    const auto watches = sqlite_watches(settings);
    if (!check_file(settings, findings)) return findings;
    SqliteHandle handle(settings.database, false);
    check_journal_mode(handle, settings.database, findings);
    bool errors = false;
    for (const auto& watch : watches) {
      const auto table = read_sqlite_table(handle, watch.table.table);
      if (!table) {
        findings.push_back(missing_sqlite_table(watch.table.table, list_sqlite_tables(handle)));
      } else {
        for (auto& finding : check_sqlite_watch(*table, watch, stored_definition(handle, watch.table.table)))
          findings.push_back(std::move(finding));
      }
      errors = errors || findings.back().severity == Severity::error;
    }
    if (!errors) check_triggers(handle, watches, findings);
  } catch (const Error& error) {
    findings.push_back({Severity::error, "database", error.what(), error.hint()});
  }
  return findings;
}

}  // namespace rowhook
