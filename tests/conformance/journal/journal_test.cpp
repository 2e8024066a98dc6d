#include "engine/journal/journal.h"

#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "tests/conformance/journal/journal_factory.h"
#include "tests/support/eventually.h"
#include "tests/support/sample_events.h"

namespace rowhook::testing {
namespace {

const ShapePtr orders = orders_shape();

Appended append(Journal& journal, std::uint64_t first, std::uint64_t last, const ShapePtr& shape = orders) {
  Batch batch = orders_batch(shape, first, last);
  return journal.append(shape->source, batch);
}

Event posted_event(const std::string& id) {
  Event event = order_inserted(orders, 1, 0, 1);
  event.order.clear();
  event.id = id;
  return event;
}

TEST_P(JournalConformance, StartsEmpty) {
  EXPECT_EQ(journal().last_seq(), 0U);
  EXPECT_TRUE(journal().read(1, 10, 1 << 20).empty());
  EXPECT_EQ(journal().resume("shop").position, "");
  EXPECT_EQ(journal().find("shop:1:0"), nullptr);
  EXPECT_EQ(journal().at(1), nullptr);
  EXPECT_EQ(journal().status().first_seq, 0U);
  EXPECT_EQ(journal().status().last_seq, 0U);
  EXPECT_TRUE(journal().gaps().empty());
}

TEST_P(JournalConformance, AppendNumbersEventsAndMovesThePosition) {
  Batch batch = orders_batch(orders, 1, 3);
  batch.state = R"({"epoch":1})";
  const Appended appended = journal().append("shop", batch);
  EXPECT_EQ(appended.first_seq, 1U);
  EXPECT_EQ(appended.last_seq, 3U);
  EXPECT_EQ(appended.count, 3U);
  EXPECT_EQ(appended.duplicates, 0U);
  EXPECT_EQ(batch.events[2].seq, 3U);
  const Resume resume = journal().resume("shop");
  EXPECT_EQ(resume.position, order_of(3));
  EXPECT_EQ(resume.last_order, order_of(3));
  EXPECT_EQ(resume.state, R"({"epoch":1})");
  EXPECT_EQ(append(journal(), 1, 2, orders_shape("other")).first_seq, 4U);
  EXPECT_EQ(journal().resume("shop").position, order_of(3));
}

TEST_P(JournalConformance, AnEventComesBackAsItWent) {
  Event event = order_inserted(orders, 7, 3, 42);
  event.type = event_type::updated;
  event.user = "alice";
  event.snapshot = true;
  event.old_complete = false;
  RowWriter old;
  old.add(ValueKind::number, "42");
  old.add(ValueKind::absent);
  old.add(ValueKind::unchanged);
  event.old_row = old.take();
  event.detail = R"("change_type":"ALTER")";
  event.extra = R"("note":"\u00e9")";
  event.position = std::string("a\0b", 3);
  event.timestamp = -1;
  event.seq = 1;
  const std::string before = event_json(event);
  Batch batch;
  batch.events.push_back(event);
  event.seq = 0;
  journal().append("shop", batch);
  for (int round = 0; round < 2; ++round) {
    const EventPtr read = journal().at(1);
    ASSERT_NE(read, nullptr);
    EXPECT_EQ(event_json(*read), before);
    EXPECT_EQ(read->new_row, event.new_row);
    EXPECT_EQ(read->old_row, event.old_row);
    EXPECT_EQ(read->order, event.order);
    EXPECT_EQ(read->ordinal, 3U);
    EXPECT_EQ(read->shape->columns.size(), 3U);
    reopen();
  }
}

TEST_P(JournalConformance, RedeliveredEventsAreCountedAndNotWritten) {
  append(journal(), 1, 5);
  Batch batch = orders_batch(orders, 4, 7);
  const Appended appended = journal().append("shop", batch);
  EXPECT_EQ(appended.duplicates, 2U);
  EXPECT_EQ(appended.count, 2U);
  EXPECT_EQ(appended.first_seq, 6U);
  EXPECT_EQ(append(journal(), 1, 7).count, 0U);
  reopen();
  EXPECT_EQ(append(journal(), 1, 7).duplicates, 7U);
  EXPECT_EQ(journal().last_seq(), 7U);
}

TEST_P(JournalConformance, APositionThatIsSentAgainDoesNotGoBack) {
  append(journal(), 1, 5);
  EXPECT_EQ(append(journal(), 2, 3).duplicates, 2U);
  Batch position;
  position.position = order_of(4);
  journal().append("shop", position);
  EXPECT_EQ(journal().resume("shop").position, order_of(5));
  reopen();
  EXPECT_EQ(journal().resume("shop").position, order_of(5));
}

TEST_P(JournalConformance, ATransactionSpansBatches) {
  Batch first, second;
  for (std::uint32_t i = 0; i < 4; ++i) first.events.push_back(order_inserted(orders, 9, i, i));
  journal().append("shop", first);
  EXPECT_EQ(journal().resume("shop").position, "");
  EXPECT_EQ(journal().resume("shop").last_ordinal, 3U);
  reopen();
  // The source starts the transaction again: it had no position in the middle of it.
  for (std::uint32_t i = 0; i < 6; ++i) second.events.push_back(order_inserted(orders, 9, i, i));
  second.position = order_of(9);
  const Appended appended = journal().append("shop", second);
  EXPECT_EQ(appended.duplicates, 4U);
  EXPECT_EQ(appended.count, 2U);
  EXPECT_EQ(journal().resume("shop").position, order_of(9));
}

TEST_P(JournalConformance, APositionWithoutEventsIsDurable) {
  Batch batch;
  batch.position = "0/5";
  EXPECT_EQ(journal().append("idle", batch).count, 0U);
  Batch none;
  EXPECT_EQ(journal().append("idle", none).count, 0U);
  reopen();
  EXPECT_EQ(journal().resume("idle").position, "0/5");
  EXPECT_EQ(journal().last_seq(), 0U);
}

TEST_P(JournalConformance, EverythingSurvivesReopening) {
  for (std::uint64_t i = 0; i < 10; ++i) append(journal(), i * 25 + 1, i * 25 + 25);
  for (int round = 0; round < 3; ++round) {
    reopen();
    EXPECT_EQ(journal().last_seq(), 250U);
    EXPECT_EQ(journal().resume("shop").position, order_of(250));
    std::uint64_t seq = 0;
    for (auto events = journal().read(1, 30, 1 << 20); !events.empty();
         events = journal().read(seq + 1, 30, 1 << 20))
      for (const auto& event : events) {
        ASSERT_EQ(event->seq, ++seq);
        ASSERT_EQ(event->key, std::to_string(seq));
      }
    EXPECT_EQ(seq, 250U);
  }
  EXPECT_EQ(append(journal(), 251, 251).first_seq, 251U);
}

TEST_P(JournalConformance, ReadKeepsItsLimits) {
  append(journal(), 1, 100);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(journal().read(1, 7, 1 << 20).size(), 7U);
    EXPECT_EQ(journal().read(95, 100, 1 << 20).size(), 6U);
    EXPECT_EQ(journal().read(101, 100, 1 << 20).size(), 0U);
    EXPECT_EQ(journal().read(1, 0, 1 << 20).size(), 0U);
    EXPECT_EQ(journal().read(1, 100, 1).size(), 1U);  // one event always fits
    EXPECT_LT(journal().read(1, 100, 4000).size(), 40U);
    EXPECT_EQ(journal().read(0, 3, 1 << 20).front()->seq, 1U);
    reopen();
  }
}

TEST_P(JournalConformance, MemoryAndDiskJoinWithoutAGap) {
  recent_bytes_ = 8000;  // a dozen events
  reopen();
  append(journal(), 1, 90);
  append(journal(), 91, 100);
  std::uint64_t seq = 0;
  for (auto events = journal().read(1, 1000, 1 << 20); !events.empty();
       events = journal().read(seq + 1, 1000, 1 << 20))
    for (const auto& event : events) ASSERT_EQ(event->seq, ++seq);
  EXPECT_EQ(seq, 100U);
}

TEST_P(JournalConformance, WaitWakesOnAppendAndEndsInTime) {
  EXPECT_EQ(journal().wait(1, std::chrono::milliseconds{1}), 0U);
  std::thread writer([&] { append(journal(), 1, 2); });
  EXPECT_EQ(journal().wait(2, std::chrono::seconds{30}), 2U);
  writer.join();
  EXPECT_EQ(journal().wait(1, std::chrono::seconds{30}), 2U);
}

TEST_P(JournalConformance, PostedEventsAreFoundAgainByTheirId) {
  Batch batch;
  batch.events = {posted_event("a"), posted_event("b"), posted_event("a")};
  Appended appended = journal().append("api", batch, true);
  EXPECT_EQ(appended.count, 2U);
  EXPECT_EQ(appended.duplicates, 1U);
  EXPECT_EQ(batch.events[2].seq, 1U);  // the one that is stored
  EXPECT_EQ(batch.events[1].id, "b");
  EXPECT_EQ(journal().resume("api").last_order, "");
  for (std::uint64_t i = 0; i < 5; ++i) append(journal(), i * 30 + 1, i * 30 + 30);  // into other segments
  for (int round = 0; round < 2; ++round) {
    Batch again;
    again.events = {posted_event("b"), posted_event("c" + std::to_string(round))};
    appended = journal().append("api", again, true);
    EXPECT_EQ(appended.duplicates, 1U);
    EXPECT_EQ(again.events[0].seq, 2U);
    EXPECT_EQ(appended.count, 1U);
    reopen();
  }
  Batch unchecked;
  unchecked.events = {posted_event("b")};
  EXPECT_EQ(journal().append("api", unchecked).count, 1U);
}

TEST_P(JournalConformance, ConcurrentCallersAreWrittenTogetherAndNumberedOnce) {
  constexpr int callers = 8, rounds = 40;
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> sum{0};
  for (int caller = 0; caller < callers; ++caller)
    threads.emplace_back([&, caller] {
      const auto shape = orders_shape("shop-" + std::to_string(caller));
      for (std::uint64_t i = 1; i <= rounds; ++i) sum += append(journal(), i, i, shape).first_seq;
    });
  for (auto& thread : threads) thread.join();
  const std::uint64_t all = callers * rounds;
  EXPECT_EQ(journal().last_seq(), all);
  EXPECT_EQ(sum, all * (all + 1) / 2);
  reopen();
  EXPECT_EQ(journal().resume("shop-3").position, order_of(rounds));
  std::map<std::string, std::uint64_t> last;
  for (std::uint64_t seq = 1; seq <= all; ++seq) {
    const EventPtr event = journal().at(seq);
    ASSERT_NE(event, nullptr) << seq;
    EXPECT_EQ(event->order, order_of(++last[event->shape->source]));
  }
}

TEST_P(JournalConformance, GapsAreDurable) {
  journal().record_gap({"shop", "0/1", "0/9", "slot lost", "run this", 77});
  journal().record_gap({"other", "", "", "reset", "", 78});
  for (std::uint64_t i = 0; i < 3; ++i)
    append(journal(), i * 45 + 1, i * 45 + 45);  // carried into new segments
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(journal().gaps().size(), 2U);
    const auto gaps = journal().gaps("shop");
    ASSERT_EQ(gaps.size(), 1U);
    EXPECT_EQ(gaps[0].from, "0/1");
    EXPECT_EQ(gaps[0].to, "0/9");
    EXPECT_EQ(gaps[0].reason, "slot lost");
    EXPECT_EQ(gaps[0].remedy, "run this");
    EXPECT_EQ(gaps[0].at, 77);
    reopen();
  }
}

