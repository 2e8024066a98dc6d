// Subscriptions: nothing is missed, filters hold, slow readers are told and dropped.
#include <gtest/gtest.h>

#include <thread>

#include "tests/integration/web/websocket_client.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

json post(ApiRig& rig, const std::string& type, int n, const std::string& source = "shop") {
  const HttpAnswer answer = rig.post(
      "/api/v1/events", {{"event_type", type}, {"data", {{"n", n}}}, {"metadata", {{"source", source}}}});
  EXPECT_EQ(answer.status, 202) << answer.body;
  return answer.json();
}

TEST(Live, EventsArriveAsTheyAreJournaled) {
  ApiRig rig;
  post(rig, "before", 0);
  WebSocketClient client(rig, "viewer");
  const json opened = client.result("subscribe", {{"topic", "events"}});
  EXPECT_EQ(opened["cursor"], "1");
  const json posted = post(rig, "ping", 1);
  const json arrived = client.notification();
  EXPECT_EQ(arrived["method"], "event");
  EXPECT_EQ(arrived["params"]["subscription"], opened["subscription"]);
  EXPECT_EQ(arrived["params"]["cursor"], std::to_string(posted["seq"].get<int>()));
  EXPECT_EQ(arrived["params"]["event"],
            rig.get("/api/v1/events/" + posted["event_id"].get<std::string>()).json());
  EXPECT_EQ(client.result("unsubscribe", {{"subscription", opened["subscription"]}})["cursor"],
            arrived["params"]["cursor"]);
  post(rig, "ping", 2);
  EXPECT_FALSE(client.has_notification());
}

TEST(Live, FiltersHoldOnTheServer) {
  ApiRig rig;
  WebSocketClient client(rig, "viewer");
  client.result("subscribe",
                {{"topic", "events"}, {"filter", {{"source", "shop"}, {"event_type", {"ping", "pong"}}}}});
  post(rig, "ping", 1, "elsewhere");
  post(rig, "other", 2);
  post(rig, "pong", 3);
  EXPECT_EQ(client.notification()["params"]["event"]["new_values"]["n"], 3);
  EXPECT_EQ(
      client.call("subscribe", {{"topic", "events"},
                                {"filter", {{"tabel", "orders"}}}})["error"]["data"]["errors"][0]["pointer"],
      "/filter/tabel");
  EXPECT_EQ(client.call("subscribe", {{"topic", "evnts"}})["error"]["data"]["errors"][0]["pointer"],
            "/topic");
  EXPECT_EQ(client.call("subscribe", {{"topic", "events"}, {"cursor", "9"}})["error"]["code"], -32602);
  EXPECT_EQ(
      client.call("subscribe",
                  {{"topic", "events"},
                   {"filter", {{"event_type", {"pong", "ping"}}, {"source", "shop"}}}})["error"]["code"],
      -32409)
      << "the same subscription again";
}

TEST(Live, AReconnectMissesNothingAndGetsNothingTwice) {
  ApiRig rig;
  std::string cursor;
  {
    WebSocketClient client(rig, "viewer");
    client.result("subscribe", {{"topic", "events"}});
    for (int i = 1; i <= 3; ++i) post(rig, "ping", i);
    for (int i = 1; i <= 2; ++i) cursor = client.notification()["params"]["cursor"];
  }
  json batch = json::array();
  for (int i = 4; i <= 1500; ++i) {
    batch.push_back({{"specversion", "1.0"},
                     {"id", std::to_string(i)},
                     {"source", "/shop"},
                     {"type", "ping"},
                     {"data", {{"n", i}}}});
    if (batch.size() < 1000 && i < 1500) continue;
    EXPECT_EQ(rig.ask("POST", "/api/v1/events", batch.dump(), "admin",
                      {{"Content-Type", "application/cloudevents-batch+json"}})
                  .status,
              202);
    batch = json::array();
  }
  WebSocketClient again(rig, "viewer");
  again.result("subscribe", {{"topic", "events"}, {"cursor", cursor}});
  post(rig, "ping", 1501);
  for (int i = 3; i <= 1501; ++i) {
    const json arrived = again.notification();
    ASSERT_EQ(arrived["params"]["event"]["new_values"]["n"], i) << arrived;
    ASSERT_EQ(arrived["params"]["cursor"], std::to_string(i));
  }
  EXPECT_FALSE(again.has_notification());
}

