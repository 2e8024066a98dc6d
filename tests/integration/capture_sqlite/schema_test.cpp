#include <gmock/gmock.h>

#include "engine/base/errors.h"
#include "tests/integration/capture_sqlite/capture.h"

namespace rowhook::testing {
namespace {

using ::testing::HasSubstr;

constexpr auto orders = "CREATE TABLE orders(id INTEGER PRIMARY KEY, status TEXT)";

std::vector<std::string> types(const std::vector<Json>& events) {
  std::vector<std::string> out;
  for (const auto& event : events) {
    std::string line = event["event_type"];
    if (line == "schema_changed")
      line += ' ' + event["change_type"].get<std::string>() + ' ' + event["object_type"].get<std::string>() +
              ' ' + event["object_name"].get<std::string>();
    out.push_back(line);
  }
  return out;
}

TEST(SqliteSchema, AddRenameAndDropColumns) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run("INSERT INTO orders VALUES(1, 'a')");
  test.user.run("ALTER TABLE orders ADD COLUMN note TEXT");
  auto events = test.capture.drain();
  EXPECT_THAT(types(events), ::testing::ElementsAre("record_inserted", "schema_changed ALTER COLUMN note"));
  EXPECT_EQ(events[1]["change"], "added");
  EXPECT_EQ(events[1]["table"], "orders");

  test.user.run("UPDATE orders SET note = 'n'");
  test.user.run("ALTER TABLE orders RENAME COLUMN status TO state");
  test.user.run("UPDATE orders SET state = 'b'");
  events = test.capture.drain();
  EXPECT_EQ(events[0]["new_values"], Json::parse(R"({"id":1,"status":"a","note":"n"})"));
  EXPECT_THAT(types(events), ::testing::Contains("schema_changed ALTER COLUMN state"));
  test.user.run("UPDATE orders SET state = 'c'");
  events = test.capture.drain();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["new_values"], Json::parse(R"({"id":1,"state":"c","note":"n"})"));

  EXPECT_THAT(test.user.refused("ALTER TABLE orders DROP COLUMN note"), HasSubstr("_rowhook_"))
      << "as docs/sqlite.md says";
  test.user.run(
      "BEGIN; DROP TRIGGER _rowhook_before_insert_orders; DROP TRIGGER _rowhook_before_update_orders; DROP "
      "TRIGGER _rowhook_insert_orders;"
      "DROP TRIGGER _rowhook_update_orders; DROP TRIGGER _rowhook_delete_orders; ALTER TABLE orders DROP "
      "COLUMN note; COMMIT");
  events = test.capture.drain();
  EXPECT_THAT(types(events), ::testing::ElementsAre("schema_changed ALTER COLUMN note", "capture_gap"));
  EXPECT_THAT(events[1]["remedy"].get<std::string>(), HasSubstr("orders"));
  EXPECT_LT(events[1]["from"], events[1]["to"]);
  test.user.run("INSERT INTO orders VALUES(2, 'x')");
  events = test.capture.drain();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["new_values"], Json::parse(R"({"id":2,"state":"x"})"));
}

TEST(SqliteSchema, IndexesComeAndGo) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run("INSERT INTO orders VALUES(1, 'a')");
  test.capture.drain();
  test.user.run("CREATE UNIQUE INDEX by_status ON orders(status)");
  auto events = test.capture.drain();
  ASSERT_THAT(types(events), ::testing::ElementsAre("schema_changed CREATE INDEX by_status"));
  EXPECT_THAT(events[0]["ddl_statement"].get<std::string>(), HasSubstr("CREATE UNIQUE INDEX"));
  test.user.run("REPLACE INTO orders VALUES(2, 'a')");
  EXPECT_THAT(types(test.capture.drain()), ::testing::ElementsAre("record_deleted", "record_inserted"))
      << "the new index counts for REPLACE";
  test.user.run("DROP INDEX by_status");
  EXPECT_THAT(types(test.capture.drain()), ::testing::ElementsAre("schema_changed DROP INDEX by_status"));
}

TEST(SqliteSchema, ATableDroppedAndMadeAgain) {
  CaptureTest test(std::string(orders) + "; CREATE TABLE other(id INTEGER PRIMARY KEY)",
                   {watch("orders"), watch("other")});
  test.user.run("INSERT INTO orders VALUES(1, 'a'); DROP TABLE orders");
  EXPECT_THAT(types(test.capture.drain()),
              ::testing::ElementsAre("record_inserted", "schema_changed DROP TABLE orders"));
  test.user.run("INSERT INTO other VALUES(1)");
  EXPECT_EQ(test.capture.drain().size(), 1U) << "other tables go on";
  test.capture.open();
  EXPECT_EQ(test.capture.drain().size(), 0U) << "and a restart does not stop at a table that was there once";
  test.user.run(orders);
  EXPECT_THAT(types(test.capture.drain()), ::testing::ElementsAre("schema_changed CREATE TABLE orders"));
  test.user.run("INSERT INTO orders VALUES(2, 'b')");
  EXPECT_THAT(types(test.capture.drain()), ::testing::ElementsAre("record_inserted"));
}

// The twelve steps of SQLite's documentation for changes that ALTER TABLE cannot make.
TEST(SqliteSchema, ATableRebuiltIsAGapOfThatTable) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run("INSERT INTO orders VALUES(1, 'a')");
  test.capture.drain();
  test.user.run(
      "BEGIN; CREATE TABLE fresh(id INTEGER PRIMARY KEY, status TEXT NOT NULL, extra INT); INSERT INTO fresh "
      "SELECT id, status, 0 FROM orders;"
      "DROP TABLE orders; ALTER TABLE fresh RENAME TO orders; COMMIT");
  EXPECT_THAT(types(test.capture.drain()),
              ::testing::ElementsAre("schema_changed ALTER COLUMN extra", "capture_gap"));
  test.user.run("UPDATE orders SET extra = 5");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["new_values"]["extra"], 5);
}

