#include <gtest/gtest.h>

#include "tests/conformance/journal/journal_factory.h"
#include "tests/support/sample_events.h"

namespace rowhook::testing {
namespace {

// 300 events in eight segments: orders and, every tenth, a customer; every fifteenth an update; one delete.
class JournalLookUps : public JournalConformance {
 protected:
  void SetUp() override {
    JournalConformance::SetUp();
    const ShapePtr orders = orders_shape(), customers = orders_shape("shop", "customers");
    for (std::uint64_t first = 1; first <= 300; first += 25) {
      Batch batch;
      for (std::uint64_t commit = first; commit < first + 25; ++commit) {
        Event event = order_inserted(commit % 10 == 0 ? customers : orders, commit, 0,
                                     static_cast<std::int64_t>(commit % 50));
        if (commit % 15 == 0) event.type = event_type::updated;
        if (commit == 77) event.type = event_type::deleted;
        if (commit == 200) event.key = R"("a b")";
        batch.events.push_back(std::move(event));
      }
      batch.position = order_of(first + 24);
      journal().append("shop", batch);
    }
  }
  std::vector<std::uint64_t> seqs(const EventFilter& filter) {
    std::vector<std::uint64_t> seqs;
    for (const auto& event : journal().list(filter)) seqs.push_back(event->seq);
    return seqs;
  }
  // As found with everything fresh, and after every segment but the last was sealed.
  template <typename Check>
  void before_and_after_sealing(const Check& check) {
    check();
    reopen();
    check();
  }
};

TEST_P(JournalLookUps, FindById) {
  before_and_after_sealing([&] {
    for (const std::uint64_t seq : {1U, 150U, 300U}) {
      const EventPtr event = journal().find("shop:" + order_of(seq) + ":0");
      ASSERT_NE(event, nullptr) << seq;
      EXPECT_EQ(event->seq, seq);
    }
    EXPECT_EQ(journal().find("shop:" + order_of(301) + ":0"), nullptr);
    EXPECT_EQ(journal().find(""), nullptr);
  });
}

TEST_P(JournalLookUps, ListIsNewestFirstAndPages) {
  before_and_after_sealing([&] {
    EventFilter filter;
    filter.limit = 3;
    EXPECT_EQ(seqs(filter), (std::vector<std::uint64_t>{300, 299, 298}));
    filter.before_seq = 298;
    EXPECT_EQ(seqs(filter), (std::vector<std::uint64_t>{297, 296, 295}));
    filter.skip = 2;
    EXPECT_EQ(seqs(filter), (std::vector<std::uint64_t>{295, 294, 293}));
    filter.from_seq = 295;
    EXPECT_EQ(seqs(filter), (std::vector<std::uint64_t>{295}));
    filter = {};
    filter.limit = 1000;
    EXPECT_EQ(seqs(filter).size(), 300U);
  });
}

TEST_P(JournalLookUps, FiltersByEveryField) {
  before_and_after_sealing([&] {
    EventFilter filter;
    filter.limit = 1000;
    filter.table = "customers";
    EXPECT_EQ(seqs(filter).size(), 30U);
    filter.table = "public.customers";
    EXPECT_EQ(seqs(filter).size(), 30U);
    filter.table = "private.customers";
    EXPECT_TRUE(seqs(filter).empty());
    filter.table.clear();
    filter.event_type = "record_deleted";
    EXPECT_EQ(seqs(filter), (std::vector<std::uint64_t>{77}));
    filter.event_type = "record_updated";
    filter.table = "customers";
    EXPECT_EQ(seqs(filter).size(), 10U);
    filter = {};
    filter.source = "other";
    EXPECT_TRUE(seqs(filter).empty());
    EXPECT_EQ(journal().count(filter), 0U);
  });
}

TEST_P(JournalLookUps, FiltersByKeyAsJsonOrBareText) {
  before_and_after_sealing([&] {
    EventFilter filter;
    filter.table = "orders";
    filter.record_id = "7";
    EXPECT_EQ(seqs(filter), (std::vector<std::uint64_t>{257, 207, 157, 107, 57, 7}));
    filter.limit = 2;
    EXPECT_EQ(seqs(filter), (std::vector<std::uint64_t>{257, 207}));
    filter = {};
    filter.record_id = "a b";
    EXPECT_EQ(seqs(filter), (std::vector<std::uint64_t>{200}));
    filter.record_id = R"("a b")";
    EXPECT_EQ(seqs(filter), (std::vector<std::uint64_t>{200}));
    EXPECT_EQ(journal().count(filter), 1U);
    filter.record_id = "999";
    EXPECT_TRUE(seqs(filter).empty());
  });
}

TEST_P(JournalLookUps, FiltersByTime) {
  const Micros start = order_inserted(orders_shape(), 0, 0, 0).timestamp;
  before_and_after_sealing([&] {
    EventFilter filter;
    filter.limit = 1000;
    filter.from = start + 95;
    filter.to = start + 100;
    EXPECT_EQ(seqs(filter), (std::vector<std::uint64_t>{99, 98, 97, 96, 95}));
    EXPECT_EQ(journal().count(filter), 5U);
    filter.to.reset();
    EXPECT_EQ(seqs(filter).size(), 206U);
    EXPECT_EQ(journal().count(filter), 206U);
  });
}

TEST_P(JournalLookUps, Counts) {
  before_and_after_sealing([&] {
    EXPECT_EQ(journal().count({}), 300U);
    EventFilter filter;
    filter.table = "customers";
    EXPECT_EQ(journal().count(filter), 30U);
    filter.event_type = "record_inserted";
    EXPECT_EQ(journal().count(filter), 20U);
    filter = {};
    filter.before_seq = 101;
    filter.from_seq = 11;
    EXPECT_EQ(journal().count(filter), 90U);
    filter.source = "shop";
    EXPECT_EQ(journal().count(filter), 90U);
  });
}

INSTANTIATE_TEST_SUITE_P(All, JournalLookUps, ::testing::Values("sqlite", "postgres"),
                         [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace rowhook::testing
