// The user's writers beside us: processes and threads, WAL and rollback journal, locks held for long.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/integration/capture_sqlite/capture.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

constexpr auto orders = "CREATE TABLE orders(id INTEGER PRIMARY KEY, writer INT, n INT, note TEXT)";

// Inserts `rows` rows in transactions of `at_once`; returns how many statements SQLite refused although we
// waited.
int write_rows(const std::string& path, int writer, int rows, int at_once, bool wal) {
  User user(path, false);
  user.run(wal ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = OFF");
  int refused = 0;
  for (int i = 0; i < rows; i += at_once) {
    refused += !user.refused("BEGIN IMMEDIATE").empty();
    for (int j = i; j < i + at_once; ++j)
      refused += !user.refused("INSERT INTO orders(writer, n, note) VALUES(" + std::to_string(writer) + "," +
                               std::to_string(j) + ", hex(zeroblob(200)))")
                      .empty();
    refused += !user.refused("COMMIT").empty();
  }
  return refused;
}

void expect_all_in_order(const std::vector<Event>& events, int writers, int rows) {
  std::vector<int> next(static_cast<std::size_t>(writers), 0);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0) {
      ASSERT_LT(events[i - 1].order, events[i].order);
    }
    const auto writer = static_cast<std::size_t>(std::stoi(std::string(value_at(events[i].new_row, 1).text)));
    ASSERT_EQ(std::string(value_at(events[i].new_row, 2).text), std::to_string(next.at(writer)++));
  }
  for (const int n : next) EXPECT_EQ(n, rows);
}

class SqliteJournalModes : public ::testing::TestWithParam<bool> {};

TEST_P(SqliteJournalModes, ProcessesThatWriteAtOnce) {
  const bool wal = GetParam();
  CaptureTest test(orders, {watch("orders")}, wal);
  constexpr int writers = 4, rows = 1000;
  std::vector<pid_t> children;
  for (int w = 0; w < writers; ++w) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(write_rows(test.path, w, rows, 10, wal));
    children.push_back(child);
  }
  EXPECT_TRUE(test.capture.until(writers * rows));
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << "a statement of the user was refused";
  }
  test.capture.drain();
  expect_all_in_order(test.capture.events, writers, rows);
}

INSTANTIATE_TEST_SUITE_P(Modes, SqliteJournalModes, ::testing::Bool(),
                         [](const auto& mode) { return mode.param ? "wal" : "rollback"; });

TEST(SqliteWriters, D20_TheUsersWalStaysSmallWhileWeReadAlong) {
  CaptureTest test(orders, {watch("orders")});
  std::atomic<bool> done = false;
  std::atomic<int> refused = 0;
  std::thread writer([&] {
    refused = write_rows(test.path, 0, 60000, 20, true);
    done = true;
  });
  std::uintmax_t largest = 0;
  while (!done) {
    test.capture.step();
    std::error_code gone;
    if (const auto size = std::filesystem::file_size(test.path + "-wal", gone); !gone)
      largest = std::max(largest, size);
  }
  writer.join();
  EXPECT_TRUE(test.capture.until(60000));
  EXPECT_EQ(refused, 0);
  EXPECT_LT(largest, 64U << 20);  // of some hundreds that are written
  expect_all_in_order(test.capture.events, 1, 60000);
}

TEST(SqliteWriters, D20_AWriterThatHoldsTheLockForLongDoesNotStopReading) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run("INSERT INTO orders(n) VALUES(1)");
  User second(test.path);
  second.run("BEGIN IMMEDIATE; INSERT INTO orders(n) VALUES(2)");
  EXPECT_EQ(test.capture.drain().size(), 1U);
  for (int i = 0; i < 20; ++i) test.capture.step();  // wants to delete what is acknowledged, and cannot
  second.run("COMMIT");
  EXPECT_EQ(test.capture.drain().size(), 1U);
  EXPECT_TRUE(eventually([&] {
    test.capture.step();
    return test.user.text("SELECT count(*) FROM _rowhook_changes") == "1";
  }));
}

TEST(SqliteWriters, D20_AReaderOfTheUserInRollbackModeIsNoError) {
  CaptureTest test(orders, {watch("orders")}, false);
  test.user.run("INSERT INTO orders(n) VALUES(1), (2)");
  User reader(test.path, false);
  reader.run("BEGIN");
  EXPECT_EQ(reader.text("SELECT count(*) FROM orders"), "2");
  EXPECT_EQ(test.capture.drain().size(), 2U);
  for (int i = 0; i < 10; ++i) test.capture.step();
  reader.run("COMMIT");
  EXPECT_TRUE(eventually([&] {
    test.capture.step();
    return test.user.text("SELECT count(*) FROM _rowhook_changes") == "1";
  }));
}

TEST(SqliteWriters, OpeningWaitsForALock) {
  TempDir directory;
  const std::string path = directory / "shop.db";
  User user(path);
  user.run(orders);
  user.run("BEGIN IMMEDIATE");
  Capture capture(path, {watch("orders")});
  std::atomic<bool> opened = false;
  std::thread opener([&] {
    capture.open();
    opened = true;
  });
  EXPECT_FALSE(opened);
  user.run("COMMIT");
  opener.join();
  user.run("INSERT INTO orders(n) VALUES(1)");
  EXPECT_EQ(capture.drain().size(), 1U);
}

TEST(SqliteWriters, AChangeWakesTheReaderAndInterruptDoes) {
  CaptureTest test(orders, {watch("orders")});
  std::thread writer([&] { User(test.path).run("INSERT INTO orders(n) VALUES(1)"); });
  Batch batch;
  while (batch.events.empty()) batch = test.capture.source().read(std::chrono::hours{1});
  writer.join();
  EXPECT_EQ(batch.events.size(), 1U);
  std::thread other([&] { test.capture.source().interrupt(); });
  EXPECT_TRUE(test.capture.source().read(std::chrono::hours{1}).events.empty());
  other.join();
  std::thread third([&] { test.capture.source().interrupt(); });
  test.capture.source().idle(std::chrono::hours{1});
  third.join();
}

TEST(SqliteWriters, BatchesAreBounded) {
  CaptureTest test(orders, {watch("orders")});
  test.capture.settings.batch_size = 100;
  test.capture.open();
  test.user.run(
      "WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i < 999) INSERT INTO "
      "orders(writer, n) SELECT 0, i FROM r");
  const Batch batch = test.capture.source().read(std::chrono::seconds{10});
  EXPECT_EQ(batch.events.size(), 100U);
  EXPECT_GT(test.capture.source().lag_bytes(), 0U);
  test.capture.settings.batch_size = 1000;
  test.capture.open();
  test.user.run("INSERT INTO orders(note) SELECT hex(zeroblob(1000000)) FROM orders LIMIT 10");
  std::size_t largest = 0;
  while (test.capture.events.size() < 1010) {
    const std::size_t before = test.capture.events.size();
    test.capture.step();
    std::size_t bytes = 0;
    for (std::size_t i = before; i < test.capture.events.size(); ++i)
      bytes += test.capture.events[i].new_row.size();
    largest = std::max(largest, bytes);
  }
  EXPECT_LT(largest, 8U << 20);
}

}  // namespace
}  // namespace rowhook::testing
