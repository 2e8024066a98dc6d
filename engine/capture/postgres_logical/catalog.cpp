#include "engine/capture/postgres_logical/catalog.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace rowhook {
namespace {

using Json = nlohmann::json;

bool truth(const std::optional<std::string>& field) { return field && (*field == "t" || *field == "true"); }
long long number(const std::optional<std::string>& field) { return field ? std::stoll(*field) : 0; }
std::uint32_t oid(const std::optional<std::string>& field) {
  return static_cast<std::uint32_t>(number(field));
}

std::string oid_array(const std::vector<std::uint32_t>& oids) {
  std::string text = "{";
  for (const std::uint32_t one : oids) text += (text.size() > 1 ? "," : "") + std::to_string(one);
  return text + "}";
}

// Text that may hold bytes of another encoding than UTF-8 (SQL_ASCII databases) as a JSON parameter.
std::string to_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// True for the tables and partitions in whose updates and deletes the server finds a replica identity.
constexpr const char* identified =
    "CASE %.relreplident WHEN 'f' THEN true WHEN 'd' THEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = "
    "%.oid AND i.indisprimary"
    " AND i.indimmediate AND i.indisvalid) WHEN 'i' THEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = "
    "%.oid AND"
    " i.indisreplident AND i.indisvalid) ELSE false END";

std::string identified_of(std::string_view alias) {
  std::string sql;
  for (const char c : std::string_view(identified)) {
    if (c == '%') {
      sql += alias;
    } else {
      sql += c;
    }
  }
  return sql;
}

std::map<std::uint32_t, TableFacts*> by_oid(std::vector<TableFacts>& tables) {
  std::map<std::uint32_t, TableFacts*> index;
  for (TableFacts& table : tables)
    if (table.oid != 0) index[table.oid] = &table;
  return index;
}

std::string oids_of(const std::vector<TableFacts>& tables) {
  std::vector<std::uint32_t> oids;
  for (const TableFacts& table : tables) oids.push_back(table.oid);
  return oid_array(oids);
}

}  // namespace

std::string ownership_mark(const SourceSettings& settings) {
  return "Made by rowhook for its connection " + settings.connection + "; removed with it.";
}

ServerFacts Catalog::server() {
  ServerFacts facts;
  facts.version = session_.server_version();
  const auto rows = session_.query(
      "SELECT current_setting('server_encoding'), current_setting('wal_level'), current_user, "
      "pg_is_in_recovery(),"
      " current_setting('max_replication_slots'), (SELECT count(*) FROM pg_replication_slots),"
      " current_setting('max_wal_senders'), (SELECT count(*) FROM pg_stat_replication),"
      " (SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout'),"
      " (SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size'),"
      " (SELECT setting FROM pg_settings WHERE name = 'idle_replication_slot_timeout'),"
      " (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user)"
      " OR EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_replication' AND pg_has_role(oid, 'MEMBER')),"
      " has_database_privilege(current_database(), 'CREATE')");
  const PgRow& row = rows.at(0);
  facts.encoding = row[0].value_or("");
  facts.wal_level = row[1].value_or("");
  facts.role = row[2].value_or("");
  facts.standby = truth(row[3]);
  facts.max_slots = static_cast<int>(number(row[4]));
  facts.used_slots = static_cast<int>(number(row[5]));
  facts.max_senders = static_cast<int>(number(row[6]));
  facts.used_senders = static_cast<int>(number(row[7]));
  facts.wal_sender_timeout_ms = static_cast<int>(number(row[8]));
  facts.max_slot_wal_keep_mb = row[9] ? number(row[9]) : -1;
  facts.idle_slot_timeout = number(row[10]);
  facts.may_replicate = truth(row[11]);
  facts.may_create = truth(row[12]);
  return facts;
}