TEST(Live, ExecutionsArriveWithTheirSteps) {
  ApiRig rig;
  const std::int64_t trigger = rig.make_trigger("shop", "ping");
  rig.make_trigger("shop", "pong");
  WebSocketClient client(rig, "viewer");
  const json opened =
      client.result("subscribe", {{"topic", "executions"}, {"filter", {{"trigger_id", trigger}}}});
  const json first = rig.post_event({{"event_type", "ping"}, {"metadata", {{"source", "shop"}}}});
  rig.post_event({{"event_type", "pong"}, {"metadata", {{"source", "shop"}}}});
  const json arrived = client.notification()["params"];
  EXPECT_EQ(arrived["execution"]["event_id"], first["event_id"]);
  EXPECT_EQ(arrived["execution"]["status"], "completed");
  EXPECT_EQ(arrived["execution"]["steps"][1]["node_id"], "log");
  EXPECT_FALSE(arrived["execution"]["steps"][1].contains("output"));
  rig.post_event({{"event_type", "ping"}, {"metadata", {{"source", "shop"}}}});
  EXPECT_EQ(client.notification()["params"]["execution"]["trigger_id"], trigger);

  WebSocketClient again(rig, "viewer");
  again.result(
      "subscribe",
      {{"topic", "executions"}, {"filter", {{"trigger_id", trigger}}}, {"cursor", arrived["cursor"]}});
  EXPECT_NE(again.notification()["params"]["execution"]["id"], arrived["execution"]["id"])
      << "the second one";
  EXPECT_FALSE(again.has_notification());
  WebSocketClient restarted(rig, "viewer");
  EXPECT_EQ(restarted.call("subscribe", {{"topic", "executions"}, {"cursor", "abc-1"}})["error"]["code"],
            -32602);
}

TEST(Live, MetricsComeEverySecond) {
  ApiRig::Options options;
  options.with_shop = true;
  ApiRig rig(options);
  const std::int64_t trigger = rig.make_trigger("shop", "ping");
  WebSocketClient client(rig, "viewer");
  EXPECT_EQ(client.result("subscribe", {{"topic", "metrics"}})["subscription"], "metrics");
  const json first = client.notification()["params"]["metrics"];
  EXPECT_EQ(first["sources"][0]["name"], "shop");
  rig.post_event({{"event_type", "ping"}, {"metadata", {{"source", "shop"}}}});
  json busy;
  for (int i = 0; i < 10 && (busy.is_null() || busy["triggers"].empty()); ++i)
    busy = client.notification()["params"]["metrics"];
  ASSERT_FALSE(busy["triggers"].empty());
  EXPECT_EQ(busy["triggers"][0]["trigger_id"], trigger);
  EXPECT_GT(busy["executions"]["completed_per_second"].get<double>(), 0);
  EXPECT_GE(busy["last_seq"], 1);
}