TEST_P(JournalConformance, ForgetKeepsOnlyWhatRecognisesTheDatabase) {
  Batch batch = orders_batch(orders, 1, 3);
  batch.state = "epoch 1";
  journal().append("shop", batch);
  journal().forget("shop");
  journal().forget("unknown");
  reopen();
  const Resume resume = journal().resume("shop");
  EXPECT_EQ(resume.position, "");
  EXPECT_EQ(resume.last_order, "");
  EXPECT_EQ(resume.state, "epoch 1");
  EXPECT_EQ(append(journal(), 1, 3).first_seq, 4U);  // no redelivery: the source began anew
}

TEST_P(JournalConformance, RetentionDropsOldExecutedSegments) {
  retention_.max_age = std::chrono::hours{1};
  reopen();
  for (std::uint64_t i = 0; i < 5; ++i) append(journal(), i * 40 + 1, i * 40 + 40);
  journal().set_low_water(130);
  EXPECT_EQ(journal().status().first_seq, 1U);
  clock_.advance(std::chrono::hours{2});
  ASSERT_TRUE(eventually([&] { return journal().status().first_seq == 121; }))
      << journal().status().first_seq;
  EXPECT_EQ(journal().at(120), nullptr);
  EXPECT_EQ(journal().find("shop:" + order_of(5) + ":0"), nullptr);
  EXPECT_EQ(journal().at(121)->key, "121");
  EXPECT_EQ(journal().read(1, 10, 1 << 20).front()->seq, 121U);
  reopen();
  EXPECT_EQ(journal().status().first_seq, 121U);
  EXPECT_EQ(journal().last_seq(), 200U);
  EXPECT_EQ(journal().resume("shop").position, order_of(200));
}

