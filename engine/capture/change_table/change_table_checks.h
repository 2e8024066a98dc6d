// What must hold before the changes of an SQLite table can be captured. `rowhook doctor` prints all findings;
// open() stops at the errors among them.
#pragma once

#include <string>
#include <vector>

#include "engine/capture/change_table/change_table_install.h"
#include "engine/capture/change_table/sqlite_schema_diff.h"

namespace rowhook {

Finding missing_sqlite_table(const std::string& name, const std::vector<std::string>& existing);
// Kind of the table, key, and the columns that the configuration names. Columns that `definition` knows as
// gone may still be excluded.
std::vector<Finding> check_sqlite_watch(const SqliteTable& table, const SqliteWatch& watch,
                                        const SqliteDefinition& definition);
// What was excluded under its old name must not leak out under a new one.
std::vector<Finding> check_renamed_exclusion(const WatchedTable& watched, const SqliteDefinition& before,
                                             const SqliteDefinition& after);

// The findings of `rowhook doctor`: file, journal mode, tables. Changes nothing. Never throws for what it can
// report.
std::vector<Finding> examine_sqlite(const SourceSettings& settings);

}  // namespace rowhook
