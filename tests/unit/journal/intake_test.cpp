#include "engine/journal/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "engine/journal/sqlite_journal.h"
#include "tests/support/eventually.h"
#include "tests/support/sample_events.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/journal/scripted_source.h"

namespace rowhook::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class IntakeTest : public ::testing::Test {
 protected:
  void SetUp() override { open_journal({}); }
  void TearDown() override { intake_.reset(); }

  void open_journal(const Retention& retention) {
    journal_.reset();
    journal_ = open_sqlite_journal(directory_ / "journal", retention, system_clock());
  }
  Intake& start() {
    SourceSettings settings;
    settings.source = "shop";
    settings.connection = "shop_db";
    settings.method = "log_based";
    settings.batch_size = 3;
    IntakeOptions options;
    options.backoff = {std::chrono::milliseconds{5}, std::chrono::milliseconds{10}, true};
    options.failed_retry = std::chrono::milliseconds{10};
    options.read_wait = std::chrono::milliseconds{20};
    intake_ = std::make_unique<Intake>(settings, std::make_unique<ScriptedSource>(script_), *journal_,
                                       system_clock(), metrics_, options);
    intake_->start();
    return *intake_;
  }
  void give(std::uint64_t first, std::uint64_t last) {
    script_.add([this, first, last] { return orders_batch(shape_, first, last); });
  }
  bool becomes(IntakeState state) {
    return eventually([&] { return intake_->state().state == state; });
  }
  std::vector<nlohmann::json> events_of(std::string_view type) {
    EventFilter filter;
    filter.event_type = type;
    std::vector<nlohmann::json> found;
    for (const auto& event : journal_->list(filter))
      found.push_back(nlohmann::json::parse(event_json(*event)));
    return found;
  }

  TempDir directory_;
  ShapePtr shape_ = orders_shape();
  Metrics metrics_;
  std::unique_ptr<Journal> journal_;
  ScriptedSource::Script script_;
  std::unique_ptr<Intake> intake_;
};

TEST_F(IntakeTest, AppendsThenAcknowledges) {
  give(1, 3);
  give(4, 4);
  start();
  ASSERT_TRUE(eventually([&] { return script_.look().acknowledged.size() == 2; }));
  EXPECT_THAT(script_.look().acknowledged, ElementsAre(order_of(3), order_of(4)));
  EXPECT_EQ(journal_->last_seq(), 4U);
  ASSERT_TRUE(eventually([&] { return intake_->state().position == "at " + order_of(4); }));
  const SourceState state = intake_->state();
  EXPECT_EQ(state.name, "shop");
  EXPECT_EQ(state.state, IntakeState::running);
  EXPECT_EQ(state.reason, "");
  EXPECT_EQ(state.lag_bytes, 77U);
  EXPECT_EQ(state.lag_seconds, 0);
}

TEST_F(IntakeTest, APositionAloneIsAcknowledgedAndAMiddleOfATransactionIsNot) {
  script_.add([] {
    Batch batch;
    batch.position = "0/9";
    return batch;
  });
  script_.add([this] {
    Batch batch = orders_batch(shape_, 5, 5);
    batch.position.reset();
    return batch;
  });
  start();
  ASSERT_TRUE(eventually([&] { return journal_->last_seq() == 1; }));
  EXPECT_THAT(script_.look().acknowledged, ElementsAre("0/9"));
}

TEST_F(IntakeTest, StartsAgainFromTheJournal) {
  give(1, 2);
  start();
  ASSERT_TRUE(eventually([&] { return script_.look().acknowledged.size() == 1; }));
  intake_.reset();
  give(1, 3);  // sent again from the last confirmed position
  start();
  ASSERT_TRUE(eventually([&] { return journal_->last_seq() == 3; }));
  EXPECT_EQ(script_.look().opened.back().position, order_of(2));
}

