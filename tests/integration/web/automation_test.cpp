// Workflows, node types and scripts.
#include <gtest/gtest.h>

#include "tests/integration/web/api_rig.h"
#include "web/server/query.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

json workflow_body() {
  return json::parse(R"({"id":"big-orders","name":"Big orders","tags":["shop"],
    "nodes":[{"node_id":"in","node_type":"input"},{"node_id":"check","node_type":"filter","config":{"filter":"new.total > 100"}},
             {"node_id":"log","node_type":"log","config":{"message":"big"}}],
    "connections":[{"from_node_id":"in","to_node_id":"check"},{"from_node_id":"check","to_node_id":"log"}]})");
}

TEST(Workflows, AreMadeReadChangedAndDeleted) {
  ApiRig rig;
  const HttpAnswer made = rig.post("/api/v1/workflows", workflow_body(), "author");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.header("location"), "/api/v1/workflows/big-orders");
  EXPECT_EQ(rig.post("/api/v1/workflows", workflow_body()).status, 409);
  const std::string path = "/api/v1/workflows/big-orders";
  json shown = rig.get(path).json();
  EXPECT_EQ(shown["nodes"].size(), 3U);
  EXPECT_EQ(rig.get(path + "/input-nodes").json()["items"],
            json::parse(R"([{"node_id":"in","node_type":"input","name":""}])"));
  shown["description"] = "changed";
  EXPECT_EQ(rig.ask("PUT", path, shown.dump()).status, 428);
  const HttpAnswer saved =
      rig.ask("PUT", path, shown.dump(), "author", {{"If-Match", rig.get(path).header("etag")}});
  ASSERT_EQ(saved.status, 200) << saved.body;
  EXPECT_NE(saved.header("etag"), made.header("etag"));
  EXPECT_EQ(rig.ask("PUT", path, shown.dump(), "author", {{"If-Match", made.header("etag")}}).status, 412);
  EXPECT_EQ(rig.ask("PUT", "/api/v1/workflows/other", shown.dump()).json()["errors"][0]["pointer"], "/id");
  shown["id"] = "other";
  EXPECT_EQ(rig.ask("PUT", "/api/v1/workflows/other", shown.dump()).status, 201);
  EXPECT_EQ(rig.get("/api/v1/workflows").json()["total"], 2);
  EXPECT_EQ(rig.get("/api/v1/workflows?limit=1").json()["items"].size(), 1U);
  EXPECT_FALSE(rig.get("/api/v1/workflows?limit=1").json()["next_cursor"].is_null());
  EXPECT_EQ(rig.ask("DELETE", "/api/v1/workflows/other").status, 204);
  EXPECT_EQ(rig.get("/api/v1/workflows/other").status, 404);
}