std::vector<TableFacts> Catalog::tables(const std::vector<TableWatch>& watches) {
  Json names = Json::array();
  for (const TableWatch& watch : watches) names.push_back({watch.table.schema, watch.table.table});
  const auto rows = session_.query(
      "SELECT w.name->>0, w.name->>1, c.oid, c.relkind, c.relpersistence, c.relreplident,"
      " CASE c.relkind WHEN 'p' THEN NOT EXISTS (SELECT FROM pg_partition_tree(c.oid) p JOIN pg_class l ON "
      "l.oid = p.relid"
      " WHERE p.isleaf AND l.relkind <> 'p' AND NOT " +
          identified_of("l") + ") ELSE " + identified_of("c") +
          " END,"
          " pg_has_role(c.relowner, 'USAGE')"
          " FROM json_array_elements($1::json) WITH ORDINALITY w(name, n) LEFT JOIN pg_namespace s ON "
          "s.nspname = w.name->>0"
          " LEFT JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = w.name->>1 AND c.relkind IN ('r', "
          "'p', 'v', 'm', 'f')"
          " ORDER BY w.n",
      {to_text(names)});
  std::vector<TableFacts> tables;
  for (const PgRow& row : rows) {
    TableFacts& table = tables.emplace_back();
    table.schema = row[0].value_or("");
    table.table = row[1].value_or("");
    table.oid = oid(row[2]);
    if (table.oid == 0) continue;
    table.kind = row[3]->at(0);
    table.persistence = row[4]->at(0);
    table.identity = row[5]->at(0);
    table.identified = truth(row[6]);
    table.owned = truth(row[7]);
  }
  add_columns(tables);
  add_keys(tables);
  return tables;
}

void Catalog::add_columns(std::vector<TableFacts>& tables) {
  const auto index = by_oid(tables);
  // Generated columns exist since 12; older servers have no such attribute.
  const std::string generated = session_.server_version() >= 120000 ? "attgenerated <> ''" : "false";
  for (const PgRow& row :
       session_.query("SELECT attrelid, attname, atttypid, atttypmod, " + generated +
                          " FROM pg_attribute WHERE attrelid = ANY($1::oid[]) AND attnum > 0 AND NOT"
                          " attisdropped ORDER BY attrelid, attnum",
                      {oids_of(tables)})) {
    const auto found = index.find(oid(row[0]));
    if (found == index.end()) continue;
    found->second->columns.push_back(
        {row[1].value_or(""), oid(row[2]), static_cast<std::int32_t>(number(row[3])), truth(row[4])});
  }
}

void Catalog::add_keys(std::vector<TableFacts>& tables) {
  const auto index = by_oid(tables);
  for (const PgRow& row : session_.query(
           "SELECT i.indrelid, i.indisprimary, i.indisreplident, a.attname FROM pg_index i,"
           " unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n) JOIN pg_attribute a ON a.attnum = k.attnum"
           " WHERE a.attrelid = i.indrelid AND i.indrelid = ANY($1::oid[]) AND (i.indisprimary OR "
           "i.indisreplident) AND i.indisvalid"
           " AND k.n <= i.indnkeyatts ORDER BY i.indrelid, i.indexrelid, k.n",
           {oids_of(tables)})) {
    const auto found = index.find(oid(row[0]));
    if (found == index.end()) continue;
    if (truth(row[1])) found->second->primary_key.push_back(row[3].value_or(""));
    if (truth(row[2])) found->second->identity_index.push_back(row[3].value_or(""));
  }
}

std::vector<std::string> Catalog::table_names() {
  std::vector<std::string> names;
  for (const PgRow& row : session_.query(
           "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
           " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
           " AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1, 2 LIMIT 10000"))
    names.push_back(table_name(row[0].value_or(""), row[1].value_or("")));
  return names;
}

PublicationFacts Catalog::publication(const std::string& name, const std::string& mark) {
  PublicationFacts facts;
  const std::string via_root = session_.server_version() >= 130000 ? "pubviaroot" : "false";
  const auto rows = session_.query(
      "SELECT obj_description(oid, 'pg_publication'), pg_has_role(pubowner, 'USAGE'), puballtables,"
      " pubinsert, pubupdate, pubdelete, pubtruncate, " +
          via_root + ", oid FROM pg_publication WHERE pubname = $1",
      {name});
  if (rows.empty()) return facts;
  const PgRow& row = rows[0];
  facts.exists = true;
  facts.ours = row[0] == mark;
  facts.owned = truth(row[1]);
  facts.all_tables = truth(row[2]);
  facts.inserts = truth(row[3]);
  facts.updates = truth(row[4]);
  facts.deletes = truth(row[5]);
  facts.truncates = truth(row[6]);
  facts.via_root = truth(row[7]);
  for (const PgRow& listed :
       session_.query("SELECT prrelid FROM pg_publication_rel WHERE prpubid = $1 ORDER BY 1", {row[8]}))
    facts.tables.push_back(oid(listed[0]));
  for (const PgRow& published :
       session_.query("SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = $1", {name}))
    facts.effective.push_back(table_name(published[0].value_or(""), published[1].value_or("")));
  return facts;
}

