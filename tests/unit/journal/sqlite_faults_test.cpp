#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/base/errors.h"
#include "engine/base/log.h"
#include "engine/journal/sqlite_journal.h"
#include "tests/support/eventually.h"
#include "tests/support/failing_vfs.h"
#include "tests/support/sample_events.h"
#include "tests/support/temp_dir.h"

namespace rowhook::testing {
namespace {

// A journal on a disk that fails. What append() returned for must be there afterwards, in its place, and
// nothing else.
class D27_SqliteFaults : public ::testing::Test {
 protected:
  void SetUp() override { log::set_level(log::Level::off); }
  void TearDown() override {
    journal_.reset();
    log::set_level(log::Level::info);
  }
  void open() {
    journal_.reset();
    SqliteJournalOptions options;
    options.segment_events = 25;
    options.log.housekeeping_interval = std::chrono::milliseconds{5};
    options.vfs = disk_.name();
    journal_ = open_sqlite_journal(directory_ / "journal", options, system_clock());
  }
  // Appends transactions of three events; a failed one again, as an intake does, at most `tries` times.
  bool append(unsigned tries) {
    Batch batch = orders_batch(shape_, acknowledged_ + 1, acknowledged_ + 3);
    for (unsigned i = 0; i < tries; ++i) {
      try {
        journal_->append("shop", batch);
        acknowledged_ += 3;
        return true;
      } catch (const TransientError&) {
        EXPECT_EQ(journal_->last_seq(), acknowledged_);
        EXPECT_EQ(journal_->resume("shop").position, acknowledged_ == 0 ? "" : order_of(acknowledged_));
        EXPECT_EQ(batch.events[0].seq, 0U);
      }
    }
    return false;
  }
  // The power goes now; then the files are read on a disk that works.
  void power_loss() {
    disk_.cut_power();
    journal_.reset();
    disk_.heal();
    disk_.restore_power();
    open();
  }
  void verify() {
    ASSERT_EQ(journal_->last_seq(), acknowledged_);
    EXPECT_EQ(journal_->resume("shop").position, acknowledged_ == 0 ? "" : order_of(acknowledged_));
    std::uint64_t seq = 0;
    for (auto events = journal_->read(1, 50, 1 << 20); !events.empty();
         events = journal_->read(seq + 1, 50, 1 << 20))
      for (const auto& event : events) {
        ASSERT_EQ(event->seq, ++seq);
        ASSERT_EQ(event->order, order_of(seq));
      }
    EXPECT_EQ(seq, acknowledged_);
    if (seq > 2) {
      EXPECT_EQ(journal_->find(make_event_id(*shape_, order_of(2), 0))->seq, 2U);
    }
    EXPECT_EQ(journal_->count({}), acknowledged_);
  }

  FailingVfs disk_;
  TempDir directory_;
  ShapePtr shape_ = orders_shape();
  std::unique_ptr<Journal> journal_;
  std::uint64_t acknowledged_ = 0;
};

TEST_F(D27_SqliteFaults, EveryNthOperationFailsOnce) {
  for (const auto fault : {FailingVfs::Fault::write, FailingVfs::Fault::sync, FailingVfs::Fault::full})
    for (int nth = 1; nth <= 18; ++nth) {
      directory_.~TempDir();
      new (&directory_) TempDir;
      acknowledged_ = 0;
      open();
      disk_.fail(fault, nth);
      for (int i = 0; i < 12; ++i) ASSERT_TRUE(append(5)) << nth;
      power_loss();
      verify();
      if (HasFatalFailure()) FAIL() << "fault " << static_cast<int>(fault) << " at operation " << nth;
      disk_.heal();
    }
  EXPECT_GT(disk_.failures(), 45);  // nearly every time: the workload has some 20 syncs
}

TEST_F(D27_SqliteFaults, OpeningOnAFailingDiskFailsCleanly) {
  open();
  for (int i = 0; i < 12; ++i) append(1);
  for (const auto fault : {FailingVfs::Fault::write, FailingVfs::Fault::sync})
    for (int nth = 1; nth <= 12; ++nth) {
      journal_.reset();
      disk_.fail(fault, nth);
      try {
        open();
        append(5);
      } catch (const TransientError&) {
        disk_.heal();
        open();
      }
      disk_.heal();
    }
  power_loss();
  verify();
}

TEST_F(D27_SqliteFaults, PowerLossAtAnyOperationLosesNothingAcknowledged) {
  for (int nth = 1; nth <= 30; ++nth) {
    directory_.~TempDir();
    new (&directory_) TempDir;
    acknowledged_ = 0;
    open();
    append(1);
    disk_.fail(nth % 2 == 0 ? FailingVfs::Fault::write : FailingVfs::Fault::sync, nth / 2 + 1, true);
    for (int i = 0; i < 15 && append(1); ++i) {
    }
    power_loss();
    disk_.heal();
    verify();
    if (HasFatalFailure()) FAIL() << "at operation " << nth;
    // And it goes on from there.
    const std::uint64_t before = acknowledged_;
    append(1);
    EXPECT_EQ(acknowledged_, before + 3);
  }
}

TEST_F(D27_SqliteFaults, AFullDiskIsSaidAndHealsByItself) {
  open();
  ASSERT_TRUE(append(1));
  disk_.fail(FailingVfs::Fault::full, 1, true);
  EXPECT_FALSE(append(4));
  EXPECT_THAT(journal_->status().trouble, ::testing::HasSubstr("full"));
  EXPECT_FALSE(journal_->status().full);  // that is our own budget
  EXPECT_EQ(journal_->read(1, 10, 1 << 20).size(), 3U);
  EXPECT_EQ(journal_->find(make_event_id(*shape_, order_of(2), 0))->seq, 2U);
  disk_.heal();
  EXPECT_TRUE(append(1));
  EXPECT_EQ(journal_->status().trouble, "");
  power_loss();
  verify();
}

TEST_F(D27_SqliteFaults, ATransactionOfAFailedSyncStaysHidden) {
  open();
  ASSERT_TRUE(append(1));
  disk_.fail(FailingVfs::Fault::sync, 1);
  Batch batch;
  Event posted = order_inserted(shape_, 99, 0, 99);
  posted.order.clear();
  posted.id = "posted";
  batch.events.push_back(posted);
  EXPECT_THROW(journal_->append("api", batch), TransientError);
  // Nobody tries again. The bytes are in the file, and its commit record may even be whole.
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(journal_->find("posted"), nullptr);
    ASSERT_TRUE(append(2));
    EXPECT_EQ(journal_->at(4 + 3 * static_cast<std::uint64_t>(round))->order,
              order_of(4 + 3 * static_cast<std::uint64_t>(round)));
    open();
  }
  power_loss();
  verify();
}

}  // namespace
}  // namespace rowhook::testing
