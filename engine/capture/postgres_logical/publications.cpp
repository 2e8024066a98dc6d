#include "engine/capture/postgres_logical/publications.h"

#include <algorithm>

namespace rowhook {
namespace {

using Oids = std::vector<std::uint32_t>;

// Lower-case letters, digits and underscores, as slot names must be; room for "_inserts" in NAMEDATALEN.
std::string derived_name(const SourceSettings& settings) {
  std::string name = "rowhook_";
  for (const char c : settings.connection) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') {
      name += c;
    } else if (c >= 'A' && c <= 'Z') {
      name += static_cast<char>(c - 'A' + 'a');
    } else {
      name += '_';
    }
  }
  return name.substr(0, 55);
}

std::string inserts_publication(const std::string& main) { return main.substr(0, 55) + "_inserts"; }

bool contains(const Oids& oids, std::uint32_t oid) {
  return std::find(oids.begin(), oids.end(), oid) != oids.end();
}

bool covers(const PublicationFacts& publication, const TableWatch& watch, const TableFacts& table) {
  const bool listed = std::find(publication.effective.begin(), publication.effective.end(), table.name()) !=
                      publication.effective.end();
  return listed && (publication.inserts || !watch.table.inserts) &&
         (publication.updates || !watch.table.updates) && (publication.deletes || !watch.table.deletes);
}

// "insert, update, delete, truncate"
std::string operations(const PublicationPlan& plan) {
  std::string list;
  if (plan.publish_inserts) list += "insert, ";
  if (plan.publish_updates) list += "update, ";
  if (plan.publish_deletes) list += "delete, ";
  return list + "truncate";
}

// Writes the statements of one plan.
class Statements {
 public:
  Statements(PgSession& session, const std::vector<TableFacts>& tables, PublicationPlan& plan)
      : session_(session), tables_(tables), plan_(plan) {}

  void reconcile(const std::string& name, const PublicationFacts& now, const Oids& wanted,
                 const std::string& publish) {
    const std::string quoted = session_.identifier(name);
    if (!now.exists) {
      add("CREATE PUBLICATION " + quoted + (wanted.empty() ? "" : " FOR TABLE " + list(wanted)) +
          " WITH (publish = '" + publish + "'" + via_root() + ")");
      add("COMMENT ON PUBLICATION " + quoted + " IS " + session_.literal(plan_.mark));
      return;
    }
    Oids missing, superfluous;
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(missing),
                 [&](auto oid) { return !contains(now.tables, oid); });
    std::copy_if(now.tables.begin(), now.tables.end(), std::back_inserter(superfluous),
                 [&](auto oid) { return !contains(wanted, oid); });
    // Leaving first: a table without identity must never be in a publication with updates, not even between
    // two statements.
    if (now.ours && !superfluous.empty())
      add("ALTER PUBLICATION " + quoted + " DROP TABLE " + list(superfluous));
    if (now.ours && publish != published(now))
      add("ALTER PUBLICATION " + quoted + " SET (publish = '" + publish + "')");
    if (!missing.empty() && !now.all_tables)
      add("ALTER PUBLICATION " + quoted + " ADD TABLE " + list(missing));
  }

 private:
  void add(std::string statement) { plan_.statements.push_back(std::move(statement)); }

  std::string via_root() const {
    return session_.server_version() >= 130000 ? ", publish_via_partition_root = true" : "";
  }

  static std::string published(const PublicationFacts& now) {
    std::string text;
    if (now.inserts) text += "insert, ";
    if (now.updates) text += "update, ";
    if (now.deletes) text += "delete, ";
    return text + (now.truncates ? "truncate" : "");
  }

  // Tables dropped from the configuration are known by OID only: the server names them.
  std::string list(const Oids& oids) {
    std::string text;
    for (const std::uint32_t oid : oids) {
      if (!text.empty()) text += ", ";
      text += "ONLY " + name(oid);
    }
    return text;
  }

  std::string name(std::uint32_t oid) {
    for (const TableFacts& table : tables_)
      if (table.oid == oid) return session_.identifier(table.schema) + "." + session_.identifier(table.table);
    const auto rows = session_.query(
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = c.relnamespace WHERE c.oid = $1",
        {std::to_string(oid)});
    if (rows.empty()) throw TransientError("a published table was dropped at this moment");
    return rows[0][0].value_or("");
  }

  PgSession& session_;
  const std::vector<TableFacts>& tables_;
  PublicationPlan& plan_;
};

}  // namespace

