// What every implementation of Connection promises, over each of them.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/db/pool.h"
#include "engine/db/postgres_connection.h"
#include "engine/db/sqlite_connection.h"
#include "tests/support/eventually.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/temp_dir.h"

// libpqxx 6.4 loses libpq's result (2 KB) when a session breaks off under a statement.
extern "C" const char* __lsan_default_suppressions() { return "leak:libpq.so"; }

namespace rowhook {
namespace {

testing::PostgresCluster& cluster() {
  static testing::PostgresCluster server;
  return server;
}

class ConnectionTest : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    if (sqlite()) return;
    static int count = 0;
    url_ = cluster().create_database("connection" + std::to_string(++count));
  }
  bool sqlite() const { return GetParam() == Dialect::sqlite; }
  std::unique_ptr<Connection> open() {
    if (sqlite()) return open_sqlite(directory_ / "test.db", {.busy_timeout = std::chrono::milliseconds{50}});
    return open_postgres(url_);
  }
  // A table with one column of each type the suite needs.
  std::unique_ptr<Connection> open_with_table() {
    auto connection = open();
    connection->execute_script(
        sqlite() ? "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, price REAL, raw BLOB)"
                 : "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, price FLOAT8, raw BYTEA)");
    return connection;
  }
  testing::TempDir directory_;
  std::string url_;
};

INSTANTIATE_TEST_SUITE_P(Both, ConnectionTest, ::testing::Values(Dialect::sqlite, Dialect::postgres),
                         [](const auto& instance) {
                           return instance.param == Dialect::sqlite ? "sqlite" : "postgres";
                         });

TEST_P(ConnectionTest, ValuesComeBackAsTheyWere) {
  auto connection = open_with_table();
  EXPECT_EQ(connection->dialect(), GetParam());
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes.push_back(static_cast<char>(i));
  const SqlParams row{INT64_MAX, std::string("a'b\"\\x41\n\t$1 ü😀"), 0.1, Bytes{all_bytes}};
  const SqlResult inserted = connection->query("INSERT INTO t VALUES ($1, $2, $3, $4)", row);
  EXPECT_EQ(inserted.affected, 1U);
  connection->query("INSERT INTO t VALUES ($1, $2, $3, $4)", {INT64_MIN, nullptr, nullptr, nullptr});
  const SqlResult read = connection->query("SELECT id, name, price, raw FROM t ORDER BY id DESC");
  EXPECT_EQ(read.columns, (std::vector<std::string>{"id", "name", "price", "raw"}));
  ASSERT_EQ(read.rows.size(), 2U);
  EXPECT_EQ(read.rows[0], row);
  EXPECT_EQ(read.rows[1], (SqlParams{INT64_MIN, nullptr, nullptr, nullptr}));
}

TEST_P(ConnectionTest, APlaceholderMayBeUsedTwiceAndInAnyOrder) {
  auto connection = open_with_table();
  connection->query("INSERT INTO t (name, id) VALUES ($2, $1)", {std::int64_t{3}, std::string("x")});
  EXPECT_EQ(connection
                ->query("SELECT id FROM t WHERE id >= $1 AND name = $2 AND id = $1",
                        {std::int64_t{3}, std::string("x")})
                .rows.size(),
            1U);
  EXPECT_THROW(connection->query("SELECT $2", {std::int64_t{3}}), Error);
}

TEST_P(ConnectionTest, AStatementIsKeptAcrossManyUses) {
  auto connection = open_with_table();
  for (std::int64_t i = 0; i < 300; ++i) connection->query("INSERT INTO t (id) VALUES ($1)", {i});
  for (int i = 0; i < 600; ++i)  // more texts than are kept
    EXPECT_EQ(as_int(connection->query("SELECT count(*) + " + std::to_string(i) + " FROM t").rows[0][0]),
              300 + i);
}