TEST(SqliteSchema, ARenamedTableIsNotWatchedAnyMore) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run("ALTER TABLE orders RENAME TO old_orders");
  EXPECT_THAT(types(test.capture.drain()), ::testing::ElementsAre("schema_changed DROP TABLE orders"));
  test.user.run("INSERT INTO old_orders VALUES(1, 'a')");
  EXPECT_EQ(test.capture.drain().size(), 0U);
  EXPECT_EQ(test.user.text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"), "0");
}

TEST(SqliteSchema, ChangesOfTheConfigurationBetweenTwoRuns) {
  CaptureTest test(std::string(orders) + "; CREATE TABLE other(id INTEGER PRIMARY KEY)",
                   {watch("orders"), watch("other")});
  test.capture.drain();
  test.capture.settings.tables.pop_back();
  test.capture.settings.tables[0].exclude_columns = {"status"};
  test.capture.settings.tables[0].updates = false;
  test.user.run("INSERT INTO orders VALUES(1, 'written before')");
  test.capture.open();
  test.user.run(
      "INSERT INTO orders VALUES(2, 'after'); UPDATE orders SET status = 'x'; INSERT INTO other VALUES(1)");
  const auto events = test.capture.drain();
  ASSERT_THAT(types(events), ::testing::ElementsAre("record_inserted", "record_inserted"));
  EXPECT_EQ(events[0]["new_values"], Json::parse(R"({"id":1})"))
      << "exclusion also holds for what was written before it";
  EXPECT_EQ(events[1]["new_values"], Json::parse(R"({"id":2})"));
  test.capture.settings.tables.push_back(watch("other"));
  test.capture.open();
  test.user.run("INSERT INTO other VALUES(2)");
  EXPECT_THAT(types(test.capture.drain()), ::testing::ElementsAre("record_inserted"));
}

TEST(SqliteSchema, AWiderTableWidensTheChangeTable) {
  CaptureTest test(orders, {watch("orders")});
  std::string columns = "id INTEGER PRIMARY KEY", values = "1";
  for (int i = 0; i < 300; ++i) {
    columns += ", c" + std::to_string(i) + " INT UNIQUE";
    values += ", " + std::to_string(i);
  }
  test.user.run("CREATE TABLE wide(" + columns + ")");
  test.capture.settings.tables.push_back(watch("wide"));
  test.capture.open();
  test.user.run("INSERT INTO wide VALUES(" + values +
                "); UPDATE wide SET c299 = 1000; REPLACE INTO wide(id, c299) VALUES(2, 1000)");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[1]["changed_fields"], Json::parse(R"(["c299"])"));
  EXPECT_EQ(events[2]["event_type"], "record_deleted");
}

template <typename F>
std::string refusal(F f) {
  try {
    f();
  } catch (const PermanentError& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "accepted";
}

TEST(SqliteSchema, WhatCannotBeWatchedIsRefusedWithAdvice) {
  TempDir directory;
  const std::string path = directory / "shop.db";
  User user(path);
  user.run(std::string(orders) +
           "; CREATE VIEW paid AS SELECT * FROM orders; CREATE VIRTUAL TABLE words USING fts5(body)");
  const auto open = [&](WatchedTable watched) { return refusal([&] { Capture(path, {watched}).open(); }); };
  EXPECT_THAT(open(watch("paid")), HasSubstr("paid is a view"));
  EXPECT_THAT(open(watch("words")), HasSubstr("virtual table"));
  EXPECT_THAT(open(watch("order")), HasSubstr("did you mean orders?"));
  auto where = watch("orders");
  where.where_clause = "stauts = 'paid'";
  EXPECT_THAT(open(where), HasSubstr("stauts, which does not exist; did you mean status?"));
  auto excluded = watch("orders");
  excluded.exclude_columns = {"pasword"};
  EXPECT_THAT(open(excluded), HasSubstr("exclude_columns of orders names the column pasword"));
  auto syntax = watch("orders");
  syntax.where_clause = "status ==";
  EXPECT_THAT(open(syntax), HasSubstr("where_clause of orders: column 8"));
  EXPECT_EQ(user.text("SELECT count(*) FROM sqlite_master WHERE name GLOB '_rowhook*'"), "0")
      << "nothing is half-applied";
}

TEST(SqliteSchema, AnExcludedColumnThatIsRenamedStopsTheSource) {
  auto watched = watch("users");
  watched.exclude_columns = {"password_hash"};
  CaptureTest test("CREATE TABLE users(id INTEGER PRIMARY KEY, password_hash TEXT)", {watched});
  test.user.run("ALTER TABLE users RENAME COLUMN password_hash TO secret");
  EXPECT_THAT(refusal([&] { test.capture.drain(); }), HasSubstr("add \"secret\" to exclude_columns"));
  test.capture.settings.tables[0].exclude_columns = {"password_hash", "secret"};
  test.capture.open();
  test.user.run("INSERT INTO users VALUES(1, 'hidden')");
  const auto events = test.capture.drain();
  EXPECT_EQ(events.back()["new_values"], Json::parse(R"({"id":1})"));
}

}  // namespace
}  // namespace rowhook::testing
