// Why a trigger fired for an event, or did not: every verdict, also for revisions that are gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"
#include "web/server/query.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

json explain(ApiRig& rig, const json& posted, const std::string& query = "") {
  return rig
      .get("/api/v1/events/" + percent_encode(posted["event_id"].get<std::string>()) + "/explain" + query)
      .json();
}

json verdict(ApiRig& rig, const json& posted) { return explain(rig, posted)["verdicts"].at(0); }
std::string reason(const json& verdict) { return verdict["reason"]; }

TEST(Explain, UsesTheRevisionAndTheScriptOfThatTime) {
  ApiRig rig;
  rig.save_script("big", "return new.total > 100");
  const auto id = rig.make_trigger("shop", "order_placed", {{"filter_script", "big"}});
  const json first = rig.post_event(order_placed(150));
  rig.save_script("big", "return new.total > 1000");
  const json second = rig.post_event(order_placed(150));
  const std::string path = "/api/v1/triggers/" + std::to_string(id);
  json trigger = rig.get(path).json();
  trigger["config"] = {{"where", "total < 10"}};
  ASSERT_EQ(
      rig.ask("PUT", path, trigger.dump(), "author", {{"If-Match", rig.get(path).header("etag")}}).status,
      200);
  const json third = rig.post_event(order_placed(150));
  ASSERT_EQ(rig.ask("DELETE", path).status, 204);
  const json fourth = rig.post_event(order_placed(150));

  const json matched = explain(rig, first)["verdicts"][0];
  EXPECT_EQ(matched["verdict"], "matched");
  EXPECT_EQ(matched["trigger_revision"], 1);
  EXPECT_EQ(matched["in_force"], false);
  EXPECT_EQ(matched["execution_status"], "completed");
  EXPECT_EQ(explain(rig, second)["verdicts"][0]["predicate"], "return new.total > 1000")
      << "the text it had by then";
  EXPECT_EQ(explain(rig, third)["verdicts"][0]["predicate"], "total < 10");
  EXPECT_EQ(explain(rig, third)["verdicts"][0]["values"]["total"], 150);
  EXPECT_TRUE(explain(rig, fourth)["verdicts"].empty()) << "it was deleted by then";
  EXPECT_EQ(rig.get("/api/v1/events/" + percent_encode(fourth["event_id"].get<std::string>()) +
                    "/explain?trigger_id=" + std::to_string(id))
                .status,
            404);
}

TEST(Explain, ATriggerMadeLaterWasNotThereYet) {
  ApiRig rig;
  const json posted = rig.post_event(order_placed(150));
  const auto id = rig.make_trigger("shop", "order_placed");
  EXPECT_TRUE(explain(rig, posted)["verdicts"].empty());
  const json verdict = explain(rig, posted, "?trigger_id=" + std::to_string(id))["verdicts"][0];
  EXPECT_EQ(verdict["verdict"], "inactive");
  EXPECT_THAT(verdict["reason"].get<std::string>(), HasSubstr("made after the event"));
}

TEST(Explain, ASwitchedOffTriggerWasInactiveThen) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed");
  const std::string path = "/api/v1/triggers/" + std::to_string(id);
  rig.post(path + "/deactivate", nullptr);
  const json posted = rig.post_event(order_placed(150));
  rig.post(path + "/activate", nullptr);
  EXPECT_EQ(explain(rig, posted)["verdicts"][0]["verdict"], "inactive");
  EXPECT_EQ(explain(rig, rig.post_event(order_placed(1)))["verdicts"][0]["verdict"], "matched");
}

TEST(Explain, NamesTheNodeThatWasNotThere) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed");
  Trigger trigger = *rig.store().trigger(id);
  trigger.target_node_id = "gone";  // as another program might write it; the API refuses it
  rig.store().update_trigger(trigger, trigger.revision, rig.journal().last_seq());
  rig.ask("PUT", "/api/v1/scripts/any", R"({"source":"return true"})");  // makes the API look again
  const json verdict = explain(rig, rig.post_event(order_placed(1)))["verdicts"][0];
  EXPECT_EQ(verdict["verdict"], "no_node");
  EXPECT_THAT(verdict["reason"].get<std::string>(), HasSubstr("there is no node 'gone'"));
  EXPECT_EQ(verdict["execution_status"], "dead_letter");
}

TEST(Explain, AScriptsErrorComesWithItsLine) {
  ApiRig rig;
  rig.save_script("big", "local limit = 100\nreturn new.totl > limit");
  rig.make_trigger("shop", "order_placed", {{"filter_script", "big"}});
  const json posted = rig.post_event(order_placed(150));
  rig.save_script("big", "return true");
  const json verdict = explain(rig, posted)["verdicts"][0];
  EXPECT_EQ(verdict["verdict"], "error");
  EXPECT_EQ(verdict["line"], 2);
  EXPECT_THAT(verdict["reason"].get<std::string>(), HasSubstr("big:2:"));
}

