#include <gtest/gtest.h>

#include <future>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"
#include "web/server/query.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

TEST(Events, ArePostedAndReadBackExactly) {
  ApiRig rig;
  const HttpAnswer posted =
      rig.ask("POST", "/api/v1/events",
              R"({"event_type":"order_placed","data":{"id":9007199254740993,"total":0.1000000000000000000001},
                                        "metadata":{"source":"web-shop","user_id":"u1"}})",
              "operator");
  ASSERT_EQ(posted.status, 202) << posted.body;
  const std::string id = posted.json()["event_id"];
  EXPECT_EQ(posted.json()["seq"], 1);
  const HttpAnswer shown = rig.get("/api/v1/events/" + percent_encode(id));
  ASSERT_EQ(shown.status, 200);
  EXPECT_NE(shown.body.find(R"("new_values":{"id":9007199254740993,"total":0.1000000000000000000001})"),
            std::string::npos)
      << shown.body;
  EXPECT_EQ(shown.json()["trigger_id"], id);
  EXPECT_EQ(shown.json()["source"], "web-shop");
  EXPECT_NE(rig.get("/api/v1/events").body.find("0.1000000000000000000001"), std::string::npos);
  EXPECT_EQ(rig.get("/api/v1/events/nothing").status, 404);
}

TEST(Events, AreFilteredAndPagedNewestFirst) {
  ApiRig rig;
  for (int i = 0; i < 7; ++i)
    rig.post(
        "/api/v1/events",
        {{"event_type", i % 2 == 0 ? "even" : "odd"},
         {"data", {{"n", i}}},
         {"metadata", {{"source", "shop"}, {"timestamp", "2025-08-05T10:00:0" + std::to_string(i) + "Z"}}}});
  const json all = rig.get("/api/v1/events").json();
  EXPECT_EQ(all["total"], 7);
  EXPECT_EQ(all["items"][0]["seq"], 7);
  EXPECT_EQ(rig.get("/api/v1/events?event_type=odd").json()["total"], 3);
  EXPECT_EQ(rig.get("/api/v1/events?source=nothing").json()["items"], json::array());
  EXPECT_EQ(
      rig.get("/api/v1/events?from=2025-08-05T10:00:03Z&to=2025-08-05T10:00:05Z").json()["items"].size(), 2U);
  const json first = rig.get("/api/v1/events?limit=3").json();
  EXPECT_EQ(first["items"].size(), 3U);
  const json second =
      rig.get("/api/v1/events?limit=3&cursor=" + first["next_cursor"].get<std::string>()).json();
  EXPECT_EQ(second["items"][0]["seq"], 4);
  const json last =
      rig.get("/api/v1/events?limit=3&cursor=" + second["next_cursor"].get<std::string>()).json();
  EXPECT_EQ(last["items"].size(), 1U);
  EXPECT_TRUE(last["next_cursor"].is_null());
  EXPECT_EQ(rig.get("/api/v1/events?limit=2&skip=5").json()["items"][0]["seq"], 2);
  EXPECT_EQ(rig.get("/api/v1/events?cursor=abc").status, 400);
  EXPECT_EQ(rig.get("/api/v1/events?tabel=x").status, 400);
}

