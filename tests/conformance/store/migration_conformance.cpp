#include "engine/store/migrator.h"
#include "tests/conformance/store/store_fixture.h"

namespace rowhook {
namespace {

ROWHOOK_STORE_SUITE(MigrationTest);

std::size_t objects(Connection& connection) {
  return connection
      .query(connection.dialect() == Dialect::sqlite
                 ? "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> "
                   "'schema_migrations'"
                 : "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                   "WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND relname NOT "
                   "LIKE 'schema_migrations%' "
                   "UNION ALL SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
                   "WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' "
                   "UNION ALL SELECT 'setting' FROM pg_db_role_setting s JOIN pg_database d ON d.oid = "
                   "s.setdatabase "
                   "WHERE d.datname = current_database()")
      .rows.size();
}

TEST_P(MigrationTest, UpAndDownLeaveNoTrace) {
  auto connection = other_program();
  Migrator migrator(*connection, clock_);
  EXPECT_FALSE(migrator.current());
  for (const auto& status : migrator.status()) EXPECT_FALSE(status.applied_at) << status.name;
  for (int round = 0; round < 2; ++round) {
    const auto done = migrator.up();
    EXPECT_EQ(done.at(0), "0001_store");
    EXPECT_TRUE(migrator.current());
    EXPECT_TRUE(migrator.up().empty());
    EXPECT_EQ(migrator.status().at(0).applied_at, clock_.now());
    EXPECT_EQ(migrator.down(1).size(), 1U);
    EXPECT_FALSE(migrator.current());
    EXPECT_EQ(migrator.down(99).size(), done.size() - 1);
    EXPECT_EQ(objects(*connection), 0U);
  }
}

TEST_P(MigrationTest, SeveralAtOnceDoTheWorkOnce) {
  std::vector<std::thread> migrators;
  std::atomic<std::size_t> done = 0;
  for (int i = 0; i < 4; ++i)
    migrators.emplace_back([&] {
      auto connection = other_program();
      done += Migrator(*connection, clock_).up().size();
    });
  for (auto& one : migrators) one.join();
  auto connection = other_program();
  EXPECT_EQ(done, Migrator(*connection, clock_).status().size());
}

TEST_P(MigrationTest, AStoreThatIsNotCurrentNamesTheCommand) {
  try {
    open_store(where_, directory_.path().string(), false, clock_);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.hint(), "rowhook migrate up");
    EXPECT_EQ(error.problems().at(0).pointer, "/store");
  }
}

TEST_P(MigrationTest, StoresOfNewerOrOtherProgramsAreNotTouched) {
  store();
  auto connection = other_program();
  Migrator migrator(*connection, clock_);
  connection->query("UPDATE schema_migrations SET checksum = 'x' WHERE number = 1");
  EXPECT_TRUE(migrator.status().at(0).changed);
  EXPECT_THROW(migrator.up(), ConfigError);
  EXPECT_THROW(migrator.down(1), ConfigError);
  connection->query("UPDATE schema_migrations SET number = 9999, name = '9999_future' WHERE number = 1");
  EXPECT_TRUE(migrator.status().back().unknown);
  EXPECT_THROW(open_store(where_, directory_.path().string(), true, clock_), ConfigError);
}

TEST_P(MigrationTest, PopulateTargetsSaysWhatItDid) {
  workflow("w");
  workflow("targeted");
  store();
  auto psql = other_program();
  psql->query("INSERT INTO workflows (id) VALUES ('empty')");
  for (const char* values :
       {"('First one', 'w', NULL)", "('Second one', 'empty', NULL)", "('Third one', 'targeted', 'out')"})
    psql->query(
        std::string("INSERT INTO workflow_triggers (name, workflow_id, target_node_id, source, event_type) "
                    "SELECT x.*, 'shop', 'record_inserted' FROM (VALUES ") +
        values + ") x");
  std::vector<std::string> lines;
  const auto print = [&](const std::string& line) { lines.push_back(line); };
  EXPECT_EQ(Migrator(*psql, clock_).populate_targets(print), 1U);
  EXPECT_EQ(lines, (std::vector<std::string>{"Updated trigger 1 with node in",
                                             "No input nodes found for workflow empty"}));
  EXPECT_EQ(store().trigger(1)->target_node_id, "in");
  EXPECT_FALSE(store().trigger(2)->target_node_id);
  EXPECT_EQ(store().trigger(3)->target_node_id, "out");
  EXPECT_TRUE(store().adopt_foreign_changes(3));
}

TEST(StoreAddress, NonsenseIsAConfigError) {
  testing::TempDir directory;
  testing::FakeClock clock;
  for (const char* where : {"mysql://x", "file.txt", ".db"})
    EXPECT_THROW(open_store(where, directory.path().string(), true, clock), ConfigError) << where;
  EXPECT_NO_THROW(open_store(directory / "deep/er/own.db", "", true, clock));
}

TEST(StoreAddress, TheFileIsForItsOwnerOnly) {
  testing::TempDir directory;
  testing::FakeClock clock;
  const auto store = open_store("", directory / "data", true, clock);
  store->save_script("a", "return true", 0, "me");
  for (const char* name : {"data/rowhook.db", "data/rowhook.db-wal"})
    EXPECT_EQ(std::filesystem::status(directory / name).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << name;
}

}  // namespace
}  // namespace rowhook
