// What a trigger makes of recorded events, run again.
#include <gtest/gtest.h>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

json order(int id, double total) {
  return {{"event_type", "order_placed"},
          {"data", {{"id", id}, {"total", total}}},
          {"metadata", {{"source", "shop"}}}};
}

HttpAnswer replay(ApiRig& rig, std::int64_t id, const json& body, const std::string& who = "operator") {
  return rig.post("/api/v1/triggers/" + std::to_string(id) + "/replay", body, who);
}

std::string started_at(ApiRig& rig, const std::string& id) {
  return rig.get("/api/v1/executions/" + id).json().value("started_at", json("")).dump();
}

bool completed(ApiRig& rig, const std::string& id) {
  return rig.get("/api/v1/executions/" + id).json()["status"] == "completed";
}

TEST(Replay, RunsARangeAgainUnderTheSameIds) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed", {{"where", "total > 100"}});
  for (int i = 1; i <= 4; ++i) rig.post_event(order(i, i * 60.0));  // 2, 3 and 4 fire
  const std::string first = "2-" + std::to_string(id), last = "4-" + std::to_string(id);
  ASSERT_TRUE(eventually([&] { return completed(rig, first) && completed(rig, last); }));
  const std::string before = started_at(rig, last), untouched = started_at(rig, first);
  const json counted = replay(rig, id, {{"from", 3}, {"dry_run", true}}).json();
  EXPECT_EQ(counted["matched"], 2);
  EXPECT_EQ(counted["replayed"], 0);
  const HttpAnswer answer = replay(rig, id, {{"from", 3}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["replayed"], 2);
  EXPECT_EQ(answer.json()["events"], 2);
  EXPECT_TRUE(answer.json()["next_seq"].is_null());
  ASSERT_TRUE(eventually([&] { return completed(rig, last) && started_at(rig, last) != before; }));
  EXPECT_EQ(started_at(rig, first), untouched) << "it lies before the range";
  EXPECT_EQ(rig.get("/api/v1/executions").json()["total"], 3) << "the same executions, not more of them";
  EXPECT_EQ(rig.get("/api/v1/executions/" + last).json()["attempt"], 1);
}

TEST(Replay, FiresForWhatTheTriggerOfThatTimeLetPass) {
  ApiRig rig;
  rig.post_event(order(1, 500));  // before there was a trigger
  const auto id = rig.make_trigger("shop", "order_placed", {{"filter", "new.total > 100"}});
  rig.post_event(order(2, 50));
  EXPECT_EQ(rig.get("/api/v1/executions").json()["total"], 0);
  EXPECT_EQ(replay(rig, id, {{"from", "1"}, {"to", 2}}).json()["replayed"], 1)
      << "the filter drops the other";
  ASSERT_TRUE(eventually([&] { return completed(rig, "1-" + std::to_string(id)); }));
  EXPECT_EQ(rig.get("/api/v1/executions").json()["total"], 1);
}

TEST(Replay, TakesOneEventOrATime) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed");
  const std::string event = rig.post_event(order(1, 1))["event_id"];
  rig.post_event(order(2, 2));
  const std::string one = "1-" + std::to_string(id);
  ASSERT_TRUE(eventually([&] { return completed(rig, one); }));
  const std::string before = started_at(rig, one);
  EXPECT_EQ(replay(rig, id, {{"event_id", event}}).json()["replayed"], 1);
  ASSERT_TRUE(eventually([&] { return completed(rig, one) && started_at(rig, one) != before; }));
  EXPECT_EQ(replay(rig, id, {{"from", "2020-01-01T00:00:00Z"}, {"dry_run", true}}).json()["matched"], 2);
  EXPECT_EQ(replay(rig, id, {{"from", "2120-01-01T00:00:00Z"}, {"dry_run", true}}).json()["matched"], 0);
}

TEST(Replay, LeavesAloneWhatWaitsAlready) {
  ApiRig::Options options;
  options.max_retries = 5;
  options.retry_delay = std::chrono::minutes{10};
  ApiRig rig(options);
  const auto id = rig.make_trigger("shop", "order_placed", {{"transform", "error('not yet')"}});
  rig.post_event(order(1, 1));
  ASSERT_TRUE(
      eventually([&] { return rig.get("/api/v1/executions?status=retrying").json()["items"].size() == 1; }));
  const json answer = replay(rig, id, {{"from", 1}}).json();
  EXPECT_EQ(answer["waiting"], 1) << answer;
  EXPECT_EQ(answer["replayed"], 0) << answer;
}

TEST(Replay, RefusesWhatItCannotDo) {
  ApiRig rig;
  const auto id = rig.make_trigger("shop", "order_placed");
  EXPECT_EQ(replay(rig, id, json::object()).json()["errors"][0]["pointer"], "/from")
      << "everything is not a default";
  EXPECT_EQ(replay(rig, id, {{"from", "yesterday"}}).json()["errors"][0]["pointer"], "/from");
  EXPECT_EQ(replay(rig, id, {{"form", 1}}).json()["errors"][0]["pointer"], "/form");
  EXPECT_EQ(replay(rig, id, {{"event_id", "nothing"}}).status, 404);
  EXPECT_EQ(replay(rig, 99, {{"from", 1}}).status, 404);
  EXPECT_EQ(replay(rig, id, {{"from", 1}}, "viewer").status, 403);
}

}  // namespace
}  // namespace rowhook::testing
