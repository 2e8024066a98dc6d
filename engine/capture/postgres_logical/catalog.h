// What the watched server's catalogue says, as plain facts. Every check and every decision is made over
// these.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/capture/postgres_logical/captured_table.h"
#include "engine/capture/postgres_logical/lsn.h"
#include "engine/capture/postgres_logical/pg_session.h"
#include "engine/capture/postgres_logical/stream_state.h"

namespace rowhook {

struct ServerFacts {
  int version = 0;  // 150004 is 15.4
  std::string encoding, wal_level, role;
  bool standby = false;
  int max_slots = 0, used_slots = 0, max_senders = 0, used_senders = 0;
  int wal_sender_timeout_ms = 0;        // 0 = none
  long long max_slot_wal_keep_mb = -1;  // -1 = without limit
  long long idle_slot_timeout = 0;  // in the unit of the setting; 0 = none, or the server does not know it
  bool may_replicate = false;       // the role may start replication
  bool may_create = false;          // the role may create publications in this database
};

struct ColumnFacts {
  std::string name;
  std::uint32_t type = 0;
  std::int32_t modifier = -1;
  bool generated = false;  // never sent by servers before 18
};

struct TableFacts {
  std::string schema, table;
  std::uint32_t oid = 0;  // 0: no such table
  char kind = 'r';        // pg_class.relkind
  char persistence = 'p';
  char identity = 'd';      // pg_class.relreplident
  bool identified = false;  // updates and deletes can be published without failing, on every partition
  bool owned = false;       // by our role, directly or as a member
  std::vector<ColumnFacts> columns;
  std::vector<std::string> primary_key, identity_index;
  std::string name() const { return table_name(schema, table); }
};

struct PublicationFacts {
  bool exists = false, ours = false, owned = false, all_tables = false, via_root = false;
  bool inserts = false, updates = false, deletes = false, truncates = false;
  std::vector<std::uint32_t> tables;   // listed ones, by OID
  std::vector<std::string> effective;  // everything it publishes, as "schema.table"
};

struct SlotFacts {
  bool exists = false, active = false;
  std::string plugin, database, wal_status, lost_because;
  int active_pid = 0;
  Lsn restart = 0, confirmed = 0;
};

// What is written as the comment of our own publications, so that only those are ever changed or dropped.
std::string ownership_mark(const SourceSettings& settings);

// Thread safety: none; confined to the session's thread.
class Catalog {
 public:
  explicit Catalog(PgSession& session) : session_(session) {}

  ServerFacts server();
  // In the order of `watches`.
  std::vector<TableFacts> tables(const std::vector<TableWatch>& watches);
  std::vector<std::string> table_names();  // all tables of the database, "schema.table", for suggestions
  PublicationFacts publication(const std::string& name, const std::string& mark);
  SlotFacts slot(const std::string& name);
  Lsn current_lsn();
  // Primary key and resolved types of a relation as they are now.
  RelationFacts relation(const pgoutput::Relation& relation);

 private:
  void add_columns(std::vector<TableFacts>& tables);
  void add_keys(std::vector<TableFacts>& tables);
  std::vector<ColumnType> column_types(const pgoutput::Relation& relation);

  PgSession& session_;
};

}  // namespace rowhook
