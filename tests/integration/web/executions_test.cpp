#include <gtest/gtest.h>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

// A trigger whose workflow posts to a port where nobody listens.
std::int64_t make_failing_trigger(ApiRig& rig, const std::string& event_type) {
  const HttpAnswer made = rig.post("/api/v1/triggers", {{"name", "dead end"},
                                                        {"source", "shop"},
                                                        {"event_type", event_type},
                                                        {"endpoint", "http://127.0.0.1:9/hook"},
                                                        {"config", {{"ordering", "none"}}}});
  EXPECT_EQ(made.status, 201) << made.body;
  return made.json()["id"];
}

json order(const std::string& type, int id) {
  return {{"event_type", type}, {"data", {{"id", id}}}, {"metadata", {{"source", "shop"}}}};
}

TEST(Executions, AreListedAndShownWithTheirSteps) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed", {{"transform", "return { order = new.id }"}});
  const json posted = rig.post_event(json::parse(
      R"({"event_type":"order_placed","data":{"id":9007199254740993},"metadata":{"source":"shop"}})"));
  ASSERT_TRUE(
      eventually([&] { return rig.get("/api/v1/executions?status=completed").json()["items"].size() == 1; }));
  const json item = rig.get("/api/v1/executions?status=completed").json()["items"][0];
  EXPECT_EQ(item["trigger_id"], id);
  EXPECT_EQ(item["event_id"], posted["event_id"]);
  EXPECT_EQ(item["source"], "shop");
  EXPECT_EQ(item["attempt"], 1);
  EXPECT_TRUE(item["error_message"].is_null());
  EXPECT_FALSE(item.contains("steps"));
  const HttpAnswer shown = rig.get("/api/v1/executions/" + item["id"].get<std::string>());
  ASSERT_EQ(shown.status, 200) << shown.body;
  const json steps = shown.json()["steps"];
  ASSERT_EQ(steps.size(), 2U) << shown.body;
  EXPECT_EQ(steps[1]["node_id"], "log");
  EXPECT_EQ(steps[1]["status"], "completed");
  EXPECT_NE(shown.body.find(R"("input":{"order":9007199254740993})"), std::string::npos) << shown.body;

  EXPECT_EQ(rig.get("/api/v1/executions?trigger_id=" + std::to_string(id)).json()["total"], 1);
  EXPECT_EQ(rig.get("/api/v1/executions?trigger_id=99").json()["total"], 0);
  EXPECT_EQ(rig.get("/api/v1/executions?workflow_id=nothing").json()["total"], 0);
  EXPECT_EQ(rig.get("/api/v1/executions?status=nonsense").status, 400);
  EXPECT_EQ(rig.get("/api/v1/executions/nothing").status, 404);
  EXPECT_EQ(rig.post("/api/v1/executions/nothing/retry", nullptr).status, 404);
  EXPECT_EQ(rig.post("/api/v1/executions/nothing/cancel", nullptr).status, 404);
}

TEST(Executions, ShowWhatTheyStartedWithWhateverTheirTriggerHasBecome) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed", {{"transform", "return { order = new.id }"}});
  rig.post_event(order("order_placed", 7));
  ASSERT_TRUE(
      eventually([&] { return rig.get("/api/v1/executions?status=completed").json()["total"] == 1; }));
  const std::string made = rig.get("/api/v1/executions").json()["items"][0]["id"];
  const std::string trigger = "/api/v1/triggers/" + std::to_string(id);
  const HttpAnswer stored = rig.get(trigger);
  json changed;
  for (const char* member : {"name", "source", "event_type", "workflow_id"})
    changed[member] = stored.json()[member];
  changed["config"] = {{"transform", "error('broken since')"}};
  const HttpAnswer saved =
      rig.ask("PUT", trigger, changed.dump(), "author", {{"If-Match", stored.header("etag")}});
  ASSERT_EQ(saved.status, 200) << saved.body;
  const json steps = rig.get("/api/v1/executions/" + made).json()["steps"];
  EXPECT_EQ(steps[0]["input"], json({{"order", 7}})) << steps.dump(1);
  EXPECT_EQ(steps[1]["input"], json({{"order", 7}}));
}