TEST_F(IntakeTest, ATransientErrorIsRetriedAndReportedOncePerOutage) {
  for (int i = 0; i < 3; ++i)
    script_.add([]() -> Batch { throw TransientError("connection lost", "start the server"); });
  give(1, 1);
  start();
  ASSERT_TRUE(eventually([&] { return script_.look().acknowledged.size() == 1; }));
  EXPECT_EQ(script_.look().opened.size(), 4U);
  const auto errors = events_of(event_type::database_error);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0]["error_type"], "transient");
  EXPECT_EQ(errors[0]["error_message"], "connection lost");
  EXPECT_EQ(errors[0]["retry_count"], 0);
  EXPECT_EQ(errors[0]["error_id"], errors[0]["event_id"]);
  EXPECT_EQ(errors[0]["context"]["connection"], "shop_db");
  EXPECT_NO_THROW(parse_rfc3339(errors[0]["error_at"].get<std::string>()));
  ASSERT_TRUE(becomes(IntakeState::running));
  script_.add([]() -> Batch { throw TransientError("connection lost"); });
  EXPECT_TRUE(eventually([&] { return events_of(event_type::database_error).size() == 2; }));
}

TEST_F(IntakeTest, APermanentErrorSaysTheRemedyAndHealsByItself) {
  std::atomic<bool> broken{true};
  script_.on_open([&] {
    if (broken) throw PermanentError("wal_level is replica", "ALTER SYSTEM SET wal_level = 'logical'");
  });
  start();
  ASSERT_TRUE(becomes(IntakeState::failed));
  EXPECT_EQ(intake_->state().remedy, "ALTER SYSTEM SET wal_level = 'logical'");
  EXPECT_EQ(intake_->state().reason, "wal_level is replica");
  broken = false;
  EXPECT_TRUE(becomes(IntakeState::running));
  EXPECT_EQ(events_of(event_type::database_error).size(), 1U);
}

TEST_F(IntakeTest, AnUnexpectedExceptionDoesNotEndTheThread) {
  script_.add([]() -> Batch { throw std::runtime_error("bug"); });
  give(1, 1);
  start();
  EXPECT_TRUE(eventually([&] { return journal_->last_seq() >= 2; }));
}

TEST_F(IntakeTest, AGapIsRecordedOnceAndWaitsForItsAcceptance) {
  script_.add([this] {
    Batch batch = orders_batch(shape_, 5, 5);
    batch.state = "epoch 1";
    return batch;
  });
  std::atomic<bool> lost{true};
  script_.add([]() -> Batch { throw GapError("the slot is gone", "0/5", "0/9", "resume the source"); });
  start();
  ASSERT_TRUE(becomes(IntakeState::gap));
  EXPECT_EQ(intake_->state().reason, "the slot is gone");
  EXPECT_EQ(intake_->state().remedy, "resume the source");
  ASSERT_TRUE(eventually([&] { return events_of(event_type::capture_gap).size() == 1; }));
  const auto gap = events_of(event_type::capture_gap)[0];
  EXPECT_EQ(gap["from"], "0/5");
  EXPECT_EQ(gap["to"], "0/9");
  EXPECT_EQ(gap["reason"], "the slot is gone");
  EXPECT_EQ(gap["remedy"], "resume the source");
  EXPECT_EQ(gap["source"], "shop");
  EXPECT_TRUE(gap["table"].is_null());

  // Stopped and started again: the same gap, recorded once.
  intake_.reset();
  script_.on_open([&] {
    if (lost) throw GapError("the slot is gone", "0/5", "0/9", "resume the source");
  });
  start();
  ASSERT_TRUE(becomes(IntakeState::gap));
  EXPECT_EQ(journal_->gaps("shop").size(), 1U);

  lost = false;
  give(1, 2);  // of the new slot: the positions begin anew
  ASSERT_TRUE(eventually([&] {
    intake_->resume();
    return intake_->state().state == IntakeState::running;
  }));
  EXPECT_TRUE(eventually([&] { return journal_->resume("shop").position == order_of(2); }));
  EXPECT_EQ(script_.look().opened.back().position, "");
  EXPECT_EQ(script_.look().opened.back().last_order, "");
  EXPECT_EQ(script_.look().opened.back().state, "epoch 1");
  EXPECT_EQ(journal_->gaps("shop").size(), 1U);
  EXPECT_EQ(events_of(event_type::capture_gap).size(), 1U);
  EXPECT_EQ(journal_->last_seq(), 4U);
}