TEST_P(JournalConformance, ItIsFullAtItsBudgetUntilExecutionsFreeRoom) {
  retention_.max_bytes = 4 << 20;
  reopen();
  std::uint64_t commit = 0;
  const auto add = [&] {
    Batch batch = orders_batch(orders, commit + 1, commit + 40);
    std::minstd_rand random(7);  // text that does not compress
    for (auto& event : batch.events) {
      std::string pad(8000, ' ');
      for (char& c : pad) c = static_cast<char>('#' + random() % 56);
      event.detail = R"("pad":")" + pad + '"';
    }
    journal().append("shop", batch);
    commit += 40;
  };
  for (int i = 0; i < 100 && !journal().status().full; ++i) {
    try {
      add();
    } catch (const TransientError& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("journal is full"));
    }
  }
  ASSERT_TRUE(journal().status().full);
  // A PostgreSQL server extends its files ahead of what is written.
  EXPECT_LE(journal().status().bytes, retention_.max_bytes + (2U << 20));
  EXPECT_EQ(journal().status().trouble, "");
  EXPECT_EQ(journal().last_seq(), commit);
  Batch position;
  position.position = order_of(commit);
  EXPECT_NO_THROW(journal().append("idle", position));  // what frees the server's WAL is still possible
  const std::uint64_t kept = commit;
  journal().set_low_water(kept);
  EXPECT_TRUE(eventually([&] {
    try {
      add();
      return true;
    } catch (const TransientError&) {
      return false;
    }
  }));
  EXPECT_FALSE(journal().status().full);
  EXPECT_GT(journal().status().first_seq, 1U);
  EXPECT_EQ(journal().last_seq(), kept + 40);
}

INSTANTIATE_TEST_SUITE_P(All, JournalConformance, ::testing::Values("sqlite", "postgres"),
                         [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace rowhook::testing
