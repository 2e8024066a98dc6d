// The file is replaced, deleted, restored, emptied; the engine is killed, loses its memory, or is there
// twice.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/base/errors.h"
#include "engine/event/varint.h"
#include "tests/integration/capture_sqlite/capture.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

using ::testing::HasSubstr;

constexpr auto orders = "CREATE TABLE orders(id INTEGER PRIMARY KEY, status TEXT)";
constexpr auto insert = "INSERT INTO orders(status) VALUES('a')";

template <typename F>
std::string gap(F f) {
  try {
    f();
  } catch (const GapError& error) {
    EXPECT_FALSE(error.from().empty());
    EXPECT_THAT(error.hint(), HasSubstr("resume the source shop"));
    return error.what();
  }
  return "no gap";
}

// What the journal does once somebody has decided: the source starts anew behind the recorded gap.
void start_anew(CaptureTest& test) {
  const std::string last = test.capture.resume.last_order;
  const std::string state = test.capture.resume.state;
  test.capture.resume = Resume{};
  test.capture.resume.state = state;
  test.capture.open();
  EXPECT_GT(test.capture.resume.position, last);
  test.capture.resume.last_order = last;
}

TEST(SqliteContinuity, ARestartGoesOnWhereItWas) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run(insert);
  test.capture.drain();
  test.capture.close();
  test.user.run(insert);
  test.capture.open();
  test.user.run(insert);
  test.capture.drain();
  EXPECT_THAT(test.capture.summary(), ::testing::ElementsAre("inserted 1", "inserted 2", "inserted 3"));
  EXPECT_EQ(test.capture.redelivered, 0U);
}

TEST(SqliteContinuity, WhatWasNotAcknowledgedComesAgainUnderTheSameIds) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run(insert);
  test.user.run(insert);
  const Resume before = test.capture.resume;
  test.capture.acknowledging = false;
  const auto first = test.capture.drain();
  test.capture.close();
  test.capture.resume = before;
  test.capture.open();
  const auto again = test.capture.drain();
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(first[0]["event_id"], again[0]["event_id"]);
  EXPECT_EQ(first[1]["event_id"], again[1]["event_id"]);
}

TEST(SqliteContinuity, AcknowledgedChangesLeaveTheFileAndNoIdComesBack) {
  CaptureTest test(orders, {watch("orders")});
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) test.user.run(insert);
    test.capture.drain();
    ASSERT_TRUE(eventually([&] {
      test.capture.step();
      return test.user.text("SELECT count(*) FROM _rowhook_changes") == "1";
    }));
  }
  std::set<std::string> ids;
  for (const auto& event : test.capture.events) ids.insert(event.id);
  EXPECT_EQ(ids.size(), 60U);
}

TEST(SqliteContinuity, D21_FileReplacedWhileRunning) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run(insert);
  test.capture.drain();
  {
    User fresh(test.directory / "new.db");
    fresh.run(orders);
  }
  test.user.run(insert);  // the last words of the old file are still heard
  std::filesystem::rename(test.directory / "new.db", test.path);
  EXPECT_THAT(gap([&] {
                test.capture.drain();
                test.capture.until(10);
              }),
              HasSubstr("replaced by another"));
  EXPECT_EQ(test.capture.events.size(), 2U);
  start_anew(test);
  User user(test.path);
  user.run(insert);
  test.capture.drain();
  EXPECT_EQ(test.capture.events.size(), 3U);
  EXPECT_GT(test.capture.events[2].order, test.capture.events[1].order)
      << "ids of the new file do not meet the old ones";
}

TEST(SqliteContinuity, D21_FileReplacedWhileStopped) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run(insert);
  test.capture.drain();
  test.capture.close();
  {
    User fresh(test.directory / "new.db");
    fresh.run(orders);
  }
  std::filesystem::rename(test.directory / "new.db", test.path);
  std::filesystem::remove(test.path + "-wal");
  EXPECT_THAT(gap([&] { test.capture.open(); }), HasSubstr("replaced, restored"));
  start_anew(test);
}

