// What authors of scripts and triggers ask the API: versions, costs, back-tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/web/api_rig.h"
#include "web/server/query.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(ScriptVersions, SayWhoWhenAndWhatChanged) {
  ApiRig rig;
  ASSERT_EQ(rig.save_script("big", "return new.total > 100\n").status, 201);
  ASSERT_EQ(rig.save_script("big", "-- dear ones\nreturn new.total > 200\n").status, 200);
  const json list = rig.get("/api/v1/scripts/big/versions", "viewer").json();
  ASSERT_EQ(list["total"], 2);
  EXPECT_EQ(list["items"][0]["revision"], 2);
  EXPECT_EQ(list["items"][0]["in_force"], true);
  EXPECT_EQ(list["items"][0]["updated_by"], "the author");
  EXPECT_EQ(list["items"][0]["diff"],
            "@@ -1,1 +1,2 @@\n-return new.total > 100\n+-- dear ones\n+return new.total > 200\n");
  EXPECT_EQ(list["items"][1]["in_force"], false);
  EXPECT_EQ(list["items"][1]["source"], "return new.total > 100\n");
  EXPECT_EQ(rig.get("/api/v1/scripts/big/versions?limit=1&skip=1").json()["items"][0]["revision"], 1);
  EXPECT_EQ(rig.get("/api/v1/scripts/none/versions").status, 404);
}

TEST(ScriptVersions, AreBroughtBackAsNewOnes) {
  ApiRig rig;
  rig.save_script("big", "return new.total > 100");
  rig.save_script("big", "return new.total > 200");
  const std::string path = "/api/v1/scripts/big/rollback",
                    etag = rig.get("/api/v1/scripts/big").header("etag");
  const std::string first = R"({"revision":1})";
  EXPECT_EQ(rig.ask("POST", path, first, "operator", {{"If-Match", etag}}).status, 403);
  EXPECT_EQ(rig.ask("POST", path, first, "author").status, 428);
  EXPECT_EQ(rig.ask("POST", path, first, "author", {{"If-Match", "\"1\""}}).status, 412);
  EXPECT_EQ(rig.ask("POST", path, R"({"revision":9})", "author", {{"If-Match", etag}}).status, 404);
  EXPECT_EQ(rig.ask("POST", path, R"({"version":1})", "author", {{"If-Match", etag}}).status, 422);
  const HttpAnswer back = rig.ask("POST", path, first, "author", {{"If-Match", etag}});
  ASSERT_EQ(back.status, 200) << back.body;
  EXPECT_EQ(back.json()["revision"], 3);
  EXPECT_EQ(back.header("etag"), "\"3\"");
  EXPECT_EQ(rig.get("/api/v1/scripts/big").json()["source"], "return new.total > 100");
  EXPECT_EQ(rig.get("/api/v1/scripts/big/versions").json()["items"][0]["restored_from"], 1);
  ASSERT_EQ(rig.ask("DELETE", "/api/v1/scripts/big").status, 204);
  EXPECT_EQ(rig.ask("POST", path, R"({"revision":2})", "author").status, 200)
      << "a removed script comes back, too";
  EXPECT_EQ(rig.get("/api/v1/scripts/big").json()["source"], "return new.total > 200");
}

TEST(ScriptCosts, StandWithTheScriptAndInTheMetrics) {
  ApiRig rig;
  rig.save_script("big", "return new.total > 100");
  EXPECT_EQ(rig.get("/api/v1/scripts/big").json()["cost"]["calls"], 0);
  rig.make_trigger("shop", "order_placed", {{"filter_script", "big"}});
  for (int i = 0; i < 5; ++i) rig.post_event(order_placed(500));
  const json cost = rig.get("/api/v1/scripts/big?").json()["cost"];
  const std::string metrics = rig.get("/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("rowhook_script_call_seconds_count{script=\"big\"} 5"));
  EXPECT_THAT(metrics, HasSubstr("rowhook_script_call_errors_total{script=\"big\"} 0"));
  EXPECT_THAT(metrics, HasSubstr("rowhook_script_call_seconds{script=\"big\",quantile=\"0.99\"}"));
  EXPECT_EQ(cost["errors"], 0);
  EXPECT_GT(cost["memory_bytes"], 0);
}

