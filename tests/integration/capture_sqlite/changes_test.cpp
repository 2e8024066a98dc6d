#include <gmock/gmock.h>

#include "engine/base/errors.h"
#include "engine/capture/source_types.h"
#include "tests/integration/capture_sqlite/capture.h"

namespace rowhook::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto orders = "CREATE TABLE orders(id INTEGER PRIMARY KEY, status TEXT, total NUMERIC)";

TEST(SqliteCapture, InsertUpdateDeleteInCommitOrder) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run("INSERT INTO orders VALUES(42, 'new', 10.5)");
  test.user.run("UPDATE orders SET status = 'paid' WHERE id = 42");
  test.user.run("DELETE FROM orders");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["event_type"], "record_inserted");
  EXPECT_EQ(events[0]["source"], "shop");
  EXPECT_EQ(events[0]["database"], "shop.db");
  EXPECT_EQ(events[0]["schema"], "main");
  EXPECT_EQ(events[0]["table"], "orders");
  EXPECT_EQ(events[0]["record_id"], 42);
  EXPECT_EQ(events[0]["old_values"], nullptr);
  EXPECT_EQ(events[0]["new_values"], Json::parse(R"({"id":42,"status":"new","total":10.5})"));
  EXPECT_EQ(events[1]["event_type"], "record_updated");
  EXPECT_EQ(events[1]["changed_fields"], Json::parse(R"(["status"])"));
  EXPECT_EQ(events[1]["old_values"]["status"], "new");
  EXPECT_EQ(events[1]["metadata"]["old_complete"], true);
  EXPECT_EQ(events[1]["user"], nullptr);
  EXPECT_EQ(events[2]["event_type"], "record_deleted");
  EXPECT_EQ(events[2]["old_values"]["status"], "paid");
  EXPECT_EQ(events[2]["new_values"], nullptr);
  EXPECT_LT(events[0]["metadata"]["position"], events[1]["metadata"]["position"]);
  EXPECT_THAT(events[2]["timestamp"].get<std::string>(), HasSubstr("T"));
}

TEST(SqliteCapture, NothingOfARolledBackTransactionOrSavepoint) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run("BEGIN; INSERT INTO orders VALUES(1, 'a', 1); ROLLBACK");
  test.user.run(
      "BEGIN; INSERT INTO orders VALUES(2, 'a', 1); SAVEPOINT s; INSERT INTO orders VALUES(3, 'a', 1); "
      "ROLLBACK TO s; COMMIT");
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ElementsAre("inserted 2"));
}

TEST(SqliteCapture, SeveralTablesShareOneOrder) {
  CaptureTest test(std::string(orders) +
                       "; CREATE TABLE items(order_id INT, line INT, sku TEXT, PRIMARY KEY(order_id, line))",
                   {watch("orders"), watch("items")});
  test.user.run(
      "BEGIN; INSERT INTO orders VALUES(1, 'a', 1); INSERT INTO items VALUES(1, 1, 'x'); UPDATE orders SET "
      "total = 2; COMMIT");
  const auto events = test.capture.drain();
  EXPECT_THAT(test.capture.summary(),
              ElementsAre("inserted 1", R"(inserted {"order_id":1,"line":1})", "updated 1"));
}

TEST(SqliteCapture, CascadesOfForeignKeysAreCaptured) {
  CaptureTest test(
      std::string(orders) +
          "; CREATE TABLE items(id INTEGER PRIMARY KEY, order_id INT REFERENCES orders ON DELETE CASCADE)",
      {watch("orders"), watch("items")});
  test.user.run(
      "PRAGMA foreign_keys = ON; INSERT INTO orders VALUES(1, 'a', 1); INSERT INTO items VALUES(7, 1)");
  test.capture.drain();
  test.user.run("DELETE FROM orders");
  test.capture.drain();
  EXPECT_EQ(test.capture.events.size(), 4U);
  EXPECT_THAT(test.capture.summary(2), ::testing::UnorderedElementsAre("deleted 7", "deleted 1"));
}

TEST(SqliteCapture, NamesThatNeedQuotes) {
  CaptureTest test(
      R"(CREATE TABLE "select ""x"" -- y"("order" INTEGER PRIMARY KEY, "a ""b"" 'c'" TEXT, "from" TEXT UNIQUE))",
      {watch(R"(select "x" -- y)")});
  test.user.run(
      R"(INSERT INTO "select ""x"" -- y" VALUES(1, 'v', 'f'); REPLACE INTO "select ""x"" -- y" VALUES(2, 'w', 'f'))");
  const auto events = test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ElementsAre("inserted 1", "deleted 1", "inserted 2"));
  EXPECT_EQ(events[0]["new_values"][R"(a "b" 'c')"], "v");
}