TEST(Explain, WhatAScriptRequiresIsThatOfTheTime) {
  ApiRig rig;
  rig.save_script("limits", "return { big = require('base').big * 100 }");
  rig.save_script("base", "return { big = 1 }");
  rig.make_trigger("shop", "order_placed", {{"filter", "return new.total > require('limits').big"}});
  const json first = rig.post_event(order_placed(150));
  rig.save_script("base", "return { big = 10 }");
  const json second = rig.post_event(order_placed(150));
  ASSERT_EQ(rig.ask("DELETE", "/api/v1/scripts/base").status, 204);
  const json third = rig.post_event(order_placed(150));
  rig.save_script("base", "return { big = 1000 }");

  EXPECT_EQ(verdict(rig, first)["verdict"], "matched");
  EXPECT_EQ(verdict(rig, first)["execution_status"], "completed");
  EXPECT_EQ(verdict(rig, second)["verdict"], "filtered");
  EXPECT_TRUE(verdict(rig, second)["execution_id"].is_null());
  const json missing = verdict(rig, third);
  EXPECT_EQ(missing["verdict"], "error");
  EXPECT_THAT(reason(missing), AllOf(HasSubstr("limits:1:"), HasSubstr("'base'")));
  EXPECT_EQ(missing["execution_status"], "dead_letter");
}

TEST(Explain, WhereKvDecidedTheExecutionTellsWhatHappened) {
  ApiRig rig;
  rig.save_script("counting", "return { third = function() return kv.add('n') % 3 == 0 end }");
  rig.make_trigger("shop", "order_placed", {{"filter", "return require('counting').third()"}});
  std::vector<json> posted;
  for (int i = 0; i < 4; ++i) posted.push_back(rig.post_event(order_placed(i)));

  const json second = verdict(rig, posted[1]), third = verdict(rig, posted[2]);
  EXPECT_EQ(second["verdict"], "filtered");
  EXPECT_EQ(second["state_known"], false);
  EXPECT_THAT(reason(second), AllOf(HasSubstr("it did not fire"), HasSubstr("is not kept")));
  EXPECT_EQ(third["verdict"], "matched") << "what kv holds now would not let it pass";
  EXPECT_THAT(reason(third), AllOf(HasSubstr("it fired"), HasSubstr("the filter returned false")));
  EXPECT_EQ(third["execution_status"], "completed");
}

TEST(Explain, KvHasNoSayWhereAnotherTestDecided) {
  ApiRig rig;
  rig.make_trigger("shop", "order_placed",
                   {{"where", "total > 100"}, {"filter", "return kv.add('n') < 100"}});
  const json seen = verdict(rig, rig.post_event(order_placed(50)));
  EXPECT_EQ(seen["verdict"], "filtered");
  EXPECT_EQ(seen["state_known"], true);
  EXPECT_EQ(seen["predicate"], "total > 100");
}

TEST(Explain, MatchedSaysWhatBecameOfIt) {
  ApiRig rig;
  rig.make_trigger("shop", "order_placed", {{"where", "total > 100"}, {"filter", "new.id == 7"}});
  const json seen = verdict(rig, rig.post_event(order_placed(150)));
  EXPECT_EQ(seen["verdict"], "matched");
  EXPECT_EQ(seen["reason"], "every condition holds");
  EXPECT_TRUE(seen["predicate"].is_null());
  EXPECT_EQ(seen["execution_status"], "completed");
  EXPECT_EQ(rig.get("/api/v1/executions/" + seen["execution_id"].get<std::string>()).status, 200);
}

TEST(Explain, ThePredicateThatDecidedComesWithWhatItSaw) {
  ApiRig rig;
  rig.make_trigger("shop", "order_placed", {{"where", "id = 7 AND total > 100"}});
  const json condition = verdict(rig, rig.post_event(order_placed(50)));
  EXPECT_EQ(condition["verdict"], "filtered");
  EXPECT_EQ(condition["predicate"], "total > 100");
  EXPECT_EQ(condition["values"], json::parse(R"({"total":50})"));
  rig.make_trigger("shop", "order_gone", {{"filter", "new.total > 100"}});
  json gone = order_placed(50);
  gone["event_type"] = "order_gone";
  const json script = verdict(rig, rig.post_event(gone));
  EXPECT_EQ(script["verdict"], "filtered");
  EXPECT_EQ(script["reason"], "the filter returned false");
  EXPECT_EQ(script["predicate"], "new.total > 100");
  EXPECT_EQ(script["values"], json::parse(R"({"new.total":50})"));
}

TEST(Explain, AHeldBackEventIsThrottled) {
  ApiRig::Options options;
  options.scripts.time_limit = std::chrono::milliseconds{30};
  options.max_retries = 1000;
  ApiRig rig(options);
  rig.make_trigger("shop", "order_placed", {{"filter", "while true do end"}});
  json posted;
  for (int i = 0; i < 6; ++i) posted = rig.post("/api/v1/events", order_placed(i)).json();
  json seen;
  ASSERT_TRUE(eventually([&] { return (seen = verdict(rig, posted))["verdict"] == "throttled"; })) << seen;
  EXPECT_THAT(reason(seen), AllOf(HasSubstr("had to be stopped"), HasSubstr("one event at a time"),
                                  HasSubstr("time limit of 30 ms")));
}

TEST(Explain, AChangeThatCausedItselfIsALoop) {
  ApiRig rig;
  rig.make_trigger("shop", "order_placed");
  json event = order_placed(1);
  event["metadata"]["hops"] = 8;
  const json seen = verdict(rig, rig.post_event(event));
  EXPECT_EQ(seen["verdict"], "loop");
  EXPECT_EQ(seen["predicate"], "metadata.hops");
  EXPECT_EQ(seen["values"]["metadata.hops"], 8);
  EXPECT_EQ(seen["execution_status"], "dead_letter");
}

}  // namespace
}  // namespace rowhook::testing
