#include "engine/journal/segment_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/journal/segment.h"
#include "engine/journal/stable_hash.h"
#include "tests/support/sample_events.h"

namespace rowhook::testing {
namespace {

using ::testing::ElementsAre;

EventHead head(const Event& event) {
  return {event.shape->id, event.id, event.type, event.order, event.key, event.timestamp, event.captured_at};
}

TEST(StableHash, NeverChanges) {
  // Computed by an implementation of its own with integers of any size.
  EXPECT_EQ(stable_hash(""), 0xf47cdffd9671363dULL);
  EXPECT_EQ(stable_hash("42"), 0x685683110d4f7f8eULL);
  EXPECT_EQ(stable_hash("shop:0000000000000001:0"), 0x5a0cb2d9f9eeb375ULL);
  EXPECT_NE(stable_hash("a"), stable_hash("b"));
  EXPECT_NE(stable_hash("a"), stable_hash(std::string_view("a\0", 2)));
  EXPECT_NE(stable_hash("12345678"), stable_hash("123456789"));
}

TEST(SegmentIndex, FindsIdsKeysAndPostedEvents) {
  SegmentIndex index;
  const ShapePtr shape = orders_shape();
  std::vector<Event> events;
  for (std::uint64_t i = 0; i < 10; ++i)
    events.push_back(order_inserted(shape, i, 0, static_cast<std::int64_t>(i % 3)));
  events[4].order.clear();
  for (const auto& event : events) index.add(head(event));
  EXPECT_THAT(index.by_id(events[7].id).places, ElementsAre(7));
  EXPECT_THAT(index.by_posted_id(events[4].id).places, ElementsAre(4));
  EXPECT_THAT(index.by_posted_id(events[5].id).places, ElementsAre());
  EventFilter filter;
  filter.record_id = "2";
  EXPECT_THAT(index.by_key(EventMatch(filter)).places, ElementsAre(2, 5, 8));
  EXPECT_EQ(index.newest(), events.back().captured_at);
  EXPECT_EQ(index.posted(), 1U);
}

TEST(GroupSelection, RareGroupsGiveTheirPlacesAndCommonOnesAll) {
  const ShapePtr shape = orders_shape();
  EventFilter filter;
  filter.table = "orders";
  const EventMatch match(filter);
  GroupSelection rare(match), common(match), none(match);
  rare.add(*shape, "record_inserted", {2, 0, 5, {3, 9}});
  EXPECT_FALSE(rare.candidates(100).all);
  EXPECT_THAT(rare.candidates(100).places, ElementsAre(3, 9));
  EXPECT_EQ(rare.exact_count(), 2U);
  common.add(*shape, "record_inserted", {50, 0, 5, {}});
  EXPECT_TRUE(common.candidates(100).all);
  EXPECT_EQ(common.exact_count(), 50U);
  none.add(*orders_shape("shop", "customers"), "record_inserted", {50, 0, 5, {}});
  EXPECT_FALSE(none.candidates(100).all);
  EXPECT_EQ(none.exact_count(), 0U);
}

TEST(GroupSelection, ATimeThatCutsAGroupNeedsReading) {
  EventFilter filter;
  filter.from = 3;
  const EventMatch match(filter);
  GroupSelection selection(match);
  selection.add(*orders_shape(), "record_inserted", {50, 0, 5, {}});
  EXPECT_FALSE(selection.exact_count());
  GroupSelection past(match);
  past.add(*orders_shape(), "record_inserted", {50, 0, 2, {}});
  EXPECT_EQ(past.exact_count(), 0U);
}

TEST(SegmentName, ReadsWhatItWrites) {
  for (const Segment::Name& name :
       {Segment::Name{1, 0}, Segment::Name{0xabcdef, 3}, Segment::Name{UINT64_MAX, 0}})
    EXPECT_EQ(Segment::parse_file_name(Segment::file_name(name)), name);
  EXPECT_EQ(Segment::file_name({255, 0}), "00000000000000ff.db");
  EXPECT_EQ(Segment::file_name({255, 2}), "00000000000000ff.2.db");
  for (const char* other : {"lock", "00000000000000ff.db-wal", "00000000000000FF.db", "00000000000000ff.0.db",
                            "ff.db", "00000000000000ff.2.dbx", "00000000000000ff..db"})
    EXPECT_FALSE(Segment::parse_file_name(other)) << other;
}

}  // namespace
}  // namespace rowhook::testing