TEST(Backtest, CountsComparesAndShows) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed", {{"where", "total > 100"}});
  for (const double total : {50.0, 150.0, 250.0, 350.0}) rig.post_event(order_placed(total));
  rig.post_event({{"event_type", "other"}});
  json trigger = rig.get("/api/v1/triggers/" + std::to_string(id)).json();
  trigger["config"] = {{"where", "total > 200"}, {"transform", "return { total = new.total }"}};
  for (const char* name : {"id", "created_at", "updated_at", "revision", "from_seq"}) trigger.erase(name);
  const HttpAnswer answer = rig.post("/api/v1/triggers/backtest", {{"trigger", trigger}}, "author");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json result = answer.json();
  EXPECT_EQ(result["events"], 5);
  EXPECT_EQ(result["of_trigger"], 4);
  EXPECT_EQ(result["candidate"], json::parse(R"({"fires":2,"fails":0})"));
  EXPECT_EQ(result["active"], json::parse(R"({"fires":3,"fails":0})"));
  EXPECT_EQ(result["active_trigger_id"], id);
  EXPECT_EQ(result["differ"], 3) << "one does not fire any more, two have another item";
  EXPECT_EQ(result["differing"][0]["active"]["verdict"], "fires");
  EXPECT_EQ(result["differing"][0]["candidate"]["verdict"], "passed_over");
  EXPECT_EQ(result["differing"][1]["candidate"]["item"]["total"], 250);
  EXPECT_TRUE(result["next_seq"].is_null());
  EXPECT_EQ(rig.get("/api/v1/executions").json()["total"], 3) << "nothing was executed";
  EXPECT_EQ(rig.post("/api/v1/triggers/backtest", {{"trigger_id", id}}, "operator").status, 403);
}

TEST(Backtest, ANewTriggerNeedsNoWorkflowYet) {
  ApiRig rig;
  rig.make_trigger("shop", "order_placed");
  for (const double total : {50.0, 150.0}) rig.post_event(order_placed(total));
  const json draft{{"name", "big ones"},
                   {"source", "shop"},
                   {"event_type", "order_placed"},
                   {"config", {{"where", "total > 100"}}}};
  const HttpAnswer answer = rig.post("/api/v1/triggers/backtest", {{"trigger", draft}}, "author");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["candidate"]["fires"], 1);
  EXPECT_EQ(rig.post("/api/v1/triggers", draft, "author").status, 422) << "to be stored it needs one";
}

TEST(Backtest, SaysHowOftenAndWhereAChangedScriptFails) {
  ApiRig rig;
  rig.save_script("big", "return new.total > 100");
  const auto id = rig.make_trigger("shop", "order_placed", {{"filter_script", "big"}});
  for (const double total : {50.0, 150.0, 250.0}) rig.post_event(order_placed(total));
  const json result =
      rig.post("/api/v1/triggers/backtest",
               {{"trigger_id", id},
                {"scripts",
                 {{"big", "if new.total > 200 then\n  return new.totl > 1\nend\nreturn new.total > 100"}}}})
          .json();
  EXPECT_EQ(result["candidate"], json::parse(R"({"fires":1,"fails":1})"));
  ASSERT_EQ(result["failures"].size(), 1U);
  EXPECT_EQ(result["failures"][0]["line"], 2);
  EXPECT_EQ(result["failures"][0]["count"], 1);
  EXPECT_THAT(result["failures"][0]["message"].get<std::string>(), HasSubstr("totl"));
  EXPECT_EQ(result["differ"], 1);
  EXPECT_EQ(rig.get("/api/v1/scripts/big").json()["source"], "return new.total > 100") << "nothing was saved";
}