TEST_F(IntakeTest, PausedItKeepsTheConnectionAndReadsNothing) {
  start();
  ASSERT_TRUE(becomes(IntakeState::running));
  intake_->pause();
  ASSERT_TRUE(becomes(IntakeState::paused));
  const int idled = script_.look().idled;
  ASSERT_TRUE(eventually([&] { return script_.look().idled > idled; }));  // the read in progress has ended
  give(1, 1);
  ASSERT_TRUE(eventually([&] { return script_.look().idled > idled + 2; }));
  EXPECT_EQ(journal_->last_seq(), 0U);
  EXPECT_EQ(script_.look().opened.size(), 1U);
  intake_->resume();
  EXPECT_TRUE(eventually([&] { return journal_->last_seq() == 1; }));
  EXPECT_TRUE(becomes(IntakeState::running));
}

TEST_F(IntakeTest, D5_AFullJournalHoldsAcknowledgementAndKeepsTheConnection) {
  Retention small;
  small.max_bytes = 300'000;
  open_journal(small);
  for (std::uint64_t commit = 1; commit <= 10; ++commit)
    script_.add([this, commit] {
      Batch batch = orders_batch(shape_, commit, commit);
      batch.events[0].detail = R"("pad":")" + std::string(60'000, 'x') + '"';
      return batch;
    });
  start();
  ASSERT_TRUE(eventually([&] { return journal_->status().full && script_.look().idled > 3; }));
  EXPECT_TRUE(becomes(IntakeState::degraded));
  EXPECT_THAT(intake_->state().reason, HasSubstr("journal is full"));
  EXPECT_GE(intake_->state().lag_seconds, 0);
  const std::uint64_t kept = journal_->last_seq();
  EXPECT_LT(kept, 10U);
  EXPECT_EQ(script_.look().acknowledged.size(), kept);
  EXPECT_EQ(script_.look().opened.size(), 1U);  // never reconnected
  EXPECT_TRUE(events_of(event_type::database_error).empty());
  ASSERT_TRUE(eventually([&] {
    journal_->set_low_water(journal_->last_seq());
    return journal_->last_seq() == 10;
  }));
  EXPECT_TRUE(becomes(IntakeState::running));
  EXPECT_TRUE(eventually([&] { return script_.look().acknowledged.size() == 10; }));
}

TEST_F(IntakeTest, LagIsTheAgeOfTheNewestEventWhileBehind) {
  const Micros hour_ago = system_clock().now() - Micros{3'600'000'000};
  script_.add([&, hour_ago] {
    Batch batch = orders_batch(shape_, 1, 3);  // as many as asked for: there may be more
    for (auto& event : batch.events) event.timestamp = hour_ago;
    return batch;
  });
  std::mutex busy;
  busy.lock();
  script_.add([&]() -> Batch {
    const std::lock_guard wait(busy);
    return {};
  });
  open_journal({});
  {
    Batch old = orders_batch(orders_shape(), 0, 0);
    old.events[0].order.clear();
    old.events[0].timestamp = hour_ago;
    journal_->append("shop", old);  // the newest known of the source
  }
  start();
  EXPECT_TRUE(eventually([&] { return journal_->last_seq() == 4; }));
  EXPECT_NEAR(intake_->state().lag_seconds, 3600, 60);
  busy.unlock();
  EXPECT_TRUE(eventually([&] { return intake_->state().lag_seconds == 0; }));
}

}  // namespace
}  // namespace rowhook::testing
