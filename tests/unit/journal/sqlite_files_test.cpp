#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "engine/base/errors.h"
#include "engine/journal/sqlite_journal.h"
#include "tests/support/eventually.h"
#include "tests/support/failing_vfs.h"
#include "tests/support/fake_clock.h"
#include "tests/support/sample_events.h"
#include "tests/support/temp_dir.h"

namespace rowhook::testing {
namespace {

namespace fs = std::filesystem;

class SqliteFiles : public ::testing::Test {
 protected:
  void open() {
    journal_.reset();
    SqliteJournalOptions options;
    options.segment_events = 20;
    options.log.housekeeping_interval = std::chrono::milliseconds{5};
    options.vfs = disk_.name();
    journal_ = open_sqlite_journal(folder_, options, clock_);
  }
  void append(std::uint64_t first, std::uint64_t last) {
    Batch batch = orders_batch(shape_, first, last);
    journal_->append("shop", batch);
  }
  std::vector<std::string> files(const std::string& suffix) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (name.size() >= suffix.size() && name.substr(name.size() - suffix.size()) == suffix)
        names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  void expect_events(std::uint64_t count) {
    ASSERT_EQ(journal_->last_seq(), count);
    for (std::uint64_t seq = 1; seq <= count; ++seq) ASSERT_EQ(journal_->at(seq)->order, order_of(seq));
    EXPECT_EQ(journal_->resume("shop").position, order_of(count));
  }

  FailingVfs disk_;  // never fails here, and syncs cost nothing
  FakeClock clock_;
  TempDir directory_;
  std::string folder_ = directory_ / "data/journal";
  ShapePtr shape_ = orders_shape();
  std::unique_ptr<Journal> journal_;
};

TEST_F(SqliteFiles, BelongToTheirOwnerOnly) {
  open();
  for (std::uint64_t i = 0; i < 5; ++i) append(i * 20 + 1, i * 20 + 20);
  struct stat info {};
  ASSERT_EQ(::stat(folder_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  int seen = 0;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (::stat(entry.path().c_str(), &info) != 0) continue;  // a -wal of a segment sealed this moment
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << entry.path();
    ++seen;
  }
  EXPECT_GT(seen, 5);
}

TEST_F(SqliteFiles, AreNamedByTheirFirstSeqAndSealed) {
  open();
  for (std::uint64_t i = 0; i < 3; ++i) append(i * 20 + 1, i * 20 + 20);
  EXPECT_THAT(files(".db"),
              ::testing::ElementsAre("0000000000000001.db", "0000000000000015.db", "0000000000000029.db"));
  EXPECT_TRUE(eventually([&] { return files("-wal").size() == 1; }));  // only the one that is written
  expect_events(60);
}

TEST_F(SqliteFiles, OneEngineAtATime) {
  open();
  EXPECT_THROW(open_sqlite_journal(folder_, Retention{}, system_clock()), PermanentError);
  journal_.reset();
  EXPECT_NO_THROW(open());
}

TEST_F(SqliteFiles, ASegmentWhoseCreationWasCutShortIsNothing) {
  open();
  append(1, 7);
  journal_.reset();
  std::ofstream(folder_ + "/0000000000000008.db").close();
  std::ofstream(folder_ + "/0000000000000008.db-journal").close();
  open();
  expect_events(7);
  append(8, 8);
  expect_events(8);
}

TEST_F(SqliteFiles, AnEmptyNewSegmentIsWrittenOn) {
  open();
  append(1, 20);
  append(21, 21);
  open();
  append(22, 22);
  expect_events(22);
  EXPECT_EQ(files(".db").size(), 2U);
}

TEST_F(SqliteFiles, ForeignFilesAreLeftAlone) {
  open();
  append(1, 1);
  journal_.reset();
  std::ofstream(folder_ + "/notes.db") << "mine";
  open();
  expect_events(1);
  EXPECT_TRUE(fs::exists(folder_ + "/notes.db"));
}

TEST_F(SqliteFiles, AMissingSegmentLeavesAHoleAndTheRestReadable) {
  open();
  for (std::uint64_t i = 0; i < 4; ++i) append(i * 20 + 1, i * 20 + 20);
  ASSERT_TRUE(eventually([&] { return files("-wal").size() == 1; }));
  journal_.reset();
  fs::remove(folder_ + "/0000000000000015.db");
  open();
  EXPECT_EQ(journal_->at(30), nullptr);
  EXPECT_EQ(journal_->at(41)->order, order_of(41));
  EXPECT_EQ(journal_->last_seq(), 80U);
}

TEST_F(SqliteFiles, ADamagedSegmentIsNamed) {
  open();
  for (std::uint64_t i = 0; i < 4; ++i) append(i * 20 + 1, i * 20 + 20);
  ASSERT_TRUE(eventually([&] { return files("-wal").size() == 1; }));
  journal_.reset();
  {
    std::fstream file(folder_ + "/0000000000000015.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(16384, '\xee');
  }
  try {
    open();
    journal_->at(25);
    FAIL() << "damage was not seen";
  } catch (const PermanentError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("0000000000000015.db"));
    EXPECT_NE(error.hint(), "");
  }
}

TEST_F(SqliteFiles, ANewerFormIsRefused) {
  open();
  append(1, 1);
  journal_.reset();
  {
    sqlite3* file = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ + "/0000000000000001.db").c_str(), &file), SQLITE_OK);
    sqlite3_exec(file, "PRAGMA user_version = 2", nullptr, nullptr, nullptr);
    sqlite3_close(file);
  }
  EXPECT_THROW(open(), PermanentError);
}

TEST_F(SqliteFiles, SmallCommitsDoNotLetTheLogGrow) {
  journal_.reset();
  SqliteJournalOptions options;
  options.log.retention.max_bytes = 16 << 20;  // a sixteenth of it may be waste
  options.log.housekeeping_interval = std::chrono::milliseconds{5};
  options.vfs = disk_.name();
  journal_ = open_sqlite_journal(folder_, options, clock_);
  for (std::uint64_t i = 1; i <= 1500; ++i) append(i, i);
  expect_events(1500);
  std::uintmax_t log_bytes = 0;
  for (const auto& name : files("-wal")) {
    std::error_code gone;  // housekeeping may remove a log between the listing and the look at it
    const auto bytes = fs::file_size(folder_ + "/" + name, gone);
    if (!gone) log_bytes += bytes;
  }
  EXPECT_LT(log_bytes, 5U << 20);
}

}  // namespace
}  // namespace rowhook::testing