TEST(Backtest, ChangedModulesTakePart) {
  ApiRig rig;
  rig.save_script("limits", "return { big = 100 }");
  const auto id = rig.make_trigger("shop", "order_placed", {{"filter", "new.total > require('limits').big"}});
  for (const double total : {50.0, 150.0, 250.0}) rig.post_event(order_placed(total));
  const json result = rig.post("/api/v1/triggers/backtest",
                               {{"trigger_id", id}, {"scripts", {{"limits", "return { big = 200 }"}}}})
                          .json();
  EXPECT_EQ(result["candidate"]["fires"], 1);
  EXPECT_EQ(result["active"]["fires"], 2) << "with the stored module";
  EXPECT_EQ(result["differ"], 1);
  EXPECT_EQ(result["state_known"], true);
}

TEST(Backtest, SaysWhereKvHasASay) {
  ApiRig rig;
  rig.save_script("counting", "return { n = kv.add('n') }");
  const auto id = rig.make_trigger("shop", "order_placed", {{"filter", "return require('counting').n > 0"}});
  rig.post_event(order_placed(50));
  EXPECT_EQ(rig.post("/api/v1/triggers/backtest", {{"trigger_id", id}}).json()["state_known"], false);
}

TEST(Backtest, TakesARangeBySeqAndByTime) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed");
  std::vector<json> posted;
  for (int i = 0; i < 6; ++i) posted.push_back(rig.post_event(order_placed(i)));
  const auto run = [&](json range) {
    range["trigger_id"] = id;
    return rig.post("/api/v1/triggers/backtest", range).json();
  };
  EXPECT_EQ(run({{"from", 3}, {"to", 5}})["events"], 3);
  EXPECT_EQ(run({{"from", "4"}})["from_seq"], 4);
  EXPECT_EQ(run({{"from", 100}})["events"], 0);
  const json third =
      rig.get("/api/v1/events/" + percent_encode(posted[2]["event_id"].get<std::string>())).json();
  EXPECT_EQ(run({{"from", third["metadata"]["captured_at"]}})["from_seq"], 3);
  EXPECT_EQ(run({{"from", "2999-01-01T00:00:00Z"}})["events"], 0);
  EXPECT_EQ(run({{"from", "1999-01-01T00:00:00Z"}})["events"], 6);
  EXPECT_EQ(rig.post("/api/v1/triggers/backtest", {{"trigger_id", id}, {"from", "soon"}})
                .json()["errors"][0]["pointer"],
            "/from");
  EXPECT_EQ(rig.post("/api/v1/triggers/backtest", json::object()).json()["errors"][0]["pointer"], "/trigger");
  EXPECT_EQ(rig.post("/api/v1/triggers/backtest", {{"trigger_id", 99}}).status, 404);
  EXPECT_EQ(run({{"samples", 2}})["fired"].size(), 2U);
}

TEST(Backtest, EndsWhenItsTimeIsUpAndSaysWhereToGoOn) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed");
  std::string batch = "[";
  for (int i = 0; i < 600; ++i)
    batch += std::string(i > 0 ? "," : "") + R"({"specversion":"1.0","id":")" + std::to_string(i) +
             R"(","source":"shop","type":"order_placed"})";
  ASSERT_EQ(rig.ask("POST", "/api/v1/events", batch + "]", "operator",
                    {{"Content-Type", "application/cloudevents-batch+json"}})
                .status,
            202);
  std::uint64_t events = 0, calls = 0;
  json from = 1;
  while (!from.is_null()) {
    const json part =
        rig.post("/api/v1/triggers/backtest", {{"trigger_id", id}, {"from", from}, {"time_limit", "0s"}})
            .json();
    events += part["events"].get<std::uint64_t>();
    from = part["next_seq"];
    ++calls;
  }
  EXPECT_EQ(events, 600U);
  EXPECT_EQ(calls, 75U) << "one batch of 8 each";
}

}  // namespace
}  // namespace rowhook::testing