SlotFacts Catalog::slot(const std::string& name) {
  SlotFacts facts;
  // The view grows with every release: as JSON, an absent column is simply absent.
  const auto rows =
      session_.query("SELECT row_to_json(s) FROM pg_replication_slots s WHERE slot_name = $1", {name});
  if (rows.empty()) return facts;
  const Json row = Json::parse(rows[0][0].value_or("{}"));
  const auto text = [&](const char* key) {
    return row.contains(key) && row[key].is_string() ? row[key].get<std::string>() : std::string();
  };
  facts.exists = true;
  facts.active = row.value("active", false);
  facts.plugin = text("plugin");
  facts.database = text("database");
  facts.wal_status = text("wal_status");
  facts.lost_because = text("invalidation_reason");
  if (row.contains("active_pid") && row["active_pid"].is_number()) facts.active_pid = row["active_pid"];
  facts.restart = parse_lsn(text("restart_lsn")).value_or(0);
  facts.confirmed = parse_lsn(text("confirmed_flush_lsn")).value_or(0);
  return facts;
}

Lsn Catalog::current_lsn() { return parse_lsn(session_.value("SELECT pg_current_wal_lsn()")).value_or(0); }

RelationFacts Catalog::relation(const pgoutput::Relation& relation) {
  RelationFacts facts;
  for (const PgRow& row : session_.query("SELECT a.attname FROM pg_index i, unnest(i.indkey::int2[]) WITH "
                                         "ORDINALITY k(attnum, n) JOIN pg_attribute a"
                                         " ON a.attnum = k.attnum WHERE a.attrelid = i.indrelid AND "
                                         "i.indrelid = $1 AND i.indisprimary AND k.n <= i.indnkeyatts"
                                         " ORDER BY k.n",
                                         {std::to_string(relation.oid)}))
    facts.primary_key.push_back(row[0].value_or(""));
  facts.types = column_types(relation);
  return facts;
}

std::vector<ColumnType> Catalog::column_types(const pgoutput::Relation& relation) {
  struct Type {
    std::uint32_t base = 0, element = 0;  // of a domain; of an array
    char delimiter = ',';
  };
  std::map<std::uint32_t, Type> known;
  std::vector<std::uint32_t> wanted;
  for (const auto& column : relation.columns) wanted.push_back(column.type);
  while (!wanted.empty()) {
    std::vector<std::uint32_t> next;
    for (const PgRow& row :
         session_.query("SELECT t.oid, t.typbasetype, CASE WHEN t.typoutput = 'array_out'::regproc THEN "
                        "t.typelem ELSE 0 END,"
                        " coalesce(e.typdelim, ',') FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem"
                        " WHERE t.oid = ANY($1::oid[])",
                        {oid_array(wanted)})) {
      const Type type{oid(row[1]), oid(row[2]), row[3]->empty() ? ',' : row[3]->at(0)};
      known[oid(row[0])] = type;
      for (const std::uint32_t inner : {type.base, type.element})
        if (inner != 0 && known.count(inner) == 0) next.push_back(inner);
    }
    wanted = std::move(next);
  }
  const auto base_of = [&](std::uint32_t type) {
    for (auto found = known.find(type); found != known.end() && found->second.base != 0;
         found = known.find(type))
      type = found->second.base;
    return type;
  };
  Json names = Json::array();
  for (const auto& column : relation.columns) names.push_back({column.type, column.modifier});
  std::vector<ColumnType> types;
  for (const PgRow& row :
       session_.query("SELECT format_type((c.v->>0)::oid, (c.v->>1)::int) FROM json_array_elements($1::json)"
                      " WITH ORDINALITY c(v, n) ORDER BY c.n",
                      {names.dump()})) {
    const std::uint32_t base = base_of(relation.columns[types.size()].type);
    ColumnType type{.name = row[0].value_or(""), .form = scalar_form(base)};
    if (const auto found = known.find(base); found != known.end() && found->second.element != 0) {
      type.form = TextForm::array;
      type.element = scalar_form(base_of(found->second.element));
      type.delimiter = found->second.delimiter;
    }
    types.push_back(std::move(type));
  }
  return types;
}

}  // namespace rowhook