TEST(Events, CloudEventsInAllThreeModes) {
  ApiRig rig;
  const std::string event =
      R"({"specversion":"1.0","id":"1","source":"https://shop.example","type":"com.example.paid","data":{"id":1}})";
  const HttpAnswer structured = rig.ask("POST", "/api/v1/events", event, "operator",
                                        {{"Content-Type", "application/cloudevents+json"}});
  ASSERT_EQ(structured.status, 202) << structured.body;
  const HttpAnswer again = rig.ask("POST", "/api/v1/events", event, "operator",
                                   {{"Content-Type", "application/cloudevents+json"}});
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.json(), structured.json()) << "a redelivery is the same event";
  const HttpAnswer binary = rig.ask("POST", "/api/v1/events", R"({"id":2})", "operator",
                                    {{"ce-specversion", "1.0"},
                                     {"ce-id", "2"},
                                     {"ce-source", "https://shop.example"},
                                     {"ce-type", "com.example.paid"}});
  EXPECT_EQ(binary.status, 202) << binary.body;
  const HttpAnswer batch = rig.ask(
      "POST", "/api/v1/events",
      "[" + event +
          R"(,{"specversion":"1.0","id":"3","source":"https://shop.example","type":"com.example.paid"}])",
      "operator", {{"Content-Type", "application/cloudevents-batch+json"}});
  ASSERT_EQ(batch.status, 202) << batch.body;
  EXPECT_EQ(batch.json()["items"].size(), 2U);
  EXPECT_EQ(batch.json()["items"][0], structured.json());
  EXPECT_EQ(rig.get("/api/v1/events").json()["total"], 3);
  EXPECT_EQ(rig.ask("POST", "/api/v1/events", "[{}]", "operator",
                    {{"Content-Type", "application/cloudevents-batch+json"}})
                .json()["errors"][0]["pointer"],
            "/0/specversion");
  EXPECT_EQ(rig.get("/api/v1/events").json()["total"], 3) << "nothing is half-applied";
}

TEST(Events, ManyAtOnceAreAllDurableAndDistinct) {
  ApiRig rig;
  constexpr int clients = 16, each = 50;
  std::vector<std::future<std::set<int>>> all;
  for (int client = 0; client < clients; ++client)
    all.push_back(std::async(std::launch::async, [&] {
      HttpConnection connection(rig.port());
      std::set<int> seqs;
      for (int i = 0; i < each; ++i) {
        connection.send(
            rig.text("POST", "/api/v1/events", R"({"event_type":"ping","data":{"n":1}})", "operator"));
        const HttpAnswer answer = connection.read();
        EXPECT_EQ(answer.status, 202) << answer.body;
        if (answer.status == 202) seqs.insert(answer.json()["seq"].get<int>());
      }
      return seqs;
    }));
  std::set<int> seqs;
  for (auto& one : all) seqs.merge(one.get());
  EXPECT_EQ(seqs.size(), static_cast<std::size_t>(clients * each));
  EXPECT_EQ(rig.journal().last_seq(), static_cast<std::uint64_t>(clients * each));
}

TEST(Events, AreExplainedTriggerByTrigger) {
  ApiRig rig;
  const auto matching = rig.make_trigger("shop", "order_placed", {{"where", "total > 100"}});
  const auto filtering = rig.make_trigger("shop", "order_placed", {{"where", "total > 1000"}});
  const auto other = rig.make_trigger("shop", "order_shipped");
  const json posted = rig.post_event(
      {{"event_type", "order_placed"}, {"data", {{"total", 500}}}, {"metadata", {{"source", "shop"}}}});
  const std::string path =
      "/api/v1/events/" + percent_encode(posted["event_id"].get<std::string>()) + "/explain";
  const json explained = rig.get(path).json();
  EXPECT_EQ(explained["event_id"], posted["event_id"]);
  ASSERT_EQ(explained["verdicts"].size(), 2U);
  for (const auto& verdict : explained["verdicts"]) {
    if (verdict["trigger_id"] == matching) {
      EXPECT_EQ(verdict["verdict"], "matched");
      EXPECT_EQ(rig.get("/api/v1/executions/" + verdict["execution_id"].get<std::string>()).status, 200);
    } else {
      EXPECT_EQ(verdict["trigger_id"], filtering);
      EXPECT_EQ(verdict["verdict"], "filtered");
      EXPECT_EQ(verdict["predicate"], "total > 1000");
      EXPECT_EQ(verdict["values"]["total"], 500);
      EXPECT_TRUE(verdict["execution_id"].is_null());
    }
  }
  const json one = rig.get(path + "?trigger_id=" + std::to_string(other)).json();
  ASSERT_EQ(one["verdicts"].size(), 1U);
  EXPECT_EQ(one["verdicts"][0]["verdict"], "filtered");
  EXPECT_EQ(rig.get(path + "?trigger_id=99").status, 404);
  EXPECT_EQ(rig.get("/api/v1/events/nothing/explain").status, 404);
}