TEST(Executions, RunByHandShowWhatTheyWereGiven) {
  ApiRig rig;
  rig.make_trigger("shop", "order_placed");
  const json posted = rig.post_event(order("order_placed", 7));
  const std::string workflow = rig.get("/api/v1/workflows").json()["items"][0]["id"];
  const auto run = [&](const json& body) {
    const HttpAnswer answer = rig.post("/api/v1/workflows/" + workflow + "/run", body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return rig.get("/api/v1/executions/" + answer.json()["id"].get<std::string>())
        .json()["steps"][0]["input"];
  };
  EXPECT_EQ(run({{"item", {{"order", 8}}}}), json({{"order", 8}}));
  EXPECT_EQ(run({{"event_id", posted["event_id"]}})["event_id"], posted["event_id"]);
}

TEST(Executions, PageByCursor) {
  ApiRig rig;
  rig.make_trigger("shop", "order_placed");
  for (int i = 0; i < 5; ++i) rig.post_event(order("order_placed", i));
  ASSERT_TRUE(
      eventually([&] { return rig.get("/api/v1/executions?status=completed").json()["total"] == 5; }));
  std::set<std::string> ids;
  std::string cursor;
  int pages = 0;
  do {
    const json page =
        rig.get("/api/v1/executions?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor)).json();
    for (const auto& item : page["items"]) ids.insert(item["id"]);
    cursor = page["next_cursor"].is_null() ? "" : page["next_cursor"].get<std::string>();
    ++pages;
  } while (!cursor.empty() && pages < 10);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(ids.size(), 5U);
}

TEST(Executions, DeadLettersAreCountedRetriedAndDiscarded) {
  ApiRig rig;
  const auto id = make_failing_trigger(rig, "order_placed");
  make_failing_trigger(rig, "order_shipped");
  for (int i = 0; i < 3; ++i) rig.post_event(order("order_placed", i));
  rig.post_event(order("order_shipped", 9));
  ASSERT_TRUE(eventually([&] { return rig.get("/api/v1/dead-letters").json()["total"] == 4; }));
  const json letters = rig.get("/api/v1/dead-letters?event_type=order_placed").json();
  EXPECT_EQ(letters["total"], 3);
  EXPECT_EQ(letters["items"][0]["status"], "dead_letter");
  EXPECT_FALSE(letters["items"][0]["error_message"].get<std::string>().empty());

  const json counted =
      rig.post("/api/v1/dead-letters/discard", {{"trigger_id", id}, {"dry_run", true}}).json();
  EXPECT_EQ(counted["matched"], 3);
  EXPECT_EQ(counted["discarded"], 0);
  EXPECT_EQ(rig.get("/api/v1/dead-letters").json()["total"], 4);

  const json retried =
      rig.post("/api/v1/dead-letters/retry", {{"filter", {{"event_type", "order_shipped"}}}}, "operator")
          .json();
  EXPECT_EQ(retried["retried"], 1) << retried;
  ASSERT_TRUE(eventually(
      [&] { return rig.get("/api/v1/dead-letters?event_type=order_shipped").json()["items"].size() == 1; }));

  const std::string one = letters["items"][0]["id"];
  EXPECT_EQ(rig.post("/api/v1/dead-letters/discard", {{"ids", {one}}}).json()["discarded"], 1);
  ASSERT_TRUE(
      eventually([&] { return rig.get("/api/v1/executions/" + one).json()["status"] == "discarded"; }));
  EXPECT_EQ(rig.post("/api/v1/dead-letters/discard", {{"ids", {one}}}).status, 409);
  EXPECT_EQ(rig.post("/api/v1/dead-letters/discard", {{"ids", {"nothing"}}}).status, 404);
  EXPECT_EQ(rig.post("/api/v1/dead-letters/discard", {{"trigger_id", id}}).json()["discarded"], 2);
  EXPECT_EQ(rig.get("/api/v1/dead-letters").json()["total"], 1);
  EXPECT_EQ(rig.post("/api/v1/dead-letters/retry", {{"tabel", "x"}}).json()["errors"][0]["pointer"],
            "/tabel");
  EXPECT_EQ(rig.post("/api/v1/dead-letters/retry", {{"from", "yesterday"}}).json()["errors"][0]["pointer"],
            "/from");
}

TEST(Executions, ADeadOneIsRetriedWithAnEditedInput) {
  ApiRig rig;
  rig.make_trigger("shop", "order_placed", {{"transform", "error('not yet')"}});
  rig.post_event(order("order_placed", 1));
  ASSERT_TRUE(eventually([&] { return rig.get("/api/v1/dead-letters").json()["items"].size() == 1; }));
  const std::string id = rig.get("/api/v1/dead-letters").json()["items"][0]["id"];
  const HttpAnswer retried = rig.ask("POST", "/api/v1/executions/" + id + "/retry",
                                     R"({"input":{"n":9007199254740993}})", "operator");
  ASSERT_EQ(retried.status, 202) << retried.body;
  EXPECT_EQ(retried.json()["id"], id);
  ASSERT_TRUE(
      eventually([&] { return rig.get("/api/v1/executions/" + id).json()["status"] == "completed"; }));
  EXPECT_NE(rig.get("/api/v1/executions/" + id).body.find(R"({"n":9007199254740993})"), std::string::npos);
  EXPECT_EQ(rig.post("/api/v1/executions/" + id + "/retry", nullptr).status, 409);
}

}  // namespace
}  // namespace rowhook::testing
