#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "engine/base/guarded.h"
#include "engine/capture/source.h"
#include "scripting/lua_check.h"

namespace rowhook {

class Journal;
class SqlPools;

// Columns of watched tables, for the check of scripts: from the database's catalogue or, where that cannot be
// asked, from the newest event of the table in the journal. What was learned is believed for 10 s.
// Thread safety: safe to share.
class TableColumns {
 public:
  TableColumns(SqlPools& sql, Journal& journal) : sql_(sql), journal_(journal) {}
  void replace(std::vector<SourceSettings> sources);

  // The watched tables of `source` that match one of `globs` (none: all of them). Empty when the columns of
  // one of them are not known, or nothing is watched. Waits at most 3 s for a database.
  std::vector<ScriptTable> tables(const std::string& source, const std::vector<std::string>& globs);

 private:
  struct Known {
    std::vector<ScriptTable::Column> columns;
    std::chrono::steady_clock::time_point at;
  };
  std::vector<ScriptTable::Column> columns_of(const SourceSettings& source, const WatchedTable& table);
  std::vector<ScriptTable::Column> from_catalogue(const SourceSettings& source, const WatchedTable& table);
  std::vector<ScriptTable::Column> from_journal(const std::string& source, const WatchedTable& table);

  SqlPools& sql_;
  Journal& journal_;
  Guarded<std::vector<SourceSettings>> sources_;
  Guarded<std::map<std::string, Known>> known_;  // by source, schema and table
};

}  // namespace rowhook
