#include <gmock/gmock.h>

#include <map>
#include <random>
#include <set>

#include "engine/event/json_writer.h"
#include "tests/integration/capture_sqlite/capture.h"

namespace rowhook::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto users = "CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT)";

TEST(ChangeTable, D19_ReplaceGivesDeleteAndInsert) {
  CaptureTest test(users, {watch("users")});
  test.user.run("INSERT INTO users VALUES(1, 'a', 'Ann')");
  test.user.run("INSERT OR REPLACE INTO users VALUES(1, 'b', 'Bob')");
  const auto events = test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ElementsAre("inserted 1", "deleted 1", "inserted 1"));
  EXPECT_EQ(events[1]["old_values"]["name"], "Ann");
}

TEST(ChangeTable, D19_ReplaceThatPushesSeveralRowsAside) {
  CaptureTest test(users, {watch("users")});
  test.user.run("INSERT INTO users VALUES(1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z')");
  test.capture.drain();
  test.user.run("REPLACE INTO users VALUES(1, 'c', 'new')");
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(3), ElementsAre("deleted 1", "deleted 3", "inserted 1"));
}

TEST(ChangeTable, D19_IgnoreGivesNothing) {
  CaptureTest test(users, {watch("users")});
  test.user.run("INSERT INTO users VALUES(1, 'a', 'x')");
  test.capture.drain();
  test.user.run("INSERT OR IGNORE INTO users VALUES(1, 'b', 'y')");
  test.user.run("INSERT OR IGNORE INTO users VALUES(2, 'a', 'y')");
  test.user.run("INSERT INTO users VALUES(1, 'c', 'z') ON CONFLICT DO NOTHING");
  EXPECT_THAT(test.capture.drain(), IsEmpty());
  // What was ignored before must not show up as a phantom later.
  test.user.run("DELETE FROM users WHERE id = 1; INSERT INTO users VALUES(1, 'a', 'new')");
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(1), ElementsAre("deleted 1", "inserted 1"));
}

TEST(ChangeTable, D19_IgnoredChangedAndDeletedInOneTransaction) {
  CaptureTest test(users, {watch("users")});
  test.user.run("INSERT INTO users VALUES(1, 'a', 'x')");
  test.user.run(
      "BEGIN; INSERT OR IGNORE INTO users VALUES(1, 'b', 'y'); UPDATE users SET name = 'changed'; DELETE "
      "FROM users;"
      "INSERT INTO users VALUES(1, 'c', 'z'); COMMIT");
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ElementsAre("inserted 1", "updated 1", "deleted 1", "inserted 1"));
}

TEST(ChangeTable, D19_RecursiveTriggersGiveNoDoubles) {
  CaptureTest test(users, {watch("users")});
  test.user.run("PRAGMA recursive_triggers = ON; INSERT INTO users VALUES(1, 'a', 'x'), (2, 'b', 'y')");
  test.user.run("REPLACE INTO users VALUES(1, 'b', 'z')");
  test.capture.drain();
  EXPECT_EQ(test.capture.events.size(), 5U);
  EXPECT_THAT(test.capture.summary(2),
              ::testing::UnorderedElementsAre("deleted 1", "deleted 2", "inserted 1"));
  EXPECT_EQ(test.capture.summary().back(), "inserted 1");
}

TEST(ChangeTable, D19_UpdateOrReplace) {
  CaptureTest test(users, {watch("users")});
  test.user.run("INSERT INTO users VALUES(1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z')");
  test.capture.drain();
  test.user.run("UPDATE OR REPLACE users SET email = 'b' WHERE id = 1");
  test.user.run("UPDATE OR REPLACE users SET id = 3 WHERE id = 1");
  test.user.run("UPDATE OR IGNORE users SET email = email, name = 'same'");
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(3),
              ElementsAre("deleted 2", "updated 1", "deleted 3", "updated 3", "updated 3"));
}

