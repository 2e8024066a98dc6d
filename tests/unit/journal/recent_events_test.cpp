#include "engine/journal/recent_events.h"

#include <gtest/gtest.h>

#include "engine/journal/storage.h"
#include "tests/support/sample_events.h"

namespace rowhook::testing {
namespace {

std::vector<EventPtr> events(std::uint64_t first, std::uint64_t last) {
  static const ShapePtr shape = orders_shape();
  std::vector<EventPtr> made;
  for (std::uint64_t seq = first; seq <= last; ++seq) {
    Event event = order_inserted(shape, seq, 0, 1);
    event.seq = seq;
    made.push_back(std::make_shared<const Event>(std::move(event)));
  }
  return made;
}

TEST(RecentEvents, HoldsTheNewestWithinItsBytes) {
  const std::size_t one = event_bytes(*events(1, 1).front());
  RecentEvents recent(10 * one + one / 2);
  EXPECT_EQ(recent.first(), 0U);
  recent.add(events(1, 7));
  recent.add(events(8, 25));
  EXPECT_EQ(recent.first(), 16U);
  EXPECT_LE(recent.bytes(), 10 * one + one / 2);
  EXPECT_EQ(recent.at(15), nullptr);
  EXPECT_EQ(recent.at(16)->seq, 16U);
  EXPECT_EQ(recent.at(26), nullptr);
  EXPECT_FALSE(recent.read(15, 10, 1 << 20));
  EXPECT_EQ(recent.read(20, 3, 1 << 20)->back()->seq, 22U);
  EXPECT_EQ(recent.read(20, 100, 2 * one)->size(), 2U);
  EXPECT_TRUE(recent.read(26, 3, 1 << 20)->empty());
}

TEST(RecentEvents, OneEventStaysHoweverLarge) {
  RecentEvents recent(1);
  recent.add(events(1, 3));
  EXPECT_EQ(recent.first(), 3U);
}

TEST(RecentEvents, AHoleStartsItAnew) {
  RecentEvents recent(1 << 20);
  recent.add(events(1, 3));
  recent.add(events(7, 8));
  EXPECT_EQ(recent.first(), 7U);
  EXPECT_EQ(recent.at(3), nullptr);
  recent.clear();
  EXPECT_EQ(recent.first(), 0U);
}

}  // namespace
}  // namespace rowhook::testing
