#include "engine/capture/postgres_logical/checks.h"

#include <algorithm>

#include "engine/base/json.h"

namespace rowhook {
namespace {

using Severity = Finding::Severity;
using Findings = std::vector<Finding>;

Finding ok(std::string check, std::string detail) {
  return {Severity::ok, std::move(check), std::move(detail), {}};
}

std::vector<std::string> column_names(const TableFacts& table) {
  std::vector<std::string> names;
  for (const ColumnFacts& column : table.columns) names.push_back(column.name);
  return names;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string near = nearest_name(name, candidates);
  return near.empty() ? "" : "; did you mean " + near + "?";
}

// "public.orders", with quotes where SQL needs them.
std::string sql_name(const TableFacts& table) {
  const auto quote = [](const std::string& name) {
    const bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                       std::all_of(name.begin(), name.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                       });
    if (plain) return name;
    std::string quoted = "\"";
    for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
  };
  return quote(table.schema) + "." + quote(table.table);
}

const char* unsuitable(const TableFacts& table) {
  switch (table.kind) {
    case 'v':
      return "is a view";
    case 'm':
      return "is a materialized view";
    case 'f':
      return "is a foreign table";
    default:
      break;
  }
  if (table.persistence == 'u') return "is UNLOGGED: its changes are not in the log";
  if (table.persistence == 't') return "is temporary: its changes are not in the log";
  return nullptr;
}

std::string identity_remedy(const TableFacts& table) {
  const std::string name = sql_name(table);
  if (table.kind == 'p')
    return "ALTER TABLE " + name +
           " ADD PRIMARY KEY (...); or ALTER TABLE <partition> REPLICA IDENTITY FULL; on each partition";
  if (table.identity == 'n' && !table.primary_key.empty())
    return "ALTER TABLE " + name + " REPLICA IDENTITY DEFAULT;";
  return "ALTER TABLE " + name + " REPLICA IDENTITY FULL; (or ALTER TABLE " + name +
         " ADD PRIMARY KEY (...);" + " or \"events\": [\"INSERT\"] in the configuration)";
}

Finding check_identity(const TableWatch& watch, const TableFacts& table) {
  const std::string check = "replica identity of " + table.name();
  if (!watch.table.updates && !watch.table.deletes)
    return ok(check, "only inserts are watched: none is needed");
  if (!table.identified)
    return {
        Severity::error, check,
        "PostgreSQL cannot publish updates and deletes of " + table.name() + ": it has no replica identity",
        identity_remedy(table)};
  if (table.identity == 'f') return ok(check, "FULL: old_values are complete");
  const std::vector<std::string>& sent = table.identity == 'i' ? table.identity_index : table.primary_key;
  const bool needs_more = watch.where && [&] {
    const auto columns = watch.where->columns();
    return std::any_of(columns.begin(), columns.end(),
                       [&](const std::string& name) { return !contains(sent, name); });
  }();
  if (needs_more && watch.table.deletes)
    return {Severity::warning, check,
            "deleted rows of " + table.name() +
                " carry their key only, so its where_clause cannot be decided and lets them pass",
            "ALTER TABLE " + sql_name(table) + " REPLICA IDENTITY FULL;"};
  return ok(check,
            "the key only: old_values hold the key columns; REPLICA IDENTITY FULL would give whole old rows");
}

void check_columns(const TableWatch& watch, const TableFacts& table, const KnownTable* known,
                   Findings& findings) {
  const std::vector<std::string> names = column_names(table);
  const auto report = [&](const std::string& key, const std::string& column) {
    findings.push_back({Severity::error, key + " of " + table.name(),
                        table.name() + " has no column " + column + did_you_mean(column, names),
                        "correct " + key + " in the configuration"});
  };
  for (const std::string& column : watch.table.exclude_columns) {
    const bool was = known && std::any_of(known->columns.begin(), known->columns.end(),
                                          [&](const auto& c) { return c.name == column; });
    if (!contains(names, column) && !was) report("exclude_columns", column);
  }
  if (watch.where)
    for (const std::string& column : watch.where->columns())
      if (!contains(names, column)) report("where_clause", column);
  std::string_view key = watch.table.primary_key;
  while (!key.empty()) {
    const std::size_t comma = std::min(key.find(','), key.size());
    std::string name(key.substr(0, comma));
    name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
    if (!name.empty() && !contains(names, name)) report("primary_key", name);
    key.remove_prefix(std::min(comma + 1, key.size()));
  }
}

}  // namespace