TEST(SqliteContinuity, D21_FileDeletedAndMadeAgain) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run(insert);
  test.capture.drain();
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(test.path + suffix);
  EXPECT_THAT(gap([&] { test.capture.until(2); }), HasSubstr("deleted"));
  EXPECT_THROW(test.capture.open(), TransientError) << "until it is back";
  User user(test.path);
  user.run(orders);
  start_anew(test);
  user.run(insert);
  EXPECT_EQ(test.capture.drain().size(), 1U);
}

void restore(sqlite3* into, const std::string& backup) {
  sqlite3* from = nullptr;
  ASSERT_EQ(sqlite3_open(backup.c_str(), &from), SQLITE_OK);
  sqlite3_backup* work = sqlite3_backup_init(into, "main", from, "main");
  ASSERT_NE(work, nullptr);
  while (sqlite3_backup_step(work, -1) == SQLITE_BUSY) {
  }
  EXPECT_EQ(sqlite3_backup_finish(work), SQLITE_OK);
  sqlite3_close(from);
}

TEST(SqliteContinuity, D21_RestoredFromABackupWhileRunning) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run(insert);
  test.capture.drain();
  test.user.run("VACUUM INTO '" + (test.directory / "backup.db") + "'");
  for (int i = 0; i < 5; ++i) test.user.run(insert);
  test.capture.drain();
  restore(test.user.handle(), test.directory / "backup.db");
  EXPECT_THAT(gap([&] { test.capture.until(100); }), HasSubstr("restored from a backup"));
  start_anew(test);
  test.user.run(insert);
  test.capture.drain();
  EXPECT_EQ(test.capture.summary().back(), "inserted 2");
}

TEST(SqliteContinuity, D21_RestoredFromABackupWhileStoppedAndWrittenOn) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run(insert);
  test.capture.drain();
  test.user.run("VACUUM INTO '" + (test.directory / "backup.db") + "'");
  for (int i = 0; i < 5; ++i) test.user.run(insert);
  test.capture.drain();
  test.capture.close();
  restore(test.user.handle(), test.directory / "backup.db");
  for (int i = 0; i < 50; ++i) test.user.run("INSERT INTO orders(status) VALUES('another history')");
  EXPECT_THAT(gap([&] { test.capture.open(); }), HasSubstr("restored from a backup"))
      << "though the numbers went on beyond the old ones";
}

TEST(SqliteContinuity, D23_AnEmptiedOrDroppedChangeTable) {
  CaptureTest test(orders, {watch("orders")});
  for (int i = 0; i < 5; ++i) test.user.run(insert);
  test.capture.drain();
  test.user.run("DELETE FROM _rowhook_changes; INSERT INTO orders(status) VALUES('unseen')");
  EXPECT_THAT(gap([&] { test.capture.until(100); }), HasSubstr("emptied"));
  start_anew(test);
  test.capture.drain();
  EXPECT_EQ(test.capture.summary().back(), "inserted 6") << "what is there is read";

  test.user.run("DROP TABLE _rowhook_changes");
  EXPECT_THAT(gap([&] { test.capture.until(100); }), HasSubstr("dropped the change tables"));
  test.user.text("SELECT count(*) FROM orders");  // the session that dropped it looks at the schema again
  test.user.run(insert);                          // works again at once
  start_anew(test);
  test.capture.drain();
  EXPECT_EQ(test.capture.summary().back(), "inserted 7");
}

TEST(SqliteContinuity, AJournalOlderThanTheFileIsAGap) {
  CaptureTest test(orders, {watch("orders")});
  test.user.run(insert);
  test.capture.drain();
  const Resume older = test.capture.resume;
  test.user.run(insert);
  test.capture.drain();
  ASSERT_TRUE(eventually([&] {
    test.capture.step();
    return test.user.text("SELECT count(*) FROM _rowhook_changes") == "1";
  }));
  test.capture.close();
  test.capture.resume = older;
  EXPECT_THAT(gap([&] { test.capture.open(); }), HasSubstr("the journal ends earlier"));
}