TEST(Events, OfATriggerAreThoseItRanFor) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed", {{"where", "total > 100"}});
  rig.post_event(
      {{"event_type", "order_placed"}, {"data", {{"total", 5}}}, {"metadata", {{"source", "shop"}}}});
  const json posted = rig.post_event(
      {{"event_type", "order_placed"}, {"data", {{"total", 500}}}, {"metadata", {{"source", "shop"}}}});
  const json list = rig.get("/api/v1/events/trigger/" + std::to_string(id)).json();
  ASSERT_EQ(list["items"].size(), 1U) << list;
  EXPECT_EQ(list["items"][0]["event_id"], posted["event_id"]);
  EXPECT_EQ(list["total"], 1);
  EXPECT_EQ(rig.get("/api/v1/events/trigger/99").status, 404);
}

TEST(Events, ATailWaitsForTheNext) {
  ApiRig rig;
  HttpConnection tail(rig.port());
  tail.send(rig.text("GET", "/api/v1/events/tail?from_seq=now&wait=20s&event_type=ping", "", "viewer"));
  rig.post("/api/v1/events", {{"event_type", "other"}});
  rig.post("/api/v1/events", {{"event_type", "ping"}});
  HttpAnswer answer = tail.read();
  ASSERT_EQ(answer.status, 200);
  if (answer.json()["items"].empty()) {  // the first event came before the tail was read
    tail.send(rig.text(
        "GET", "/api/v1/events/tail?wait=20s&event_type=ping&from_seq=" + answer.json()["next_seq"].dump(),
        "", "viewer"));
    answer = tail.read();
  }
  ASSERT_EQ(answer.json()["items"].size(), 1U) << answer.body;
  EXPECT_EQ(answer.json()["items"][0]["event_type"], "ping");
  EXPECT_EQ(answer.json()["next_seq"], 3);
  const json from = rig.get("/api/v1/events/tail?from_seq=1&limit=1").json();
  EXPECT_EQ(from["items"].size(), 1U);
  EXPECT_EQ(from["next_seq"], 2);
  EXPECT_EQ(rig.get("/api/v1/events/tail?from_seq=10").json()["items"], json::array())
      << "without `wait` it does not wait";
  EXPECT_EQ(rig.get("/api/v1/events/tail?wait=1h").status, 400);
  EXPECT_EQ(rig.get("/api/v1/events/tail?wait=soon").status, 400);
  EXPECT_EQ(rig.get("/api/v1/events/tail?from_seq=-1").status, 400);
}

TEST(Events, AnIdempotencyKeyPostsOnce) {
  ApiRig rig;
  const auto post = [&] {
    return rig.ask("POST", "/api/v1/events", R"({"event_type":"ping"})", "operator",
                   {{"Idempotency-Key", "e1"}});
  };
  const HttpAnswer first = post(), second = post();
  EXPECT_EQ(first.status, 202);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(rig.journal().last_seq(), 1U);
}

TEST(Events, ACapturedRowIsThereToo) {
  ApiRig::Options options;
  options.with_shop = true;
  ApiRig rig(options);
  rig.shop().insert_order(42, "<img src=x onerror=alert(1)>");
  ASSERT_TRUE(eventually(
      [&] { return rig.get("/api/v1/events?table=orders&record_id=42").json()["items"].size() == 1; }));
  const HttpAnswer answer = rig.get("/api/v1/events?table=orders&record_id=42");
  EXPECT_EQ(answer.json()["items"][0]["new_values"]["status"], "<img src=x onerror=alert(1)>");
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
}

}  // namespace
}  // namespace rowhook::testing