Findings check_server(const ServerFacts& server, const SlotFacts& slot) {
  Findings findings;
  const auto report = [&](bool good, std::string check, std::string detail, std::string remedy) {
    findings.push_back({good ? Severity::ok : Severity::error, std::move(check), std::move(detail),
                        good ? "" : std::move(remedy)});
  };
  report(server.version >= 120000, "version", "PostgreSQL " + std::to_string(server.version / 10000),
         "upgrade to PostgreSQL 12 or newer");
  report(!server.standby, "primary", server.standby ? "the server is a standby" : "the server is a primary",
         "watch the primary: publications and slots are made there");
  report(server.wal_level == "logical", "wal_level", "wal_level is " + server.wal_level,
         "ALTER SYSTEM SET wal_level = 'logical'; then restart PostgreSQL");
  const bool slots = slot.exists || server.used_slots < server.max_slots;
  report(slots, "max_replication_slots",
         std::to_string(server.used_slots) + " of " + std::to_string(server.max_slots) + " slots are in use",
         "ALTER SYSTEM SET max_replication_slots = " + std::to_string(server.max_slots + 10) +
             "; then restart PostgreSQL");
  report(slot.active || server.used_senders < server.max_senders, "max_wal_senders",
         std::to_string(server.used_senders) + " of " + std::to_string(server.max_senders) +
             " senders are in use",
         "ALTER SYSTEM SET max_wal_senders = " + std::to_string(server.max_senders + 10) +
             "; then restart PostgreSQL");
  report(server.may_replicate, "REPLICATION right",
         server.may_replicate ? "role " + server.role + " may replicate"
                              : "role " + server.role + " may not replicate",
         "ALTER ROLE \"" + server.role + "\" REPLICATION;");
  if (server.max_slot_wal_keep_mb < 0) {
    findings.push_back({Severity::warning, "max_slot_wal_keep_size",
                        "without limit: a slot that nobody reads can fill the server's disk",
                        "ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf(); (a size "
                        "the disk can spare: beyond it"
                        " the slot is lost and a gap is reported)"});
  } else {
    findings.push_back(
        ok("max_slot_wal_keep_size", std::to_string(server.max_slot_wal_keep_mb) +
                                         " MB: beyond it the slot is lost and a gap is reported"));
  }
  if (server.idle_slot_timeout > 0)
    findings.push_back(
        {Severity::warning, "idle_replication_slot_timeout",
         "the server drops slots that were idle for that long: an engine stopped for longer has a gap",
         "ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf();"});
  return findings;
}

Findings check_tables(const std::vector<TableWatch>& watches, const std::vector<TableFacts>& tables,
                      const StreamState& state, const std::vector<std::string>& existing) {
  Findings findings;
  for (std::size_t i = 0; i < watches.size(); ++i) {
    const TableFacts& table = tables[i];
    const std::string check = "table " + table.name();
    if (table.oid == 0) {
      findings.push_back({Severity::error, check,
                          "there is no table " + table.name() + did_you_mean(table.name(), existing),
                          "correct the table's name in the configuration, or create the table"});
      continue;
    }
    if (const char* const why = unsuitable(table)) {
      const bool unlogged = table.persistence == 'u';
      findings.push_back(
          {Severity::error, check, table.name() + " " + why,
           unlogged ? "ALTER TABLE " + sql_name(table) + " SET LOGGED;" : "watch the table behind it"});
      continue;
    }
    findings.push_back(ok(check, "exists"));
    const auto known = state.tables.find(table.name());
    check_columns(watches[i], table, known == state.tables.end() ? nullptr : &known->second, findings);
    findings.push_back(check_identity(watches[i], table));
  }
  return findings;
}

Findings check_publications(const PublicationPlan& plan, const ServerFacts& server,
                            const std::vector<TableFacts>& tables) {
  const std::string check = "publication " + plan.main_name;
  if (plan.statements.empty()) return {ok(check, "publishes what is watched")};
  std::string sql;
  for (const std::string& statement : plan.statements) sql += (sql.empty() ? "" : " ") + statement + ";";
  const bool creates = !plan.main.exists || (plan.use_inserts && !plan.inserts.exists);
  const bool owner = (!plan.main.exists || plan.main.owned) && (!plan.inserts.exists || plan.inserts.owned);
  const bool tables_owned = std::all_of(
      tables.begin(), tables.end(), [](const TableFacts& table) { return table.oid == 0 || table.owned; });
  if ((!creates || server.may_create) && owner && tables_owned)
    return {ok(check,
               plan.main.exists ? "is brought up to date at the next start" : "is made at the first start")};
  std::string why = "role " + server.role;
  if (creates && !server.may_create) {
    why += " may not create publications in this database";
  } else if (!owner) {
    why += " does not own the publication";
  } else {
    why += " does not own all watched tables";
  }
  return {{Severity::error, check, why, "as the tables' owner or a superuser: " + sql}};
}

Findings check_slot(const SlotFacts& slot, const std::string& name, const SourceSettings& settings) {
  const std::string check = "replication slot " + name;
  const std::string drop = "SELECT pg_drop_replication_slot('" + name + "');";
  if (!slot.exists) return {ok(check, "is made at the first start")};
  if (slot.plugin != "pgoutput")
    return {{Severity::error, check,
             "belongs to " +
                 (slot.plugin.empty() ? "physical replication" : "the output plugin " + slot.plugin) +
                 ", not to pgoutput",
             "set another slot_name, or if nobody uses it: " + drop}};
  if (slot.database != settings.database)
    return {{Severity::error, check, "belongs to the database " + slot.database,
             "set another slot_name, or if nobody uses it: " + drop}};
  if (slot.wal_status == "lost")
    return {{Severity::error, check,
             "is lost" + (slot.lost_because.empty() ? "" : " (" + slot.lost_because + ")") +
                 ": the server removed log it still needed, changes are missing",
             "a new one is made when the source is resumed; raise max_slot_wal_keep_size"}};
  if (slot.wal_status == "unreserved")
    return {{Severity::warning, check, "is about to be lost: it needs more log than max_slot_wal_keep_size",
             "start the engine, or raise max_slot_wal_keep_size: ALTER SYSTEM SET max_slot_wal_keep_size = "
             "'100GB'; SELECT pg_reload_conf();"}};
  return {ok(check, slot.active ? "is in use by process " + std::to_string(slot.active_pid)
                                : "waits at " + format_lsn(slot.confirmed))};
}

void refuse_errors(const Findings& findings) {
  std::string message, remedy;
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::error) continue;
    message += (message.empty() ? "" : "; ") + finding.detail;
    remedy += (remedy.empty() ? "" : "\n") + finding.remedy;
  }
  if (!message.empty()) throw PermanentError(message, remedy);
}

}  // namespace rowhook