std::vector<std::string> PublicationPlan::names() const {
  std::vector<std::string> all{main_name};
  if (use_inserts) all.push_back(inserts_name);
  return all;
}

std::string publication_name(const SourceSettings& settings) {
  return settings.publication_name.empty() ? derived_name(settings) : settings.publication_name;
}

std::string slot_name(const SourceSettings& settings) {
  return settings.slot_name.empty() ? derived_name(settings) : settings.slot_name;
}

void check_names(const SourceSettings& settings) {
  const std::string slot = slot_name(settings);
  const bool valid = slot.size() <= 63 && std::all_of(slot.begin(), slot.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                     });
  if (!valid)
    throw PermanentError("slot_name \"" + slot + "\" of connection " + settings.connection +
                             " cannot be a replication slot's name",
                         "use up to 63 lower-case letters, digits and underscores");
}

PublicationPlan plan_publications(PgSession& session, Catalog& catalog, const SourceSettings& settings,
                                  const std::vector<TableWatch>& watches,
                                  const std::vector<TableFacts>& tables) {
  PublicationPlan plan;
  plan.main_name = publication_name(settings);
  plan.inserts_name = inserts_publication(plan.main_name);
  plan.mark = ownership_mark(settings);
  plan.main = catalog.publication(plan.main_name, plan.mark);
  plan.inserts = catalog.publication(plan.inserts_name, plan.mark);
  const bool users = plan.main.exists && !plan.main.ours;
  for (std::size_t i = 0; i < watches.size(); ++i) {
    const WatchedTable& table = watches[i].table;
    if (tables[i].oid == 0) continue;
    if (users && covers(plan.main, watches[i], tables[i])) {
      if (contains(plan.main.tables, tables[i].oid)) plan.main_tables.push_back(tables[i].oid);
      continue;
    }
    const bool only_inserts = !table.updates && !table.deletes;
    // A table that has lost its identity leaves main at once, so that the user's statements work again.
    if (only_inserts || (!tables[i].identified && table.inserts))
      plan.inserts_tables.push_back(tables[i].oid);
    if (only_inserts) continue;
    if (tables[i].identified) plan.main_tables.push_back(tables[i].oid);
    plan.publish_inserts = plan.publish_inserts || table.inserts;
    plan.publish_updates = plan.publish_updates || table.updates;
    plan.publish_deletes = plan.publish_deletes || table.deletes;
  }
  plan.use_inserts = !users || plan.inserts.exists || !plan.inserts_tables.empty();
  Statements statements(session, tables, plan);
  statements.reconcile(plan.main_name, plan.main, plan.main_tables, operations(plan));
  if (plan.use_inserts)
    statements.reconcile(plan.inserts_name, plan.inserts, plan.inserts_tables, "insert, truncate");
  return plan;
}

void apply_plan(PgSession& session, const PublicationPlan& plan) {
  if (plan.statements.empty()) return;
  session.query("BEGIN");
  for (const std::string& statement : plan.statements) {
    const PgAnswer answer = session.try_query(statement);
    if (answer.ok()) continue;
    session.query("ROLLBACK");
    std::string all;
    for (const std::string& line : plan.statements) all += line + ";\n";
    const std::string message = "cannot prepare publication " + plan.main_name + ": " + answer.message;
    if (is_transient_sqlstate(answer.sqlstate)) throw TransientError(message, all);
    throw PermanentError(message, "run as the tables' owner or a superuser:\n" + all);
  }
  session.query("COMMIT");
}

void drop_publications(PgSession& session, Catalog& catalog, const SourceSettings& settings) {
  const std::string name = publication_name(settings);
  for (const std::string& each : {name, inserts_publication(name)})
    if (catalog.publication(each, ownership_mark(settings)).ours)
      session.query("DROP PUBLICATION IF EXISTS " + session.identifier(each));
}

}  // namespace rowhook
