#include <gtest/gtest.h>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

json pointers(const HttpAnswer& answer) {
  const json body = answer.json();
  json out = json::array();
  for (const auto& error : body["errors"]) out.push_back(error["pointer"]);
  return out;
}

TEST(Triggers, AreMadeReadChangedAndDeleted) {
  ApiRig rig;
  const std::int64_t id = rig.make_trigger("main-postgres", "record_updated",
                                           {{"tables", {"orders"}}, {"where", "status = 'paid'"}});
  const std::string path = "/api/v1/triggers/" + std::to_string(id);
  const HttpAnswer shown = rig.get(path);
  ASSERT_EQ(shown.status, 200);
  EXPECT_EQ(shown.header("etag"), "\"1\"");
  json trigger = shown.json();
  EXPECT_EQ(trigger["source"], "main-postgres");
  EXPECT_EQ(trigger["config"]["where"], "status = 'paid'");
  EXPECT_TRUE(trigger["is_active"].get<bool>());
  EXPECT_TRUE(trigger["target_node_id"].is_null());

  trigger["name"] = "changed";
  EXPECT_EQ(rig.ask("PUT", path, trigger.dump()).status, 428);
  EXPECT_EQ(rig.ask("PUT", path, trigger.dump(), "admin", {{"If-Match", "\"9\""}}).status, 412);
  const HttpAnswer saved = rig.ask("PUT", path, trigger.dump(), "admin", {{"If-Match", "\"1\""}});
  ASSERT_EQ(saved.status, 200) << saved.body;
  EXPECT_EQ(saved.header("etag"), "\"2\"");
  EXPECT_EQ(rig.get(path).json()["name"], "changed") << "a change shows at once";
  EXPECT_EQ(rig.ask("PUT", path, trigger.dump(), "admin", {{"If-Match", "\"1\""}}).status, 412);

  EXPECT_EQ(rig.post(path + "/deactivate", nullptr, "operator").json()["is_active"], false);
  EXPECT_EQ(rig.get("/api/v1/triggers?is_active=true").json()["total"], 0);
  EXPECT_EQ(rig.post(path + "/activate", nullptr, "operator").json()["is_active"], true);
  EXPECT_EQ(rig.ask("DELETE", path, "", "admin", {{"If-Match", "\"1\""}}).status, 412);
  EXPECT_EQ(rig.ask("DELETE", path).status, 204);
  EXPECT_EQ(rig.get(path).status, 404);
  EXPECT_EQ(rig.ask("DELETE", path).status, 404);
  EXPECT_EQ(rig.get("/api/v1/triggers/nonsense").status, 404);
}