TEST(SqliteContinuity, ASecondEngineTakesOverAndTheFirstSaysSo) {
  CaptureTest test(orders, {watch("orders")});
  Capture second(test.path, {watch("orders")});
  second.open();
  EXPECT_THAT(gap([&] { test.capture.until(1); }), HasSubstr("another engine or connection"));
}

// The reader writes what it journaled into a file, one record per event and position, as the journal would.
[[noreturn]] void read_until_killed(const std::string& path, const std::string& journal,
                                    const Resume& resume) {
  Capture capture(path, {watch("orders")});
  capture.settings.batch_size = 7;
  capture.resume = resume;
  capture.open();
  std::ofstream file(journal, std::ios::app | std::ios::binary);
  for (std::size_t written = 0;; written = capture.events.size()) {
    capture.acknowledging = false;
    capture.step();
    std::string record;
    for (std::size_t i = written; i < capture.events.size(); ++i)
      write_bytes(record, capture.events[i].id + ' ' + capture.events[i].key);
    std::string sealed;
    write_bytes(sealed, record);
    write_bytes(sealed, capture.resume.position);
    write_bytes(sealed, capture.resume.state);
    write_bytes(sealed, capture.resume.last_order);
    file << sealed << std::flush;
    capture.source().acknowledge(capture.resume.position);
  }
}

// Everything complete in the file; a torn end is cut off, as a journal's transaction would be.
Resume read_journal(const std::string& journal, std::vector<std::string>& events) {
  std::ifstream file(journal, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::string_view rest = bytes;
  Resume resume;
  events.clear();
  try {
    while (!rest.empty()) {
      std::string_view attempt = rest;
      std::string_view record = read_bytes(attempt);
      const std::string position(read_bytes(attempt)), state(read_bytes(attempt)), order(read_bytes(attempt));
      while (!record.empty()) events.emplace_back(read_bytes(record));
      resume.position = position;
      resume.state = state;
      resume.last_order = order;
      rest = attempt;
    }
  } catch (const PermanentError&) {
    // torn by the kill
  }
  std::filesystem::resize_file(journal, bytes.size() - rest.size());
  return resume;
}

TEST(SqliteContinuity, KilledAgainAndAgainNothingIsLostOrDoubled) {
  TempDir directory;
  const std::string path = directory / "shop.db", journal = directory / "journal";
  { User(path).run(orders); }
  std::ofstream(journal).flush();
  constexpr int rows = 4000;
  {
    Capture(path, {watch("orders")}).open();  // the triggers are there before the first row
  }
  const pid_t writer = ::fork();
  if (writer == 0) {
    User user(path);
    for (int i = 0; i < rows; ++i) user.run(insert);
    ::_exit(0);
  }
  std::vector<std::string> events;
  Resume resume = read_journal(journal, events);
  int rounds = 0;
  while (events.size() < rows && rounds < 200) {
    const pid_t reader = ::fork();
    if (reader == 0) read_until_killed(path, journal, resume);
    const std::size_t goal = events.size() + 1 + static_cast<std::size_t>(rounds * 37 % 300);
    const std::uintmax_t start = std::filesystem::file_size(journal);
    eventually([&] { return std::filesystem::file_size(journal) > start + (goal - events.size()) * 40; },
               std::chrono::seconds{2});
    ::kill(reader, SIGKILL);
    ::waitpid(reader, nullptr, 0);
    resume = read_journal(journal, events);
    ++rounds;
  }
  ::waitpid(writer, nullptr, 0);
  ASSERT_EQ(events.size(), static_cast<std::size_t>(rows));
  const std::set<std::string> ids(events.begin(), events.end());
  EXPECT_EQ(ids.size(), events.size());
  for (int i = 0; i < rows; ++i)
    ASSERT_TRUE(events[static_cast<std::size_t>(i)].ends_with(' ' + std::to_string(i + 1)))
        << events[static_cast<std::size_t>(i)];
  EXPECT_GT(rounds, 3);
}

}  // namespace
}  // namespace rowhook::testing