TEST(Live, PeopleInOneWorkflowSeeEachOther) {
  ApiRig rig;
  WebSocketClient author(rig, "author"), viewer(rig, "viewer"), elsewhere(rig, "viewer");
  const std::string place = "workflows/order-confirmation";
  const json filter{{"place", place}};
  author.result("presence.set", {{"place", place}, {"state", {{"node", "check"}}}});
  const json opened = viewer.result("subscribe", {{"topic", "presence"}, {"filter", filter}});
  ASSERT_EQ(opened["present"].size(), 1U);
  EXPECT_EQ(opened["present"][0]["name"], "the author");
  EXPECT_EQ(opened["present"][0]["state"]["node"], "check");
  elsewhere.result("subscribe", {{"topic", "presence"}, {"filter", {{"place", "scripts/x"}}}});
  viewer.result("presence.set", {{"place", place}});
  EXPECT_EQ(viewer.notification()["params"]["present"].size(), 2U);
  {
    WebSocketClient third(rig, "admin");
    third.result("presence.set", {{"place", place}});
    EXPECT_EQ(viewer.notification()["params"]["present"].size(), 3U);
  }
  EXPECT_EQ(viewer.notification()["params"]["present"].size(), 2U)
      << "a closed connection is not there any more";
  author.result("presence.set", {{"place", ""}});
  EXPECT_EQ(viewer.notification()["params"]["present"].size(), 1U);
  EXPECT_FALSE(elsewhere.has_notification());
  EXPECT_EQ(
      viewer.call("presence.set", {{"place", place}, {"state", std::string(2000, 'a')}})["error"]["code"],
      -32602);
}

// More than the kernel's buffers and our queue take.
void post_much(ApiRig& rig, int batches) {
  const std::string text(8000, 'x');
  for (int i = 0; i < batches; ++i) {
    json batch = json::array();
    for (int j = 0; j < 100; ++j)
      batch.push_back({{"specversion", "1.0"},
                       {"id", std::to_string(i * 100 + j)},
                       {"source", "/shop"},
                       {"type", "ping"},
                       {"data", {{"text", text}}}});
    EXPECT_EQ(rig.ask("POST", "/api/v1/events", batch.dump(), "admin",
                      {{"Content-Type", "application/cloudevents-batch+json"}})
                  .status,
              202);
  }
}

TEST(Live, ASlowReaderIsToldWhatItMissedThenDropped) {
  ApiRig::Options options;
  options.server.websocket.stall_timeout = milliseconds{500};
  ApiRig rig(options);
  WebSocketClient slow(rig, "viewer", 4096), quick(rig, "viewer");
  slow.result("subscribe", {{"topic", "events"}});
  quick.result("subscribe", {{"topic", "events"}});
  std::thread reading([&] {
    for (int i = 1; i <= 3000; ++i) EXPECT_EQ(quick.notification()["params"]["cursor"], std::to_string(i));
  });
  post_much(rig, 30);
  reading.join();
  EXPECT_TRUE(eventually([&] {
    return rig.get("/metrics").body.find("rowhook_websocket_slow_readers_total 1") != std::string::npos;
  }));
  json last, missed;
  for (json next = slow.notification(); !next.is_null(); next = slow.notification()) {
    if (next["method"] == "missed") missed = next["params"];
    if (next["method"] == "event") last = next["params"];
  }
  ASSERT_FALSE(missed.is_null());
  EXPECT_EQ(missed["cursor"], last["cursor"]) << "everything before it arrived";
  EXPECT_GT(missed["missed"].get<int>(), 0) << "of what there was by then";
  WebSocketClient again(rig, "viewer");
  again.result("subscribe", {{"topic", "events"}, {"cursor", missed["cursor"]}});
  EXPECT_EQ(again.notification()["params"]["cursor"],
            std::to_string(std::stoi(last["cursor"].get<std::string>()) + 1));
}

TEST(Live, WhoReadsOnGetsEverythingHoweverFarBehind) {
  ApiRig rig;
  WebSocketClient late(rig, "viewer", 4096);
  late.result("subscribe", {{"topic", "events"}});
  post_much(rig, 30);
  for (int i = 1; i <= 3000; ++i) ASSERT_EQ(late.notification()["params"]["cursor"], std::to_string(i));
  post(rig, "ping", 1);
  EXPECT_EQ(late.notification()["params"]["cursor"], "3001") << "live again";
}

}  // namespace
}  // namespace rowhook::testing