TEST_P(ConnectionTest, ATransactionIsAllOrNothing) {
  auto connection = open_with_table();
  {
    Transaction transaction(*connection);
    connection->query("INSERT INTO t (id) VALUES (1)");
  }
  EXPECT_TRUE(connection->query("SELECT * FROM t").empty());
  {
    Transaction transaction(*connection);
    connection->query("INSERT INTO t (id) VALUES (1)");
    transaction.commit();
  }
  EXPECT_EQ(open()->query("SELECT * FROM t").rows.size(), 1U);
}

TEST_P(ConnectionTest, AFailedStatementLeavesTheSessionUsable) {
  auto connection = open_with_table();
  EXPECT_THROW(connection->query("SELEC 1"), PermanentError);
  EXPECT_THROW(connection->query("SELECT * FROM nowhere"), PermanentError);
  connection->begin();
  EXPECT_THROW(connection->query("SELECT * FROM nowhere"), PermanentError);
  connection->rollback();
  connection->rollback();  // nothing to do
  EXPECT_TRUE(connection->usable());
  EXPECT_EQ(as_int(connection->query("SELECT 1").rows[0][0]), 1);
}

TEST_P(ConnectionTest, ConstraintsAreNamed) {
  auto connection = open();
  connection->execute_script(
      "CREATE TABLE parent (id INTEGER PRIMARY KEY);"
      "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER CONSTRAINT fk_child REFERENCES parent(id),"
      " name VARCHAR(5) NOT NULL, CONSTRAINT chk_name CHECK (name <> ''))");
  const auto refusal = [&](const std::string& sql) {
    try {
      connection->query(sql);
    } catch (const ConstraintError& error) {
      return error;
    }
    throw std::logic_error("accepted: " + sql);
  };
  using Kind = ConstraintError::Kind;
  const auto check = refusal("INSERT INTO child VALUES (1, NULL, '')");
  EXPECT_EQ(check.kind(), Kind::check);
  EXPECT_EQ(check.constraint(), "chk_name");
  const auto not_null = refusal("INSERT INTO child VALUES (1, NULL, NULL)");
  EXPECT_EQ(not_null.kind(), Kind::not_null);
  EXPECT_EQ(not_null.column(), "name");
  EXPECT_EQ(refusal("INSERT INTO child VALUES (1, 5, 'a')").kind(), Kind::foreign_key);
  connection->query("INSERT INTO child VALUES (1, NULL, 'a')");
  EXPECT_EQ(refusal("INSERT INTO child VALUES (1, NULL, 'a')").kind(), Kind::unique);
  if (!sqlite()) {
    EXPECT_EQ(refusal("INSERT INTO child VALUES (2, NULL, 'abcdef')").kind(), Kind::too_long);
  }
}

TEST_P(ConnectionTest, EachReadsInOrderAndStopsWhenTold) {
  auto connection = open_with_table();
  std::int64_t id = 0;
  {
    Transaction transaction(*connection);
    EXPECT_EQ(connection->execute_many("INSERT INTO t (id, name) VALUES ($1, $2)",
                                       [&](SqlParams& row) {
                                         row = {++id, std::string("n")};
                                         return id <= 2500;
                                       }),
              2500U);
    transaction.commit();
  }
  std::int64_t expected = 0;
  connection->each("SELECT id FROM t WHERE id > $1 ORDER BY id", {std::int64_t{0}}, [&](auto row) {
    EXPECT_EQ(as_int(row[0]), ++expected);
    return true;
  });
  EXPECT_EQ(expected, 2500);
  int seen = 0;
  connection->each("SELECT id FROM t", {}, [&](auto) { return ++seen < 10; });
  EXPECT_EQ(seen, 10);
  EXPECT_THROW(connection->each("SELECT id FROM t", {}, [](auto) -> bool { throw NotFound("stop"); }),
               NotFound);
  EXPECT_EQ(connection->query("SELECT 1").rows.size(), 1U);
  connection->begin();
  connection->each("SELECT id FROM t LIMIT 1", {}, [&](auto) {
    return !connection->query("SELECT id FROM t LIMIT 1").empty();  // a query inside, over the same text
  });
  connection->commit();
}

