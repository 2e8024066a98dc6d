// The reference document of the schema (workflow-triggers-schema.md, as its author wrote it) against a
// migrated store.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "engine/db/postgres_connection.h"
#include "engine/store/migrator.h"
#include "tests/support/fake_clock.h"
#include "tests/support/postgres_cluster.h"

namespace rowhook {
namespace {

testing::PostgresCluster& cluster() {
  static testing::PostgresCluster server;
  return server;
}

// The statements of all ```sql blocks, without comments, in order.
std::vector<std::string> statements() {
  std::ifstream file(REFERENCE_SCHEMA);
  if (!file) throw std::runtime_error("cannot read " REFERENCE_SCHEMA);
  std::vector<std::string> list;
  std::string line, statement;
  bool inside = false;
  while (std::getline(file, line)) {
    if (line.rfind("```", 0) == 0) {
      inside = line == "```sql";
      statement.clear();
      continue;
    }
    if (!inside) continue;
    line.erase(std::min(line.find("--"), line.size()));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
    if (line.empty()) continue;
    statement += (statement.empty() ? "" : "\n") + line;
    if (statement.back() == ';') {
      list.push_back(std::move(statement));
      statement.clear();
    }
  }
  return list;
}

bool starts_with_any(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return text.rfind(word, 0) == 0; });
}

bool is_ddl(const std::string& text) { return starts_with_any(text, {"CREATE", "ALTER"}); }

// A store with two workflows, three triggers and some executions, reached by a session as any client gets it.
std::unique_ptr<Connection> store_session(const std::string& name) {
  const std::string url = cluster().create_database(name);
  testing::FakeClock clock;
  {
    auto connection = open_postgres(url);
    Migrator(*connection, clock).up();
    connection->execute_script(
        "INSERT INTO workflows (id, name) VALUES ('w', 'Paid orders'), ('v', 'Stock');"
        "INSERT INTO workflow_triggers (name, workflow_id, source, event_type, target_node_id, is_active) "
        "VALUES "
        "('On paid', 'w', 'main-postgres', 'record_updated', 'in', true), "
        "('On stock', 'v', 'main-postgres', 'record_updated', NULL, true), "
        "('Switched off', 'v', 'shop', 'record_inserted', NULL, false);"
        "INSERT INTO execution_logs (id, trigger_id, workflow_id, event_id, seq, source, event_type, status, "
        "created_at, "
        "finished_at) SELECT n || '-1', 1, 'w', 'e' || n, n, 'main-postgres', 'record_updated', 'completed', "
        "now(), now() "
        "FROM generate_series(1, 5) n");
  }
  return open_postgres(url);
}

TEST(ReferenceSchema, ItsTablesConstraintsIndexesAndViewsAreTheStores) {
  // The document's own statements in an empty database ...
  auto reference = open_postgres(cluster().create_database("reference"));
  reference->execute_script("CREATE TABLE workflows (id VARCHAR(255) PRIMARY KEY, name VARCHAR(255))");
  int count = 0;
  for (const std::string& statement : statements()) {
    if (!is_ddl(statement)) continue;
    reference->execute_script(statement);
    ++count;
  }
  EXPECT_EQ(count, 1 + 7 + 5 + 4 + 4 + 2);
  // ... have made nothing that the migrations do not make in the same way.
  auto store = store_session("schema");
  for (const char* question : {
           "SELECT ordinal_position, column_name, data_type, character_maximum_length, is_nullable, "
           "column_default "
           "FROM information_schema.columns WHERE table_name = 'workflow_triggers' ORDER BY ordinal_position",
           "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
           "WHERE conrelid = 'workflow_triggers'::regclass ORDER BY conname",
           "SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
           "WHERE i.indrelid = 'workflow_triggers'::regclass ORDER BY c.relname",
           "SELECT viewname, definition FROM pg_views WHERE viewname IN ('trigger_metrics', "
           "'node_targeting_stats') "
           "ORDER BY viewname",
       }) {
    const SqlResult wanted = reference->query(question);
    EXPECT_FALSE(wanted.empty());
    EXPECT_EQ(store->query(question).rows, wanted.rows) << question;
  }
}

