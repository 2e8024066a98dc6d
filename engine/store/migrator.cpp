#include "engine/store/migrator.h"

#include <openssl/evp.h>

#include <algorithm>
#include <map>

#include "engine/store/dialect_text.h"
#include "engine/store/migrations.h"
#include "engine/store/workflow_rows.h"

namespace rowhook {
namespace {

std::string sha256(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1)
    throw PermanentError("SHA-256 is not available");
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += digits[digest[i] >> 4U];
    hex += digits[digest[i] & 15U];
  }
  return hex;
}

std::vector<Migration> migrations_of(Dialect dialect) {
  return dialect == Dialect::sqlite ? sqlite_migrations() : postgres_migrations();
}

// Looked up in pg_class, not with to_regclass: that one answers from a cache which waiting for the lock does
// not refresh.
bool table_exists(Connection& connection) {
  return !connection
              .query(connection.dialect() == Dialect::sqlite
                         ? "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
                         : "SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'schema_migrations' AND "
                           "relkind = 'r' AND "
                           "pg_catalog.pg_table_is_visible(oid)")
              .empty();
}

std::vector<MigrationStatus> read_status(Connection& connection) {
  std::map<int, MigrationStatus> all;
  for (const Migration& migration : migrations_of(connection.dialect()))
    all[migration.number] = {migration.number, std::string(migration.name), std::nullopt, false, false};
  if (table_exists(connection)) {
    const SqlResult applied = connection.query(
        in_dialect("SELECT number, name, checksum, MICROS(applied_at) FROM schema_migrations ORDER BY number",
                   connection.dialect()));
    std::map<int, std::string> checksums;
    for (const Migration& migration : migrations_of(connection.dialect()))
      checksums[migration.number] = sha256(migration.up);
    for (const auto& row : applied.rows) {
      MigrationStatus& status = all[static_cast<int>(as_int(row[0]))];
      status.unknown = status.number == 0;
      status.number = static_cast<int>(as_int(row[0]));
      status.name = as_text(row[1]);
      status.applied_at = as_int(row[3]);
      status.changed = !status.unknown && checksums[status.number] != as_text(row[2]);
    }
  }
  std::vector<MigrationStatus> list;
  for (auto& [number, status] : all) list.push_back(std::move(status));
  return list;
}

void refuse_foreign_schema(const std::vector<MigrationStatus>& list) {
  for (const MigrationStatus& status : list) {
    if (status.unknown)
      throw ConfigError(
          "the store was made by a newer rowhook: it holds the migration " + status.name,
          {{"/store", "holds the migration " + status.name + ", which this program does not have"}},
          "run the newer rowhook, or take the migration back with it: rowhook migrate down");
    if (status.changed)
      throw ConfigError(
          "the migration " + status.name + " was applied with another text than this program has",
          {{"/store", "was migrated by a program with another text of " + status.name}},
          "run the rowhook that made this store, or start with a new one");
  }
}

const Migration& migration_numbered(const std::vector<Migration>& all, int number) {
  return *std::find_if(all.begin(), all.end(), [&](const Migration& one) { return one.number == number; });
}

}  // namespace

Migrator::Migrator(Connection& connection, const Clock& clock) : connection_(connection), clock_(clock) {}

void Migrator::lock() {
  if (connection_.dialect() == Dialect::sqlite) {
    connection_.query("BEGIN EXCLUSIVE");
    return;
  }
  connection_.begin();
  connection_.execute_script("SET LOCAL statement_timeout = 0");
  connection_.query("SELECT pg_advisory_xact_lock(8245171077829102)");  // one number for every rowhook
}

void Migrator::ensure_table() {
  if (table_exists(connection_)) return;
  connection_.execute_script(
      connection_.dialect() == Dialect::sqlite
          ? "CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
            "checksum TEXT NOT NULL, applied_at INTEGER NOT NULL)"
          : "CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
            "checksum TEXT NOT NULL, applied_at TIMESTAMP WITH TIME ZONE NOT NULL)");
}

std::vector<std::string> Migrator::up() {
  std::vector<std::string> done;
  while (auto name = apply_next()) done.push_back(std::move(*name));
  return done;
}

std::optional<std::string> Migrator::apply_next() {
  if (current()) return std::nullopt;  // without the lock: the usual start waits for nobody
  lock();
  try {
    ensure_table();
    const auto list = read_status(connection_);
    refuse_foreign_schema(list);
    const auto next =
        std::find_if(list.begin(), list.end(), [](const auto& status) { return !status.applied_at; });
    if (next == list.end()) {
      connection_.rollback();
      return std::nullopt;
    }
    const auto all = migrations_of(connection_.dialect());
    const Migration& migration = migration_numbered(all, next->number);
    connection_.execute_script(migration.up);
    connection_.query(in_dialect("INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES "
                                 "($1, $2, $3, TIME($4))",
                                 connection_.dialect()),
                      {std::int64_t{next->number}, next->name, sha256(migration.up), clock_.now()});
    connection_.commit();
    return next->name;
  } catch (...) {
    connection_.rollback();
    throw;
  }
}

std::vector<std::string> Migrator::down(std::size_t count) {
  std::vector<std::string> done;
  while (done.size() < count) {
    auto name = revert_last();
    if (!name) break;
    done.push_back(std::move(*name));
  }
  return done;
}

std::optional<std::string> Migrator::revert_last() {
  lock();
  try {
    ensure_table();
    const auto list = read_status(connection_);
    refuse_foreign_schema(list);
    const auto last = std::find_if(list.rbegin(), list.rend(),
                                   [](const auto& status) { return status.applied_at.has_value(); });
    if (last == list.rend()) {
      connection_.rollback();
      return std::nullopt;
    }
    const auto all = migrations_of(connection_.dialect());
    connection_.execute_script(migration_numbered(all, last->number).down);
    connection_.query("DELETE FROM schema_migrations WHERE number = $1", {std::int64_t{last->number}});
    connection_.commit();
    return last->name;
  } catch (...) {
    connection_.rollback();
    throw;
  }
}

std::vector<MigrationStatus> Migrator::status() { return read_status(connection_); }

bool Migrator::current() {
  const auto list = read_status(connection_);
  refuse_foreign_schema(list);
  return std::all_of(list.begin(), list.end(),
                     [](const auto& status) { return status.applied_at.has_value(); });
}

std::size_t Migrator::populate_targets(const std::function<void(const std::string&)>& print) {
  std::size_t updated = 0;
  Transaction transaction(connection_);
  const SqlResult triggers = connection_.query(
      "SELECT id, workflow_id FROM workflow_triggers WHERE target_node_id IS NULL ORDER BY id");
  for (const auto& row : triggers.rows) {
    const std::string id = as_text(row[0]), workflow_id = as_text(row[1]);
    try {
      const auto definition = read_workflow(connection_, workflow_id);
      const auto inputs = definition ? definition->input_nodes() : std::vector<std::string>();
      if (inputs.empty()) {
        print("No input nodes found for workflow " + workflow_id);
        continue;
      }
      connection_.query("UPDATE workflow_triggers SET target_node_id = $1 WHERE id = $2",
                        {inputs.front(), as_int(row[0])});
      print("Updated trigger " + id + " with node " + inputs.front());
      ++updated;
    } catch (const TransientError&) {
      throw;
    } catch (const Error& error) {
      print("Error processing trigger " + id + ": " + error.what());
    }
  }
  transaction.commit();
  return updated;
}

}  // namespace rowhook