TEST_P(ConnectionTest, CopyInKeepsEveryByte) {
  auto connection = open_with_table();
  const std::vector<std::string> columns{"id", "name", "price", "raw"};
  std::vector<std::vector<SqlValue>> rows;
  for (std::int64_t i = 0; i < 1000; ++i)
    rows.push_back({i, std::string("tab\t nl\n cr\r \\N \\ 'ü'"), 1.5, Bytes{std::string("\0\xff\\x", 4)}});
  rows.push_back({std::int64_t{1000}, nullptr, nullptr, nullptr});
  connection->copy_in("t", columns, rows);
  EXPECT_EQ(connection->query("SELECT id, name, price, raw FROM t ORDER BY id").rows, rows);
  {
    Transaction transaction(*connection);
    const std::vector<std::vector<SqlValue>> more{{std::int64_t{2000}, nullptr, nullptr, nullptr}};
    connection->copy_in("t", columns, more);
  }
  EXPECT_EQ(as_int(connection->query("SELECT count(*) FROM t").rows[0][0]), 1001);
  EXPECT_THROW(connection->copy_in("t", columns, std::span(rows).first(1)), ConstraintError);
  EXPECT_EQ(connection->query("SELECT 1").rows.size(), 1U);
}

TEST_P(ConnectionTest, CancelEndsARunningQuery) {
  auto connection = open();
  const std::string endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) "
      "SELECT count(*) FROM n";
  std::atomic<bool> ended = false;
  std::string message;
  std::thread runner([&] {
    try {
      connection->query(endless, {std::int64_t{2'000'000'000}});
    } catch (const TransientError& error) {
      message = error.what();
    }
    ended = true;
  });
  EXPECT_TRUE(testing::eventually([&] {
    connection->cancel();
    return ended.load();
  }));
  runner.join();
  EXPECT_EQ(message.rfind("cancelled", 0), 0U) << message;
  EXPECT_EQ(connection->query("SELECT 1").rows.size(), 1U);
}

TEST_P(ConnectionTest, ScriptsRunWhole) {
  auto connection = open();
  connection->begin();
  connection->execute_script(
      "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1); INSERT INTO a VALUES (2);");
  connection->commit();
  EXPECT_EQ(as_int(connection->query("SELECT sum(x) FROM a").rows[0][0]), 3);
  EXPECT_THROW(connection->execute_script("INSERT INTO a VALUES (3); INSERT INTO nowhere VALUES (1)"),
               PermanentError);
}

TEST_P(ConnectionTest, ALockedTableIsATransientError) {
  auto first = open_with_table();
  auto second = open();
  if (!sqlite()) second->execute_script("SET lock_timeout = 50");
  first->begin();
  first->query("INSERT INTO t (id) VALUES (1)");
  EXPECT_THROW(second->query("INSERT INTO t (id) VALUES (1)"), TransientError);
  first->commit();
  EXPECT_THROW(second->query("INSERT INTO t (id) VALUES (1)"), ConstraintError);
}

TEST(SqliteConnection, AStaleReadSnapshotIsTransient) {
  testing::TempDir directory;
  auto first = open_sqlite(directory / "a.db");
  auto second = open_sqlite(directory / "a.db");
  first->execute_script("CREATE TABLE t (a)");
  second->query("BEGIN");
  second->query("SELECT * FROM t");
  first->query("INSERT INTO t VALUES (1)");
  EXPECT_THROW(second->query("INSERT INTO t VALUES (2)"), TransientError);  // SQLITE_BUSY_SNAPSHOT
  second->rollback();
  second->query("INSERT INTO t VALUES (2)");
}

TEST(SqliteConnection, ReadOnlyWritesNothingAndNeedsTheFile) {
  testing::TempDir directory;
  EXPECT_THROW(open_sqlite(directory / "none.db", {.read_only = true}), TransientError);
  open_sqlite(directory / "a.db")->execute_script("CREATE TABLE t (a)");
  auto reader = open_sqlite(directory / "a.db", {.read_only = true});
  EXPECT_TRUE(reader->query("SELECT * FROM t").empty());
  EXPECT_THROW(reader->query("INSERT INTO t VALUES (1)"), PermanentError);
}

TEST(PostgresConnection, TypesAreReadByTheirKind) {
  auto connection = open_postgres(cluster().url());
  const SqlResult result = connection->query(
      "SELECT true, false, 5::int2, 1.10::numeric, 'NaN'::float8, '-Infinity'::float8, "
      "timestamptz '2025-08-05 12:00:00.5+02', '{\"a\": 1}'::json, NULL::int");
  const auto& row = result.rows.at(0);
  EXPECT_EQ(row[0], SqlValue{std::int64_t{1}});
  EXPECT_EQ(row[1], SqlValue{std::int64_t{0}});
  EXPECT_EQ(row[2], SqlValue{std::int64_t{5}});
  EXPECT_EQ(row[3], SqlValue{std::string("1.10")});
  EXPECT_TRUE(std::isnan(std::get<double>(row[4])));
  EXPECT_EQ(row[5], SqlValue{-HUGE_VAL});
  EXPECT_EQ(row[6], SqlValue{std::string("2025-08-05 10:00:00.5+00")});
  EXPECT_EQ(row[7], SqlValue{std::string("{\"a\": 1}")});
  EXPECT_TRUE(is_null(row[8]));
  EXPECT_THROW(connection->query("SELECT $1::text", {std::string("a\0b", 3)}), PermanentError);
}

TEST(PostgresConnection, TheTimeLimitOfAStatementIsTransient) {
  auto connection = open_postgres(cluster().url(), std::chrono::milliseconds{20});
  EXPECT_THROW(connection->query("SELECT pg_sleep(60)"), TransientError);
  EXPECT_EQ(connection->query("SELECT 1").rows.size(), 1U);
}

TEST(PostgresConnection, ALostSessionSaysSoAndThePoolReplacesIt) {
  Pool pool([] { return open_postgres(cluster().url()); },
            {.size = 1, .check_after = std::chrono::milliseconds{0}});
  std::string pid;
  {
    auto lease = pool.borrow();
    pid = as_text(lease->query("SELECT pg_backend_pid()").rows[0][0]);
  }
  cluster().sql("SELECT pg_terminate_backend(" + pid + ", 10000)");
  {
    auto lease = pool.borrow();  // the health check found it dead
    const std::string again = as_text(lease->query("SELECT pg_backend_pid()").rows[0][0]);
    EXPECT_NE(again, pid);
    lease->begin();
    cluster().sql("SELECT pg_terminate_backend(" + again + ", 10000)");
    EXPECT_THROW(lease->query("SELECT 1"), TransientError);
    EXPECT_FALSE(lease->usable());
    EXPECT_THROW(lease->query("SELECT 1"), TransientError);  // never silently outside its transaction
  }
  EXPECT_EQ(pool.open_sessions(), 0U);
}

TEST(PostgresConnection, ErrorsOfConnecting) {
  EXPECT_THROW(open_postgres("postgresql://postgres@127.0.0.1:1/postgres"), TransientError);
  EXPECT_THROW(open_postgres(cluster().url("no_such_database")), PermanentError);
  EXPECT_THROW(open_postgres("nonsense"), PermanentError);
}

TEST(PostgresConnection, ACommitAfterAFailureIsNoSuccess) {
  auto connection = open_postgres(cluster().url());
  connection->begin();
  EXPECT_THROW(connection->query("SELECT * FROM nowhere"), PermanentError);
  EXPECT_THROW(connection->commit(), PermanentError);
  connection->begin();
  connection->commit();
}

TEST(PostgresConnection, APlanThatDoesNotFitAnyMoreIsTransient) {
  auto connection = open_postgres(cluster().create_database("plans"));
  connection->execute_script("CREATE TABLE t (a int)");
  connection->query("SELECT * FROM t WHERE a > $1", {std::int64_t{0}});
  connection->execute_script("ALTER TABLE t ADD COLUMN b int");
  EXPECT_THROW(connection->query("SELECT * FROM t WHERE a > $1", {std::int64_t{0}}), TransientError);
}

}  // namespace
}  // namespace rowhook