TEST(SqliteCapture, WithoutRowidGeneratedColumnsAndNoKey) {
  CaptureTest test(
      "CREATE TABLE w(code TEXT PRIMARY KEY, n INT, twice INT AS (n * 2) STORED, thrice INT AS (n * 3)) "
      "WITHOUT ROWID;"
      "CREATE TABLE log(line TEXT)",
      {watch("w"), watch("log")});
  test.user.run("INSERT INTO w(code, n) VALUES('a', 2); UPDATE w SET n = 3; INSERT INTO log VALUES('hello')");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["new_values"], Json::parse(R"({"code":"a","n":2,"twice":4,"thrice":6})"));
  EXPECT_EQ(events[1]["changed_fields"], Json::parse(R"(["n","twice","thrice"])"));
  EXPECT_EQ(events[1]["record_id"], "a");
  EXPECT_EQ(events[2]["record_id"], nullptr);
}

TEST(SqliteCapture, EventsWhereAndExclusionsAreApplied) {
  auto watched = watch("users");
  watched.deletes = false;
  watched.where_clause = "active = true AND secret <> 'skip'";
  watched.exclude_columns = {"secret", "password_hash"};
  watched.tags = {"critical"};
  CaptureTest test(
      "CREATE TABLE users(id INTEGER PRIMARY KEY, active BOOLEAN, secret TEXT, password_hash TEXT)",
      {watched});
  test.user.run("INSERT INTO users VALUES(1, 1, 'x', 'hash1'), (2, 0, 'x', 'h'), (3, 1, 'skip', 'h')");
  test.user.run("UPDATE users SET password_hash = 'hash2' WHERE id = 1; DELETE FROM users");
  const auto events = test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ElementsAre("inserted 1", "updated 1"));
  EXPECT_EQ(events[0]["new_values"], Json::parse(R"({"id":1,"active":true})"));
  EXPECT_EQ(events[0]["metadata"]["tags"], Json::parse(R"(["critical"])"));
  EXPECT_EQ(events[1]["changed_fields"], Json::array());
  EXPECT_EQ(test.user.text(
                "SELECT count(*) FROM sqlite_master WHERE sql LIKE '%password_hash%' AND type = 'trigger'"),
            "0")
      << "what nobody needs is not even written";
  test.user.run("INSERT INTO users(active) VALUES(0)");
  EXPECT_TRUE(test.capture.drain().empty());
  EXPECT_GT(test.capture.resume.position, test.capture.events.back().order)
      << "filtered changes are done with, too";
}

TEST(SqliteCapture, AnExcludedKeyGivesNoRecordId) {
  auto watched = watch("t");
  watched.exclude_columns = {"b"};
  CaptureTest test("CREATE TABLE t(a INT, b INT, c INT, PRIMARY KEY(a, b)) WITHOUT ROWID", {watched});
  test.user.run("INSERT INTO t VALUES(1, 2, 3); REPLACE INTO t VALUES(1, 2, 4)");
  const auto events = test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ElementsAre("inserted ", "deleted ", "inserted "));
  EXPECT_EQ(events[1]["old_values"], Json::parse(R"({"a":1,"c":3})"));
}

TEST(SqliteCapture, RemovingLeavesNoTrace) {
  CaptureTest test(orders, {watch("orders")});
  const std::string all = "SELECT group_concat(type || name || coalesce(sql, '')) FROM sqlite_master";
  test.user.run("INSERT INTO orders VALUES(1, 'a', 1)");
  test.capture.close();
  find_source_type("sqlite", "triggers")->remove(test.capture.settings);
  User fresh(test.directory / "other.db");
  fresh.run(orders);
  EXPECT_EQ(test.user.text(all), fresh.text(all));
  test.user.run("INSERT INTO orders VALUES(2, 'a', 1)");
  EXPECT_NO_THROW(find_source_type("sqlite", "triggers")->remove(test.capture.settings)) << "again";
}

TEST(SqliteCapture, StatementsOfTheUserKeepTheirMeaning) {
  CaptureTest test(std::string(orders) + "; CREATE TABLE log(id INTEGER PRIMARY KEY, line TEXT)",
                   {watch("orders")});
  EXPECT_EQ(test.user.text("INSERT INTO orders(status) VALUES('a') RETURNING id"), "1");
  EXPECT_EQ(test.user.text("SELECT last_insert_rowid() || ' ' || changes()"), "1 1");
  EXPECT_EQ(test.user.text("INSERT INTO orders(id, status) VALUES(1, 'b') ON CONFLICT(id) DO UPDATE SET "
                           "status = excluded.status "
                           "RETURNING status"),
            "b");
  EXPECT_THAT(test.user.refused("INSERT INTO orders(id) VALUES(1)"), HasSubstr("UNIQUE"));
  test.user.run("INSERT OR IGNORE INTO orders(id) VALUES(1)");
  EXPECT_EQ(test.user.text("SELECT changes()"), "0");
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ElementsAre("inserted 1", "updated 1"));
}

}  // namespace
}  // namespace rowhook::testing