TEST(ChangeTable, D19_ConflictClausesOfTheTableItself) {
  CaptureTest test("CREATE TABLE t(k TEXT PRIMARY KEY ON CONFLICT REPLACE, v)", {watch("t")});
  test.user.run("INSERT INTO t VALUES('a', 1); INSERT INTO t VALUES('a', 2)");
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ElementsAre("inserted \"a\"", "deleted \"a\"", "inserted \"a\""));
}

TEST(ChangeTable, D19_UpsertIsAnUpdate) {
  CaptureTest test(users, {watch("users")});
  test.user.run("INSERT INTO users VALUES(1, 'a', 'x')");
  test.user.run("INSERT INTO users VALUES(1, 'a', 'y') ON CONFLICT(id) DO UPDATE SET name = excluded.name");
  test.user.run(
      "INSERT INTO users VALUES(9, 'a', 'z') ON CONFLICT(email) DO UPDATE SET name = excluded.name");
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ElementsAre("inserted 1", "updated 1", "updated 1"));
}

TEST(ChangeTable, D19_ReusedRowids) {
  CaptureTest test("CREATE TABLE t(id INTEGER PRIMARY KEY, v)", {watch("t")});
  test.user.run("INSERT INTO t(v) VALUES('a')");
  test.user.run("DELETE FROM t; INSERT INTO t(v) VALUES('b')");
  test.user.run("DELETE FROM t; INSERT INTO t(v) VALUES('c')");
  const auto events = test.capture.drain();
  EXPECT_THAT(test.capture.summary(),
              ElementsAre("inserted 1", "deleted 1", "inserted 1", "deleted 1", "inserted 1"));
  std::set<Json> ids;
  for (const auto& event : events) ids.insert(event["event_id"]);
  EXPECT_EQ(ids.size(), events.size());
}

TEST(ChangeTable, D19_PartialExpressionAndCollatedIndexes) {
  CaptureTest test(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, email TEXT, slug TEXT COLLATE NOCASE, code TEXT, gone INT);"
      "CREATE UNIQUE INDEX live ON t(email) WHERE gone = 0;"
      "CREATE UNIQUE INDEX lower_code ON t(lower(code), gone DESC);"
      "CREATE UNIQUE INDEX by_slug ON t(slug COLLATE BINARY)",
      {watch("t")});
  test.user.run("INSERT INTO t VALUES(1, 'a', 's1', 'C', 0), (2, 'a', 's2', 'D', 1)");
  test.capture.drain();
  test.user.run("REPLACE INTO t VALUES(3, 'a', 'S1', 'e', 0)");  // the partial index: only row 1
  test.user.run("REPLACE INTO t VALUES(4, 'b', 's4', 'd', 1)");  // lower(code): row 2
  test.user.run("REPLACE INTO t VALUES(5, 'c', 'S1', 'f', 0)");  // slug, binary: row 3
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(2),
              ElementsAre("deleted 1", "inserted 3", "deleted 2", "inserted 4", "deleted 3", "inserted 5"));
}

TEST(ChangeTable, D19_KeysThatDifferInLetterCaseOnly) {
  CaptureTest test("CREATE TABLE t(k TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID", {watch("t")});
  test.user.run("INSERT INTO t VALUES('a', 1); REPLACE INTO t VALUES('A', 2)");
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ElementsAre("inserted \"a\"", "deleted \"a\"", "inserted \"A\""));
}

// A user's trigger on the same table that writes between our BEFORE and AFTER.
TEST(ChangeTable, D19_AUsersTriggerInBetween) {
  CaptureTest test(users, {watch("users")});
  test.user.run(
      "CREATE TRIGGER theirs BEFORE INSERT ON users WHEN NEW.name = 'with log' BEGIN INSERT INTO "
      "users(email, name) VALUES('log' || NEW.id, 'log'); END");
  test.user.run("INSERT INTO users VALUES(1, 'a', 'x')");
  test.capture.drain();
  test.user.run("REPLACE INTO users VALUES(1, 'a', 'with log')");
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(1), ElementsAre("inserted 2", "deleted 1", "inserted 1"));
}