TEST(ReferenceSchema, ItsQueriesHealthChecksAndMaintenanceRunUnchanged) {
  auto store = store_session("queries");
  int count = 0;
  for (std::string statement : statements()) {
    if (is_ddl(statement)) continue;
    SCOPED_TRACE(statement);
    ASSERT_TRUE(starts_with_any(statement, {"SELECT", "UPDATE", "REINDEX", "ANALYZE"}));
    // The document's health check does not say of which table.
    if (statement.rfind("SELECT 'workflow_triggers' as table_name", 0) == 0)
      statement.insert(statement.size() - 1, "\nFROM workflow_triggers");
    SqlParams params;
    if (statement.find("t.event_type = $3") != std::string::npos)
      params = {std::string("w"), std::string("main-postgres"), std::string("record_updated")};
    else if (statement.find("t.target_node_id = $1") != std::string::npos)
      params = {std::string("in")};
    SqlResult result;
    ASSERT_NO_THROW(result = store->query(statement, params));
    ++count;
    if (!params.empty()) {
      ASSERT_EQ(result.rows.size(), 1U);
      EXPECT_EQ(as_text(result.rows[0].back()), "Paid orders");
    }
    if (statement.find("execution_count") != std::string::npos) {
      EXPECT_EQ(as_int(result.rows.at(0).back()), 5);
    }
    if (statement.find("pg_stat_user_indexes") != std::string::npos) {
      EXPECT_EQ(result.rows.size(), 12U);
    }
    if (statement.find("total_records") != std::string::npos) {
      EXPECT_EQ(as_int(result.rows.at(0).at(1)), 3);
      EXPECT_EQ(as_int(result.rows.at(0).at(2)), 2);
      EXPECT_EQ(as_int(result.rows.at(0).at(3)), 1);
    }
  }
  EXPECT_EQ(count, 4 + 2 + 2 + 2 + 1 + 1 + 2);
}

TEST(ReferenceSchema, DeletingAWorkflowTakesItsTriggersAlong) {
  auto store = store_session("cascade");
  store->query("DELETE FROM workflows WHERE id = 'v'");
  EXPECT_EQ(store->query("SELECT name FROM workflow_triggers").rows.size(), 1U);
}

TEST(ReferenceSchema, TheCatalogueNamesAreForTheStoresRoleOnly) {
  auto store = store_session("names");
  cluster().sql("CREATE ROLE visitor LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO visitor", "names");
  const std::string url = std::regex_replace(cluster().url("names"), std::regex("//postgres"), "//visitor");
  ASSERT_NE(url, cluster().url("names"));
  auto visitor = open_postgres(url);
  EXPECT_EQ(as_text(visitor->query("SHOW search_path").rows[0][0]), "\"$user\", public");
  EXPECT_NO_THROW(visitor->query("SELECT tablename FROM pg_indexes WHERE tablename = 'workflow_triggers'"));
  // New objects of the store's role still go where they did.
  store->execute_script("CREATE TABLE mine (a int)");
  EXPECT_EQ(
      store->query("SELECT 1 FROM pg_tables WHERE tablename = 'mine' AND schemaname = 'public'").rows.size(),
      1U);
}

TEST(ReferenceSchema, ASearchPathOfTheirOwnIsLeftAlone) {
  const std::string url = cluster().create_database("own_path");
  cluster().sql("CREATE SCHEMA engine; ALTER ROLE postgres IN DATABASE own_path SET search_path = engine",
                "own_path");
  testing::FakeClock clock;
  auto connection = open_postgres(url);
  Migrator migrator(*connection, clock);
  migrator.up();
  EXPECT_EQ(as_text(open_postgres(url)->query("SHOW search_path").rows[0][0]), "engine");
  EXPECT_EQ(
      connection
          ->query("SELECT 1 FROM pg_tables WHERE schemaname = 'engine' AND tablename = 'workflow_triggers'")
          .rows.size(),
      1U);
  migrator.down(99);
  EXPECT_EQ(as_text(open_postgres(url)->query("SHOW search_path").rows[0][0]), "engine");
}

TEST(ReferenceSchema, ARoleWithFewRightsCanMigrate) {
  const std::string url = cluster().create_database("few_rights");
  cluster().sql(
      "CREATE ROLE engine LOGIN; GRANT CREATE ON DATABASE few_rights TO engine; GRANT CREATE, USAGE ON "
      "SCHEMA public TO engine",
      "few_rights");
  testing::FakeClock clock;
  auto connection = open_postgres(std::regex_replace(url, std::regex("//postgres"), "//engine"));
  Migrator migrator(*connection, clock);
  EXPECT_FALSE(migrator.up().empty());
  migrator.down(99);
}

}  // namespace
}  // namespace rowhook