TEST(Triggers, ListsAreFilteredAndPaged) {
  ApiRig rig;
  for (int i = 0; i < 5; ++i) rig.make_trigger(i % 2 == 0 ? "shop" : "blog", "record_inserted");
  EXPECT_EQ(rig.get("/api/v1/triggers?source=shop").json()["total"], 3);
  EXPECT_EQ(rig.get("/api/v1/triggers?name=LOG%20RECORD").json()["total"], 5);
  EXPECT_EQ(rig.get("/api/v1/triggers?event_type=x").json(),
            json::parse(R"({"items":[],"next_cursor":null,"total":0})"));
  json ids = json::array();
  std::string cursor;
  do {
    const json page =
        rig.get("/api/v1/triggers?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor)).json();
    EXPECT_LE(page["items"].size(), 2U);
    EXPECT_EQ(page["total"], 5);
    for (const auto& item : page["items"]) ids.push_back(item["id"]);
    cursor = page["next_cursor"].is_null() ? "" : page["next_cursor"].get<std::string>();
  } while (!cursor.empty());
  EXPECT_EQ(ids, json::parse("[5,4,3,2,1]"));
  EXPECT_EQ(rig.get("/api/v1/triggers?skip=4").json()["items"][0]["id"], 1);
  for (const auto* query : {"?limit=1001", "?limit=0", "?skip=-1", "?sourc=shop", "?is_active=perhaps",
                            "?skip=1&cursor=3", "?cursor=x", "?source=%ff"})
    EXPECT_EQ(rig.get(std::string("/api/v1/triggers") + query).status, 400) << query;
}

TEST(Triggers, WhatIsWrongIsNamedByItsPlaceAndNothingIsStored) {
  ApiRig rig;
  const std::int64_t id = rig.make_trigger("shop", "record_updated");
  const json good = rig.get("/api/v1/triggers/" + std::to_string(id)).json();
  const auto refused = [&](const std::string& patch) {
    json trigger = good;
    trigger.merge_patch(json::parse(patch));
    const HttpAnswer answer = rig.post("/api/v1/triggers", trigger);
    EXPECT_EQ(answer.status, 422) << answer.body;
    return pointers(answer);
  };
  EXPECT_EQ(refused(R"({"name":"ab"})"), json::array({"/name"}));
  EXPECT_EQ(refused(R"({"source":"Shop_1"})"), json::array({"/source"}));
  EXPECT_EQ(refused(R"({"event_type":"Record Updated"})"), json::array({"/event_type"}));
  EXPECT_EQ(refused(R"({"workflow_id":"nothing"})"), json::array({"/workflow_id"}));
  EXPECT_EQ(refused(R"({"target_node_id":"nothing"})"), json::array({"/target_node_id"}));
  EXPECT_EQ(refused(R"({"config":{"where":"status = "}})"), json::array({"/config/where"}));
  EXPECT_EQ(refused(R"({"config":{"filter":"return ("}})"), json::array({"/config/filter"}));
  EXPECT_EQ(refused(R"({"config":{"transform_script":"absent"}})"),
            json::array({"/config/transform_script"}));
  EXPECT_EQ(refused(R"({"config":{"tabels":["a"]}})"), json::array({"/config/tabels"}));
  EXPECT_EQ(refused(R"({"sourc":"x"})"), json::array({"/sourc"}));
  EXPECT_EQ(rig.get("/api/v1/triggers").json()["total"], 1);

  json wrong = good;
  wrong["config"]["where"] = "status = ";
  const HttpAnswer checked = rig.post("/api/v1/triggers/validate", wrong);
  EXPECT_EQ(checked.status, 200);
  EXPECT_EQ(checked.json()["valid"], false);
  EXPECT_EQ(checked.json()["errors"][0]["pointer"], "/config/where");
  EXPECT_EQ(rig.post("/api/v1/triggers/validate", good).json()["valid"], true);
}

TEST(Triggers, AnEndpointAloneMakesAWebhookWorkflow) {
  ApiRig rig;
  const HttpAnswer made =
      rig.post("/api/v1/triggers", {{"name", "Order paid hook"},
                                    {"source", "shop"},
                                    {"event_type", "record_updated"},
                                    {"endpoint", "http://127.0.0.1:9/hook"},
                                    {"secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const json trigger = made.json();
  EXPECT_EQ(trigger["config"]["secret"], "***");
  const std::string workflow_path = "/api/v1/workflows/" + trigger["workflow_id"].get<std::string>();
  const json workflow = rig.get(workflow_path).json();
  EXPECT_EQ(workflow["nodes"][1]["node_type"], "http_request");
  EXPECT_EQ(workflow["nodes"][1]["config"]["url"], "http://127.0.0.1:9/hook");
  EXPECT_EQ(workflow["nodes"][1]["config"]["secret"], "***");

  // Sent back as it was read, with another endpoint: the secret stays.
  json changed = trigger;
  changed["config"]["endpoint"] = "http://127.0.0.1:9/other";
  const std::string path = "/api/v1/triggers/" + std::to_string(trigger["id"].get<std::int64_t>());
  const HttpAnswer saved = rig.ask("PUT", path, changed.dump(), "admin", {{"If-Match", made.header("etag")}});
  ASSERT_EQ(saved.status, 200) << saved.body;
  EXPECT_EQ(rig.get(workflow_path).json()["nodes"][1]["config"]["url"], "http://127.0.0.1:9/other");
  EXPECT_EQ(rig.store().workflow(trigger["workflow_id"])->nodes[1].config["secret"],
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  EXPECT_EQ(rig.store().trigger(trigger["id"])->config["secret"], "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

  const HttpAnswer wrong = rig.post("/api/v1/triggers", {{"name", "Order paid hook"},
                                                         {"source", "shop"},
                                                         {"event_type", "record_updated"},
                                                         {"endpoint", "ftp://x"}});
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(pointers(wrong), json::array({"/config/endpoint"}));
  EXPECT_EQ(rig.get("/api/v1/workflows").json()["total"], 1) << "nothing is half-applied";
  EXPECT_EQ(rig.ask("DELETE", path).status, 204);
  EXPECT_EQ(rig.get("/api/v1/workflows").json()["total"], 0) << "it goes with its trigger";
}

TEST(Triggers, AreTestedWithoutEffects) {
  ApiRig rig;
  const std::int64_t id = rig.make_trigger(
      "shop", "record_updated", {{"where", "status = 'paid'"}, {"transform", "return { order = new.id }"}});
  const std::string path = "/api/v1/triggers/" + std::to_string(id);
  rig.post(path + "/deactivate", nullptr);
  const auto test = [&](const std::string& status) {
    return rig.ask("POST", path + "/test",
                   R"({"event":{"source":"shop","event_type":"record_updated","table":"orders","record_id":1,
        "old_values":{"id":9007199254740993,"status":"new"},"new_values":{"id":9007199254740993,"status":")" +
                       status + R"("}}})",
                   "operator");
  };
  const HttpAnswer matched = test("paid");
  ASSERT_EQ(matched.status, 200) << matched.body;
  EXPECT_EQ(matched.json()["verdict"], "matched");
  EXPECT_EQ(matched.json()["is_active"], false);
  EXPECT_NE(matched.body.find(R"("item":{"order":9007199254740993})"), std::string::npos) << matched.body;
  EXPECT_EQ(matched.json()["execution"]["status"], "completed");
  EXPECT_EQ(matched.json()["execution"]["steps"].size(), 2U);
  const HttpAnswer filtered = test("new");
  EXPECT_EQ(filtered.json()["verdict"], "filtered");
  EXPECT_EQ(filtered.json()["predicate"], "status = 'paid'");
  EXPECT_EQ(filtered.json()["values"]["status"], "new");
  EXPECT_TRUE(filtered.json()["execution"].is_null());
  EXPECT_EQ(rig.get("/api/v1/executions").json()["total"], 0);
  EXPECT_EQ(rig.get("/api/v1/events").json()["total"], 0);
  EXPECT_EQ(rig.post(path + "/test", {{"event_id", "nothing"}}).status, 404);
  EXPECT_EQ(rig.post(path + "/test", json::object()).status, 422);
  EXPECT_EQ(rig.post(path + "/test", {{"evnt", json::object()}}).status, 422);
}

TEST(Triggers, AGivenEventIsOneTheyAreFor) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed", {{"where", "total > 100"}});
  const auto verdict = [&](const char* event) {
    return rig
        .ask("POST", "/api/v1/triggers/" + std::to_string(id) + "/test",
             std::string(R"({"event":)") + event + "}", "operator")
        .json()["verdict"];
  };
  EXPECT_EQ(verdict(R"({"new_values":{"total":500}})"), "matched");
  EXPECT_EQ(verdict(R"({"new_values":{"total":5}})"), "filtered");
  EXPECT_EQ(verdict(R"({"source":"other","new_values":{"total":500}})"), "filtered");
}

TEST(Triggers, ConditionalGetsAndHeads) {
  ApiRig rig;
  const std::string path = "/api/v1/triggers/" + std::to_string(rig.make_trigger("shop", "record_updated"));
  const HttpAnswer same = rig.ask("GET", path, "", "viewer", {{"If-None-Match", "\"1\""}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.header("etag"), "\"1\"");
  EXPECT_EQ(rig.ask("GET", path, "", "viewer", {{"If-None-Match", "\"0\""}}).status, 200);
  const HttpAnswer head = rig.ask("HEAD", path, "", "viewer");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), std::to_string(rig.get(path).body.size()));
}

TEST(Triggers, AChangeByAnotherProgramShowsSoon) {
  ApiRig rig;
  const std::int64_t id = rig.make_trigger("shop", "record_updated");
  const std::string path = "/api/v1/triggers/" + std::to_string(id);
  EXPECT_EQ(rig.get(path).json()["revision"], 1);
  Trigger trigger = *rig.store().trigger(id);
  trigger.name = "changed elsewhere";
  rig.store().update_trigger(trigger, 0, rig.journal().last_seq());
  EXPECT_TRUE(eventually([&] { return rig.get(path).json()["name"] == "changed elsewhere"; }));
}

TEST(Triggers, AnIdempotencyKeyMakesOneOfTwo) {
  ApiRig rig;
  rig.make_trigger("shop", "record_updated");
  json trigger = rig.get("/api/v1/triggers/1").json();
  const auto post = [&](const json& body) {
    return rig.ask("POST", "/api/v1/triggers", body.dump(), "author", {{"Idempotency-Key", "k1"}});
  };
  const HttpAnswer first = post(trigger), second = post(trigger);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.header("idempotency-replayed"), "true");
  EXPECT_EQ(rig.get("/api/v1/triggers").json()["total"], 2);
  trigger["name"] = "another one";
  EXPECT_EQ(post(trigger).status, 422);
}

}  // namespace
}  // namespace rowhook::testing
