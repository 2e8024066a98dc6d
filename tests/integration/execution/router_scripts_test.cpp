// Matching and explaining with script hosts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scheduler_room.h"

namespace rowhook {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::SchedulerRoom;

class RouterScripts : public ::testing::Test {
 protected:
  static EventPtr inserted(std::uint64_t seq, std::int64_t id) {
    auto event = std::make_shared<Event>(testing::order_inserted(testing::orders_shape(), seq, 0, id));
    event->seq = seq;
    return event;
  }
  // An order that went from `before` to `after`; nothing is known of its old values when `before` is "".
  static EventPtr updated(const std::string& before, const std::string& after) {
    auto event = std::make_shared<Event>(testing::order_inserted(testing::orders_shape(), 9, 0, 1));
    event->seq = 9;
    event->type = event_type::updated;
    const auto row = [](const std::string& status) {
      RowWriter writer;
      writer.add(ValueKind::number, "1");
      writer.add(ValueKind::text, status);
      writer.add(ValueKind::number, "10");
      return writer.take();
    };
    event->new_row = row(after);
    if (before.empty())
      event->old_complete = false;
    else
      event->old_row = row(before);
    return event;
  }
  Verdict verdict(const std::string& config, const EventPtr& event) {
    Trigger trigger = SchedulerRoom::trigger(1, config);
    trigger.event_type = event->type;
    const auto verdicts = SchedulerRoom::router({trigger})->explain(event, engine);
    EXPECT_EQ(verdicts.size(), 1u);
    return verdicts.empty() ? Verdict{} : verdicts.front();
  }
  Metrics metrics;
  ScriptEngine engine{{}, metrics};
};

TEST_F(RouterScripts, FiltersAndTransformsOfAllEventsAndTriggers) {
  const auto router = SchedulerRoom::router(
      {SchedulerRoom::trigger(1, R"({"filter":"new.id > 2"})"),
       SchedulerRoom::trigger(2,
                              R"({"transform":"if new.id == 1 then return nil end return { n = new.id }"})"),
       SchedulerRoom::trigger(3, R"({"filter":"new.nothing"})"), SchedulerRoom::trigger(4)});
  std::vector<std::string> seen;
  for (const auto& match : router->match({inserted(1, 1), inserted(2, 3)}, engine))
    seen.push_back(std::to_string(match.event->seq) + "-" + std::to_string(match.trigger->trigger.id) + " " +
                   (match.error           ? "error"
                    : match.item->event() ? "event"
                                          : match.item->json()));
  EXPECT_THAT(seen,
              ElementsAre("1-3 error", "1-4 event", "2-1 event", R"(2-2 {"n":3})", "2-3 error", "2-4 event"));
}

TEST_F(RouterScripts, RematchAsksTheScriptsAgain) {
  const auto router = SchedulerRoom::router({SchedulerRoom::trigger(1, R"({"filter":"new.id > 2"})")});
  EXPECT_TRUE(Router::rematch(router->current(1), inserted(1, 3), engine).fires());
  EXPECT_FALSE(Router::rematch(router->current(1), inserted(1, 2), engine).fires());
}

TEST_F(RouterScripts, ExplainsWhatDecided) {
  auto seen = verdict(R"({"where":"status = 'pending'"})", inserted(1, 1));
  EXPECT_EQ(seen.kind, VerdictKind::matched);
  EXPECT_EQ(seen.predicate, "");
  seen = verdict(R"({"tables":["items","x.*"]})", inserted(1, 1));
  EXPECT_EQ(seen.kind, VerdictKind::filtered);
  EXPECT_EQ(seen.predicate, "tables: items, x.*");
  EXPECT_THAT(seen.values, ElementsAre(Pair("schema", "\"public\""), Pair("table", "\"orders\"")));
  seen = verdict(R"({"where":"status = 'paid' AND total > 0"})", inserted(1, 1));
  EXPECT_EQ(seen.kind, VerdictKind::filtered);
  EXPECT_EQ(seen.predicate, "status = 'paid'");
  EXPECT_THAT(seen.values, ElementsAre(Pair("status", "\"pending\"")));
  seen = verdict(R"({"where":"colour = 'red'"})", inserted(1, 1));
  EXPECT_THAT(seen.reason, HasSubstr("'colour'"));
  seen = verdict(R"({"filter":"new.id == 7"})", inserted(1, 1));
  EXPECT_EQ(seen.kind, VerdictKind::filtered);
  EXPECT_EQ(seen.predicate, "new.id == 7");
  seen = verdict(R"({"transform":"return nil"})", inserted(1, 1));
  EXPECT_EQ(seen.kind, VerdictKind::filtered);
  EXPECT_EQ(seen.reason, "the transform returned nil");
  seen = verdict(R"({"filter":"\nreturn new.nothing"})", inserted(1, 1));
  EXPECT_EQ(seen.kind, VerdictKind::error);
  EXPECT_EQ(seen.line, 2);
  EXPECT_EQ(seen.script_error, "runtime");
}

TEST_F(RouterScripts, ExplainsChangedColumns) {
  auto seen = verdict(R"({"changed":["status"]})", updated("paid", "sent"));
  EXPECT_EQ(seen.kind, VerdictKind::matched);
  seen = verdict(R"({"changed":["status"]})", updated("paid", "paid"));
  EXPECT_EQ(seen.kind, VerdictKind::filtered);
  EXPECT_THAT(seen.values, ElementsAre(Pair("old.status", "\"paid\""), Pair("new.status", "\"paid\"")));
  seen = verdict(R"({"changed":["status"]})", updated("", "paid"));
  EXPECT_EQ(seen.kind, VerdictKind::matched) << "unknown counts as changed";
  EXPECT_THAT(seen.reason, HasSubstr("count as changed"));
  seen = verdict(R"({"changed":["colour"]})", updated("paid", "sent"));
  EXPECT_EQ(seen.kind, VerdictKind::filtered);
  EXPECT_THAT(seen.reason, HasSubstr("no column colour"));
}

TEST_F(RouterScripts, ExplainsByTheRevisionOfTheEvent) {
  Trigger old = SchedulerRoom::trigger(1), off = SchedulerRoom::trigger(1);
  old.until_seq = 5;
  off.from_seq = 5;
  off.revision = 2;
  off.is_active = false;
  const auto router = SchedulerRoom::router({old, off});
  EXPECT_EQ(router->explain(inserted(4, 1), engine).at(0).kind, VerdictKind::matched);
  EXPECT_EQ(router->explain(inserted(5, 1), engine).at(0).kind, VerdictKind::inactive);
  EXPECT_THAT(router->match({inserted(5, 1)}, engine), IsEmpty());
}

TEST_F(RouterScripts, ExplainsALoop) {
  auto event = std::make_shared<Event>(*inserted(1, 1));
  event->extra = "\"hops\":8";
  const auto seen = verdict("{}", event);
  EXPECT_EQ(seen.kind, VerdictKind::loop);
}

TEST_F(RouterScripts, ABrokenTriggerIsAnErrorWithItsReason) {
  const auto seen = verdict(R"({"filter_script":"gone"})", inserted(1, 1));
  EXPECT_EQ(seen.kind, VerdictKind::error);
  EXPECT_THAT(seen.reason, HasSubstr("'gone'"));
}

}  // namespace
}  // namespace rowhook
