#include "engine/journal/event_match.h"

#include <gtest/gtest.h>

#include "tests/support/sample_events.h"

namespace rowhook::testing {
namespace {

Event sample() {
  Event event = order_inserted(orders_shape(), 5, 0, 42);
  event.seq = 10;
  return event;
}

TEST(EventMatch, AnEmptyFilterTakesEverything) { EXPECT_TRUE(EventMatch({}).event(sample())); }

TEST(EventMatch, EachFieldDecides) {
  const auto matches = [](const std::function<void(EventFilter&)>& set) {
    EventFilter filter;
    set(filter);
    return EventMatch(filter).event(sample());
  };
  EXPECT_TRUE(matches([](auto& f) { f.source = "shop"; }));
  EXPECT_FALSE(matches([](auto& f) { f.source = "sho"; }));
  EXPECT_TRUE(matches([](auto& f) { f.table = "orders"; }));
  EXPECT_TRUE(matches([](auto& f) { f.table = "public.orders"; }));
  EXPECT_FALSE(matches([](auto& f) { f.table = "public_orders"; }));
  EXPECT_FALSE(matches([](auto& f) { f.table = ".orders"; }));
  EXPECT_TRUE(matches([](auto& f) { f.record_id = "42"; }));
  EXPECT_FALSE(matches([](auto& f) { f.record_id = "\"42\""; }));
  EXPECT_FALSE(matches([](auto& f) { f.event_type = "record_updated"; }));
  EXPECT_TRUE(matches([](auto& f) { f.before_seq = 11; }));
  EXPECT_FALSE(matches([](auto& f) { f.before_seq = 10; }));
  EXPECT_FALSE(matches([](auto& f) { f.from_seq = 11; }));
  EXPECT_TRUE(matches([](auto& f) { f.from = sample().timestamp; }));
  EXPECT_FALSE(matches([](auto& f) { f.to = sample().timestamp; }));
}

}  // namespace
}  // namespace rowhook::testing
