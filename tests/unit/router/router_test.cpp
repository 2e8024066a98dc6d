#include "engine/router/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/json.h"
#include "tests/support/sample_events.h"

namespace rowhook {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Trigger trigger(std::int64_t id, const std::string& config = "{}",
                const std::string& type = "record_inserted") {
  Trigger made;
  made.id = id;
  made.name = "trigger " + std::to_string(id);
  made.workflow_id = "w";
  made.source = "shop";
  made.event_type = type;
  made.config = parse_json(config);
  return made;
}

EventPtr inserted(std::uint64_t seq, std::int64_t id, const std::string& table = "orders") {
  static std::map<std::string, ShapePtr> shapes;
  auto& shape = shapes[table];
  if (!shape) shape = testing::orders_shape("shop", table);
  auto event = std::make_shared<Event>(testing::order_inserted(shape, seq + 1, 0, id));
  event->seq = seq;
  return event;
}

std::vector<std::pair<std::uint64_t, std::int64_t>> fired(const Router& router,
                                                          const std::vector<EventPtr>& events) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> out;
  for (const auto& candidate : router.candidates(events))
    out.emplace_back(candidate.event->seq, candidate.trigger->trigger.id);
  return out;
}

TEST(Router, MatchesBySourceAndTypeInTheOrderOfEventAndTriggerId) {
  Trigger other_source = trigger(2);
  other_source.source = "warehouse";
  const Router router({trigger(9), trigger(3), trigger(4, "{}", "record_deleted"), other_source}, {});
  EXPECT_THAT(fired(router, {inserted(1, 1), inserted(2, 2)}),
              ElementsAre(Pair(1, 3), Pair(1, 9), Pair(2, 3), Pair(2, 9)));
  EXPECT_EQ(router.active_count(), 4u);
}

TEST(Router, ConditionsTablesAndInactiveTriggers) {
  Trigger off = trigger(5);
  off.is_active = false;
  const Router router({trigger(1, R"({"where":"total > 2"})"), trigger(2, R"({"tables":["items"]})"), off},
                      {});
  EXPECT_THAT(fired(router, {inserted(1, 1), inserted(2, 2), inserted(3, 1, "items")}),
              ElementsAre(Pair(2, 1), Pair(3, 2)));
}

TEST(Router, AnUnknownScriptOrABrokenConditionAlwaysMatchesWithAnError) {
  Trigger broken = trigger(1);
  broken.config = parse_json(R"({"where":"total >"})");
  const Router router({broken, trigger(2, R"({"filter_script":"gone","tables":["none"]})")},
                      [](const std::string&) { return std::nullopt; });
  const auto candidates = router.candidates({inserted(1, 1)});
  ASSERT_EQ(candidates.size(), 2u);
  EXPECT_TRUE(candidates[0].trigger->broken);
  EXPECT_EQ(candidates[1].trigger->broken->message, "there is no script 'gone' (filter_script)");
}

TEST(Router, StoredScriptsAreResolved) {
  const Router router({trigger(1, R"({"filter_script":"paid","transform":"return {}"})")},
                      [](const std::string& name) { return std::optional<std::string>("-- " + name); });
  const auto compiled = router.current(1);
  EXPECT_EQ(compiled->filter->name, "paid");
  EXPECT_EQ(compiled->filter->text, "-- paid");
  EXPECT_EQ(compiled->transform->name, "trigger 1 transform");
}

TEST(Router, ARevisionHoldsForItsEventsOnly) {
  Trigger first = trigger(1), second = trigger(1, R"({"where":"total > 1000"})");
  first.until_seq = 10;
  second.revision = 2;
  second.from_seq = 10;
  Trigger deleted = trigger(7);
  deleted.from_seq = 3;
  deleted.until_seq = 5;
  const Router router({second, first, deleted}, {});
  EXPECT_THAT(
      fired(router, {inserted(2, 1), inserted(3, 1), inserted(4, 1), inserted(9, 1), inserted(10, 1)}),
      ElementsAre(Pair(2, 1), Pair(3, 1), Pair(3, 7), Pair(4, 1), Pair(4, 7), Pair(9, 1)));
  EXPECT_EQ(router.revision_at(1, 9)->trigger.revision, 1);
  EXPECT_EQ(router.revision_at(1, 10)->trigger.revision, 2);
  EXPECT_EQ(router.current(1)->trigger.revision, 2);
  EXPECT_EQ(router.current(7), nullptr);
  EXPECT_EQ(router.revision_at(7, 4)->trigger.id, 7);
  EXPECT_EQ(router.revision_at(99, 4), nullptr);
}

TEST(Router, AnEventWithoutSeqMeetsWhatIsInForceNow) {
  Trigger first = trigger(1), second = trigger(1);
  first.until_seq = 10;
  second.from_seq = 10;
  second.revision = 2;
  const Router router({first, second}, {});
  const auto candidates = router.candidates({inserted(0, 1)});
  ASSERT_EQ(candidates.size(), 1u);
  EXPECT_EQ(candidates[0].trigger->trigger.revision, 2);
}

TEST(Router, RoutingTheSameEventsAgainGivesTheSame) {
  const Router router({trigger(1, R"({"where":"total > 5"})"), trigger(2)}, {});
  std::vector<EventPtr> events;
  for (std::uint64_t seq = 1; seq <= 300; ++seq)
    events.push_back(inserted(seq, static_cast<std::int64_t>(seq % 13)));
  const auto once = fired(router, events);
  EXPECT_EQ(once, fired(router, events));
  EXPECT_THAT(once, ::testing::Not(IsEmpty()));
}

TEST(Hops, ReadFromTheMetadata) {
  Event event;
  EXPECT_EQ(hops_of(event), 0u);
  event.extra = R"("origin":"x","hops":8)";
  EXPECT_EQ(hops_of(event), 8u);
  event.extra = R"("hops": 3,"x":1)";
  EXPECT_EQ(hops_of(event), 3u);
  event.extra = R"("hops":99999999999999999999)";
  EXPECT_GE(hops_of(event), max_hops);
}

TEST(RetryOverrides, ReadsWhatIsThere) {
  const auto overrides = retry_overrides(parse_json(R"({"max_retries":2,"retry_delay_seconds":0.25})"));
  EXPECT_EQ(overrides.max_retries, 2u);
  EXPECT_EQ(overrides.retry_delay, std::chrono::milliseconds{250});
  EXPECT_FALSE(overrides.exponential_backoff);
  EXPECT_FALSE(overrides.max_delay);
}

}  // namespace
}  // namespace rowhook
