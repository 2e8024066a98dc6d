#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/batch.h"

namespace rowhook {

// How a watched table is captured: one entry of `tables` in the configuration.
struct WatchedTable {
  std::string schema;  // "" = the database's default
  std::string table;
  std::string primary_key;  // "" = from the catalogue
  std::string timestamp_column;
  bool inserts = true, updates = true, deletes = true;
  std::string where_clause;
  std::vector<std::string> exclude_columns;
  std::vector<std::string> tags;
  bool operator==(const WatchedTable&) const = default;
};

// A connection as the capture methods need it, after defaults and ${...} were applied.
struct SourceSettings {
  std::string connection;  // its name in the configuration
  std::string source;
  std::string type;    // postgresql, mysql, sqlite, ...
  std::string method;  // log_based, triggers, polling
  std::string host, database, username, password, schema, ssl_mode;
  int port = 0;
  std::string slot_name, publication_name;  // "" = rowhook_<connection>
  std::vector<WatchedTable> tables;
  std::chrono::milliseconds polling_interval{30000};
  std::size_t batch_size = 1000;
  std::chrono::milliseconds query_timeout{60000};
  bool track_schema_changes = true;
  bool ignore_system_users = true;
  std::vector<std::string> system_users;
  bool operator==(const SourceSettings&) const = default;
};

// A stream of committed changes of one connection. Implementations block; one thread each (see engine/journal/intake.h).
// Errors: TransientError (the intake waits and calls open again), GapError (history is lost), PermanentError (needs a person;
// hint() has the SQL). Nothing is ever skipped silently.
// Thread safety: confined to its intake thread, but for interrupt().
class Source {
 public:
  virtual ~Source() = default;
  // Connects and continues behind `resume`; prepares the database where nothing is there yet (slot, change tables).
  virtual void open(const Resume& resume) = 0;
  // Waits up to `wait` for something to return; an empty batch after that. At most settings.batch_size events or 4 MiB, but
  // returns at once when the database has nothing more to say right now.
  virtual Batch read(std::chrono::milliseconds wait) = 0;
  // Everything up to `position` is durable in the journal; the database may forget it. Cheap; called after every append.
  virtual void acknowledge(std::string_view position) = 0;
  // Called instead of read() while the journal cannot take more: keeps the connection alive without reading on.
  virtual void idle(std::chrono::milliseconds wait) = 0;
  // Bytes of history the database still holds for us; 0 if unknown. From the last contact, no query.
  virtual std::uint64_t lag_bytes() const = 0;
  // A batch's position as the database prints it. From any thread.
  virtual std::string position_text(std::string_view position) const { return std::string(position); }
  // From another thread: makes read() and idle() return soon.
  virtual void interrupt() noexcept = 0;
};

// What `rowhook doctor` found about a connection.
struct Finding {
  enum class Severity { ok, warning, error } severity = Severity::ok;
  std::string check;   // "wal_level", "replica identity of public.orders"
  std::string detail;  // one sentence
  std::string remedy;  // the exact SQL or setting; "" when ok
};
constexpr std::string_view to_string(Finding::Severity severity) {
  return severity == Finding::Severity::ok ? "ok" : severity == Finding::Severity::warning ? "warning" : "error";
}

// A capture method for a kind of database. The list of all: source_types() in source_types.h.
struct SourceType {
  std::string_view database;  // "postgresql"
  std::string_view method;    // "log_based"
  std::unique_ptr<Source> (*make)(const SourceSettings& settings);
  std::vector<Finding> (*doctor)(const SourceSettings& settings);
  // Removes everything the method made in the database (slot, publication, triggers, change tables).
  void (*remove)(const SourceSettings& settings);
};

}  // namespace rowhook