TEST(Workflows, TakeTheirTriggersWithThemAndKeepTheirTargets) {
  ApiRig rig;
  rig.post("/api/v1/workflows", workflow_body());
  const HttpAnswer trigger = rig.post("/api/v1/triggers", {{"name", "targeted"},
                                                           {"source", "shop"},
                                                           {"event_type", "order_placed"},
                                                           {"workflow_id", "big-orders"},
                                                           {"target_node_id", "log"}});
  ASSERT_EQ(trigger.status, 201) << trigger.body;
  json without = workflow_body();
  without["nodes"].erase(2);
  without["connections"].erase(1);
  const HttpAnswer refused =
      rig.ask("PUT", "/api/v1/workflows/big-orders", without.dump(), "author", {{"If-Match", "*"}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body.find("targeted"), std::string::npos) << refused.body;
  EXPECT_EQ(rig.ask("DELETE", "/api/v1/workflows/big-orders").status, 204);
  EXPECT_EQ(rig.get("/api/v1/triggers").json()["total"], 0);
}

TEST(Workflows, WhatIsWrongIsNamedByItsPlace) {
  ApiRig rig;
  const auto pointer = [&](const json& body) {
    const HttpAnswer answer = rig.post("/api/v1/workflows", body);
    EXPECT_EQ(answer.status, 422) << answer.body;
    return answer.json()["errors"][0]["pointer"];
  };
  json body = workflow_body();
  body["connections"][0]["to_node_id"] = "nothing";
  EXPECT_EQ(pointer(body), "/connections/0/to_node_id");
  body = workflow_body();
  body["nodes"][1]["node_type"] = "flter";
  EXPECT_EQ(pointer(body), "/nodes/1/node_type");
  body = workflow_body();
  body["nodes"][1]["config"]["filter"] = "return (";
  EXPECT_EQ(pointer(body).get<std::string>().substr(0, 15), "/nodes/1/config");
  body = workflow_body();
  body.erase("name");
  EXPECT_EQ(pointer(body), "/name");
  EXPECT_EQ(rig.get("/api/v1/workflows").json()["total"], 0);
}

TEST(Workflows, RunNow) {
  ApiRig rig;
  rig.post("/api/v1/workflows", workflow_body());
  const auto run = [&](const std::string& body) {
    return rig.ask("POST", "/api/v1/workflows/big-orders/run", body, "operator");
  };
  const HttpAnswer big = run(
      R"({"event":{"source":"shop","event_type":"order_placed","new_values":{"total":500.10}},"dry_run":true})");
  ASSERT_EQ(big.status, 200) << big.body;
  EXPECT_EQ(big.json()["status"], "completed");
  EXPECT_EQ(big.json()["steps"].size(), 3U);
  EXPECT_NE(big.body.find("500.10"), std::string::npos);
  EXPECT_EQ(run(R"({"event":{"source":"shop","event_type":"order_placed","new_values":{"total":5}}})")
                .json()["steps"]
                .size(),
            2U);
  EXPECT_EQ(run(R"({"item":{"total":1},"target_node_id":"log"})").json()["steps"].size(), 1U);
  EXPECT_EQ(run(R"({"target_node_id":"nothing"})").status, 422);
  EXPECT_EQ(run(R"({"dryrun":true})").status, 422);
  const std::string by_hand = rig.get("/api/v1/executions?limit=1").json()["items"][0]["id"];
  EXPECT_EQ(rig.post("/api/v1/executions/" + by_hand + "/retry", nullptr).status, 409);
  EXPECT_EQ(rig.post("/api/v1/executions/" + by_hand + "/cancel", nullptr).status, 409);
  EXPECT_EQ(rig.post("/api/v1/workflows/nothing/run", nullptr).status, 404);
}

TEST(Workflows, NodeTypesComeWithTheirSchemas) {
  ApiRig rig;
  const json types = rig.get("/api/v1/node-types").json();
  EXPECT_GE(types["items"].size(), 8U);
  for (const auto& type : types["items"]) {
    EXPECT_FALSE(type["name"].get<std::string>().empty());
    EXPECT_EQ(type["config"]["type"], "object");
  }
}

TEST(Scripts, AreMadeReadChangedAndDeleted) {
  ApiRig rig;
  const std::string path = "/api/v1/scripts/paid_orders";
  const HttpAnswer made = rig.ask("PUT", path, R"({"source":"new.status == 'paid'"})", "author");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.header("etag"), "\"1\"");
  EXPECT_EQ(rig.ask("PUT", path, R"({"source":"true"})", "author", {{"If-None-Match", "*"}}).status, 412);
  const HttpAnswer shown = rig.get(path);
  EXPECT_EQ(shown.json()["source"], "new.status == 'paid'");
  EXPECT_EQ(shown.json()["updated_by"], "the author");
  EXPECT_EQ(rig.ask("PUT", path, R"({"source":"return true"})").status, 428);
  EXPECT_EQ(rig.ask("PUT", path, R"({"source":"return true"})", "author", {{"If-Match", "\"7\""}}).status,
            412);
  EXPECT_EQ(rig.ask("PUT", path, R"({"source":"return true"})", "author", {{"If-Match", "\"1\""}}).status,
            200);
  const HttpAnswer broken =
      rig.ask("PUT", path, R"({"source":"return ("})", "author", {{"If-Match", "\"2\""}});
  EXPECT_EQ(broken.status, 422);
  EXPECT_EQ(broken.json()["errors"][0]["pointer"], "/source");
  EXPECT_EQ(rig.get(path).json()["source"], "return true");
  EXPECT_EQ(rig.get("/api/v1/scripts").json()["total"], 1);
  EXPECT_EQ(rig.ask("PUT", "/api/v1/scripts/bad%20name", R"({"source":"return true"})").status, 422);
  EXPECT_EQ(rig.ask("DELETE", path).status, 204);
  EXPECT_EQ(rig.get(path).status, 404);
}

TEST(Scripts, StateOutlivesARemovalUntilItIsCleared) {
  ApiRig rig;
  const std::string path = "/api/v1/scripts/counting";
  rig.save_script("counting", "kv.set('last', new.total) return kv.add('n') > 0");
  rig.make_trigger("shop", "order_placed", {{"filter_script", "counting"}});
  EXPECT_EQ(rig.get(path + "/state").json()["keys"], 0);
  for (int i = 0; i < 3; ++i) rig.post_event(order_placed(i));
  const json kept = rig.get(path + "/state", "viewer").json();
  EXPECT_EQ(kept["state"], json::parse(R"({"last":2,"n":3})"));
  EXPECT_EQ(kept["bytes"], 7);
  ASSERT_EQ(rig.ask("DELETE", path, "", "author").status, 204);
  EXPECT_EQ(rig.get(path + "/state").json()["keys"], 2);
  rig.ask("POST", path + "/rollback", R"({"revision":1})", "author");
  rig.post_event(order_placed(3));
  EXPECT_EQ(rig.get(path + "/state").json()["state"]["n"], 4) << "it goes on where it was";

  EXPECT_EQ(rig.ask("DELETE", path + "/state", "", "operator").status, 403);
  ASSERT_EQ(rig.ask("DELETE", path + "/state", "", "author").status, 204);
  EXPECT_EQ(rig.get(path + "/state").json()["keys"], 0);
  rig.post_event(order_placed(4));
  EXPECT_EQ(rig.get(path + "/state").json()["state"]["n"], 1) << "the running engine forgot it, too";
  EXPECT_EQ(rig.get("/api/v1/scripts/never_there/state").status, 404);
}

TEST(Scripts, StateOfTriggersAndNodesGoesWithThem) {
  ApiRig rig;
  json workflow = workflow_body();
  workflow["nodes"][1] = json::parse(
      R"({"node_id":"once","node_type":"transform","config":{"transform":"return { n = kv.add('n') }"}})");
  workflow["connections"][0]["to_node_id"] = "once";
  workflow["connections"][1]["from_node_id"] = "once";
  workflow["connections"][1]["from_port"] = "output";
  ASSERT_EQ(rig.post("/api/v1/workflows", workflow).status, 201);
  const json trigger{{"name", "counting"},
                     {"source", "shop"},
                     {"event_type", "order_placed"},
                     {"workflow_id", "big-orders"},
                     {"config", {{"filter", "return kv.add('n') > 0"}}}};
  const std::string id = rig.post("/api/v1/triggers", trigger).json()["id"].dump();
  rig.post_event(order_placed(1));
  const auto state = [&](const std::string& of) {
    return rig.get("/api/v1/scripts/" + percent_encode(of) + "/state");
  };
  EXPECT_EQ(state("trigger " + id + " filter").json()["state"]["n"], 1);
  EXPECT_EQ(state("workflow big-orders node once").json()["state"]["n"], 1);
  ASSERT_EQ(rig.ask("DELETE", "/api/v1/workflows/big-orders").status, 204) << "and with it its trigger";
  EXPECT_EQ(state("workflow big-orders node once").status, 404);
  EXPECT_EQ(state("trigger " + id + " filter").status, 404);
}

TEST(Scripts, AreChecked) {
  ApiRig rig;
  EXPECT_EQ(rig.post("/api/v1/scripts/check", {{"source", "new.a == 1"}, {"kind", "filter"}}).json()["ok"],
            true);
  const json broken =
      rig.post("/api/v1/scripts/check", {{"source", "local a = 1\nreturn ("}, {"kind", "transform"}}).json();
  EXPECT_EQ(broken["ok"], false);
  EXPECT_EQ(broken["error"]["type"], "syntax");
  EXPECT_EQ(broken["error"]["line"], 2) << broken;
  EXPECT_EQ(rig.post("/api/v1/scripts/check", {{"kind", "filter"}}).status, 422);
  EXPECT_EQ(
      rig.post("/api/v1/scripts/check", {{"source", "1"}, {"kind", "sort"}}).json()["errors"][0]["pointer"],
      "/kind");
}

TEST(Scripts, RunOnAGivenOrRecordedEvent) {
  ApiRig rig;
  const auto run = [&](const std::string& body) {
    const HttpAnswer answer = rig.ask("POST", "/api/v1/scripts/run", body, "author");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer;
  };
  const HttpAnswer transformed = run(
      R"({"source":"log.info('hi') return { id = new.id }","kind":"transform","event":{"event_type":"x","new_values":{"id":9007199254740993}}})");
  EXPECT_EQ(transformed.json()["ok"], true) << transformed.body;
  EXPECT_NE(transformed.body.find(R"("result":{"id":9007199254740993})"), std::string::npos)
      << transformed.body;
  EXPECT_EQ(transformed.json()["logs"][0]["message"], "hi");
  EXPECT_TRUE(transformed.json()["time_ms"].is_number());
  EXPECT_TRUE(transformed.json()["memory_bytes"].is_number());

  const json posted = rig.post_event({{"event_type", "order_placed"}, {"data", {{"total", 5}}}});
  const json filtered =
      run(json{{"source", "new.total > 100"}, {"kind", "filter"}, {"event_id", posted["event_id"]}}.dump())
          .json();
  EXPECT_EQ(filtered["ok"], true);
  EXPECT_EQ(filtered["result"], false);

  const json failed =
      run(R"({"source":"local a\nreturn a.b","kind":"transform","event":{"event_type":"x"}})").json();
  EXPECT_EQ(failed["ok"], false);
  EXPECT_EQ(failed["error"]["type"], "runtime");
  EXPECT_EQ(failed["error"]["line"], 2);
  const json looped =
      run(R"({"source":"while true do end","kind":"transform","event":{"event_type":"x"}})").json();
  EXPECT_EQ(looped["error"]["type"], "time_limit") << looped;
  EXPECT_EQ(rig.post("/api/v1/scripts/run", {{"source", "true"}, {"kind", "filter"}}).status, 422);
  EXPECT_EQ(rig.post("/api/v1/scripts/run", {{"source", "true"}, {"kind", "filter"}, {"event_id", "nothing"}})
                .status,
            404);
}

}  // namespace
}  // namespace rowhook::testing