// Every way of writing, at random: what the events add up to is what the table holds, and nothing happens
// twice.
void replay_at_random(const std::string& schema, const std::vector<std::string>& columns, bool recursive,
                      unsigned seed) {
  SCOPED_TRACE(schema + (recursive ? " recursive " : " ") + std::to_string(seed));
  CaptureTest test("CREATE TABLE t(" + schema, {watch("t")});
  if (recursive) test.user.run("PRAGMA recursive_triggers = ON");
  test.capture.settings.batch_size = 2;  // batches end in the midst of a REPLACE
  test.capture.open();
  std::mt19937 random(seed);
  const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  const auto value = [&] { return std::to_string(pick(6)); };
  const auto row = [&] {
    std::string values;
    for (std::size_t i = 0; i < columns.size(); ++i) values += (i ? "," : "") + value();
    return "(" + values + ")";
  };
  const char* conflicts[] = {"", "OR REPLACE ", "OR IGNORE ", "OR REPLACE ", "OR FAIL ", "OR ROLLBACK "};
  bool open = false;
  for (int i = 0; i < 400; ++i) {
    std::string sql;
    switch (pick(8)) {
      case 0:
        sql = open ? (pick(3) ? "COMMIT" : "ROLLBACK") : "BEGIN";
        break;
      case 1:
        sql = "DELETE FROM t WHERE " + columns[pick(static_cast<unsigned>(columns.size()))] + " = " + value();
        break;
      case 2:
      case 3:
        sql = std::string("UPDATE ") + conflicts[pick(6)] + "t SET " +
              columns[pick(static_cast<unsigned>(columns.size()))] + " = " + value() + " WHERE " +
              columns[0] + " = " + value();
        break;
      case 4:
        sql = "INSERT INTO t VALUES" + row() + " ON CONFLICT DO UPDATE SET c = " + value();
        break;
      default:
        sql = std::string("INSERT ") + conflicts[pick(6)] + "INTO t VALUES" + row() + "," + row();
        break;
    }
    test.user.refused(sql);
    open = sqlite3_get_autocommit(test.user.handle()) == 0;
    if (pick(10) == 0) test.capture.step(std::chrono::milliseconds{0});
    if (pick(40) == 0) test.capture.open();
  }
  if (open) test.user.run("COMMIT");
  test.capture.drain();
  std::map<std::string, std::string> table;
  for (const auto& event : test.capture.events) {
    std::string before, after;
    write_json_row(before, *event.shape, event.old_row);
    write_json_row(after, *event.shape, event.new_row);
    const std::string old_key = record_key(*event.shape, event.old_row);
    if (!event.old_row.empty()) {
      ASSERT_EQ(table[old_key], before) << event.id;
      table.erase(old_key);
    }
    if (!event.new_row.empty()) {
      ASSERT_FALSE(table.contains(event.key)) << event.id << ' ' << event.key;
      table[event.key] = after;
    }
  }
  EXPECT_EQ(std::to_string(table.size()), test.user.text("SELECT count(*) FROM t"));
}

TEST(ChangeTable, D19_EventsAddUpToTheTable) {
  for (unsigned seed = 1; seed <= 4; ++seed)
    for (const bool recursive : {false, true}) {
      replay_at_random("a INTEGER PRIMARY KEY, b INT UNIQUE, c INT)", {"a", "b", "c"}, recursive, seed);
      replay_at_random("a INT, b INT, c INT, d INT UNIQUE, PRIMARY KEY(a, b)) WITHOUT ROWID",
                       {"a", "b", "c", "d"}, recursive, seed);
      replay_at_random("a TEXT PRIMARY KEY, b INT, c INT, UNIQUE(b, c) ON CONFLICT REPLACE)", {"a", "b", "c"},
                       recursive, seed);
    }
}

}  // namespace
}  // namespace rowhook::testing
