#include "engine/app/table_columns.h"

#include <algorithm>
#include <future>

#include "engine/base/errors.h"
#include "engine/base/glob.h"
#include "engine/journal/journal.h"
#include "workflows/sql_pools.h"

namespace rowhook {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::seconds believed{10}, patience{3};

std::string schema_of(const SourceSettings& source, const WatchedTable& table) {
  if (!table.schema.empty()) return table.schema;
  if (!source.schema.empty()) return source.schema;
  return source.type == "postgresql" ? "public" : "";
}

bool wanted(const std::vector<std::string>& globs, const std::string& schema, const std::string& table) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
           return glob_matches(glob, table) || glob_matches(glob, schema + "." + table);
         });
}

}  // namespace

void TableColumns::replace(std::vector<SourceSettings> sources) {
  sources_.with([&](auto& mine) { mine = std::move(sources); });
  known_.with([](auto& known) { known.clear(); });
}

std::vector<ScriptTable> TableColumns::tables(const std::string& source,
                                              const std::vector<std::string>& globs) {
  const auto sources = sources_.with([](const auto& mine) { return mine; });
  std::vector<ScriptTable> out;
  for (const auto& settings : sources) {
    if (settings.source != source) continue;
    for (const auto& watched : settings.tables) {
      if (!wanted(globs, schema_of(settings, watched), watched.table)) continue;
      ScriptTable table{.name = watched.table,
                        .columns = columns_of(settings, watched),
                        .excluded = watched.exclude_columns};
      if (table.columns.empty()) return {};
      std::erase_if(table.columns, [&](const ScriptTable::Column& column) {
        return std::find(table.excluded.begin(), table.excluded.end(), column.name) != table.excluded.end();
      });
      out.push_back(std::move(table));
    }
  }
  return out;
}

std::vector<ScriptTable::Column> TableColumns::columns_of(const SourceSettings& source,
                                                          const WatchedTable& table) {
  const std::string key = source.source + "\n" + schema_of(source, table) + "\n" + table.table;
  const auto now = Steady::now();
  auto known = known_.with([&](const auto& all) {
    const auto found = all.find(key);
    return found == all.end() || now - found->second.at > believed ? std::optional<Known>() : found->second;
  });
  if (known) return known->columns;
  auto columns = from_catalogue(source, table);
  if (columns.empty()) columns = from_journal(source.source, table);
  known_.with([&](auto& all) { all[key] = {columns, now}; });
  return columns;
}

std::vector<ScriptTable::Column> TableColumns::from_catalogue(const SourceSettings& source,
                                                              const WatchedTable& table) {
  const bool postgres = source.type == "postgresql";
  if (!postgres && source.type != "sqlite") return {};
  const auto found = std::make_shared<std::vector<ScriptTable::Column>>();
  const std::string schema = schema_of(source, table), name = table.table;
  const auto job = [found, schema, name, postgres](Connection& connection) {
    const SqlResult rows =
        postgres ? connection.query(
                       "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
                       "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                       "WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped "
                       // Generated columns are in no event: the log does not carry them.
                       "AND a.attgenerated = '' "
                       "ORDER BY a.attnum",
                       {schema, name})
                 : connection.query("SELECT name, type FROM pragma_table_info($1)", {name});
    for (const auto& row : rows.rows) found->push_back({as_text(row[0]), as_text(row[1])});
  };
  try {
    const auto done = std::make_shared<std::promise<void>>();
    auto ended = done->get_future();
    sql_.start(source.connection, Steady::now() + patience, job, [done](const std::exception_ptr& error) {
      if (error) {
        done->set_exception(error);
      } else {
        done->set_value();
      }
    });
    if (ended.wait_for(patience + std::chrono::seconds{1}) != std::future_status::ready) return {};
    ended.get();
    return *found;
  } catch (const Error&) {
    return {};  // the database is away: what the journal knows will do
  }
}

std::vector<ScriptTable::Column> TableColumns::from_journal(const std::string& source,
                                                            const WatchedTable& table) {
  EventFilter filter;
  filter.source = source;
  filter.table = table.table;
  filter.limit = 1;
  std::vector<ScriptTable::Column> columns;
  for (const auto& event : journal_.list(filter))
    for (const auto& column : event->shape->columns) columns.push_back({column.name, column.type});
  return columns;
}

}  // namespace rowhook
