#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/db/connection.h"

namespace rowhook {

struct MigrationStatus {
  int number = 0;
  std::string name;                  // "0001_store"
  std::optional<Micros> applied_at;  // absent: pending
  bool changed = false;              // applied with another text than this program has
  bool unknown = false;              // applied by a newer program; this one does not have it
};

// Brings the store's schema up and down. Each migration is one transaction together with its row in
// schema_migrations (number, name, SHA-256 of its text, time). Several programs may migrate at once: an
// advisory lock (PostgreSQL) or BEGIN EXCLUSIVE (SQLite) lets one at a time, and the others find the work
// done. Errors: ConfigError when the store holds migrations this program does not know or knows with another
// text; TransientError. Thread safety: none; confined to one thread, as its connection, which must outlive
// it.
class Migrator {
 public:
  Migrator(Connection& connection, const Clock& clock);

  std::vector<std::string> up();  // names of those applied now, in order
  std::vector<std::string> down(
      std::size_t count);                 // names of those taken back, newest first; with their data
  std::vector<MigrationStatus> status();  // by number

  // True when nothing is pending, unknown or changed.
  bool current();

  // The data migration of the reference schema: triggers without a target node get the first input node of
  // their workflow. Calls `print` with one line per trigger; returns how many were changed. Running engines
  // take the change over by themselves.
  std::size_t populate_targets(const std::function<void(const std::string&)>& print);

 private:
  // Begins a transaction that no other migrator can be in.
  void lock();
  void ensure_table();
  std::optional<std::string> apply_next();
  std::optional<std::string> revert_last();
  Connection& connection_;
  const Clock& clock_;
};

// The first part of open_store(): a session with the store's database, whatever state its schema is in.
// `where` and `data_dir` as there; the data directory is made when it is missing. Throws as open_sqlite and
// open_postgres.
std::unique_ptr<Connection> open_store_connection(const std::string& where, const std::string& data_dir);

}  // namespace rowhook
