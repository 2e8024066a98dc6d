// Sources, health, metrics.
#include <gtest/gtest.h>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

ApiRig::Options with_shop() {
  ApiRig::Options options;
  options.with_shop = true;
  return options;
}

TEST(Sources, AreListedPausedAndResumed) {
  ApiRig rig(with_shop());
  const auto state = [&] { return rig.get("/api/v1/sources/shop").json()["state"].get<std::string>(); };
  ASSERT_TRUE(eventually([&] { return state() == "running"; }));
  const json list = rig.get("/api/v1/sources").json();
  EXPECT_EQ(list["total"], 1);
  for (const auto* member : {"name", "state", "reason", "remedy", "position", "lag_seconds", "lag_bytes"})
    EXPECT_TRUE(list["items"][0].contains(member)) << member;
  const HttpAnswer paused = rig.post("/api/v1/sources/shop/pause", nullptr, "operator");
  EXPECT_EQ(paused.status, 200);
  EXPECT_EQ(paused.json()["state"], "paused");
  EXPECT_EQ(state(), "paused") << "whoever asks next hears it";
  EXPECT_EQ(rig.get("/api/v1/health").json()["sources"][0]["state"], "paused");
  rig.shop().insert_order(1, "new");
  EXPECT_EQ(state(), "paused");
  EXPECT_EQ(rig.post("/api/v1/sources/shop/resume", nullptr, "operator").json()["state"], "running");
  EXPECT_TRUE(eventually([&] { return rig.get("/api/v1/events?table=orders").json()["total"] == 1; }));
  EXPECT_EQ(rig.get("/api/v1/sources/nothing").status, 404);
  const json findings = rig.ask("GET", "/api/v1/sources/shop/doctor", "", "operator").json()["items"];
  ASSERT_FALSE(findings.empty());
  for (const auto& finding : findings) {
    EXPECT_TRUE(finding["severity"] == "ok" || finding["severity"] == "warning") << finding;
    EXPECT_FALSE(finding["check"].get<std::string>().empty());
  }
  EXPECT_EQ(rig.get("/api/v1/sources/nothing/doctor").status, 404);
  EXPECT_EQ(rig.post("/api/v1/sources/nothing/pause", nullptr).status, 404);
}

TEST(Health, TellsOfEveryStreamWithoutAToken) {
  ApiRig rig(with_shop());
  ASSERT_TRUE(eventually([&] { return rig.get("/api/v1/health", "").json()["status"] == "ok"; }));
  const json health = rig.get("/health", "").json();
  EXPECT_EQ(health["version"], "test");
  EXPECT_EQ(health["sources"][0]["name"], "shop");
  EXPECT_EQ(health["store"]["status"], "ok");
  EXPECT_EQ(health["journal"]["status"], "ok");
  EXPECT_EQ(rig.get("/livez", "").status, 200);
  EXPECT_EQ(rig.get("/readyz", "").status, 200);
}

TEST(Health, IsOkWithoutSources) {
  ApiRig rig;
  EXPECT_EQ(rig.get("/api/v1/health", "").json()["status"], "ok");
  EXPECT_EQ(rig.get("/api/v1/health", "").json()["sources"], json::array());
}

TEST(MetricsRoutes, ShowHowTriggersDidLately) {
  ApiRig rig;
  EXPECT_EQ(rig.get("/api/v1/metrics/trigger-series", "viewer").json()["items"], json::array());
  const auto trigger = rig.make_trigger("shop", "order_placed");
  ASSERT_EQ(
      rig.post("/api/v1/events",
               {{"event_type", "order_placed"}, {"data", {{"id", 1}}}, {"metadata", {{"source", "shop"}}}})
          .status,
      202);
  json shown;
  ASSERT_TRUE(eventually([&] {
    shown = rig.get("/api/v1/metrics/trigger-series", "viewer").json();
    return shown["total"] == 1;
  }));
  EXPECT_EQ(shown["items"][0]["trigger_id"], trigger);
  std::uint64_t completed = 0;
  for (const auto& step : shown["items"][0]["completed"]) completed += step.get<std::uint64_t>();
  EXPECT_EQ(completed, 1U);
  EXPECT_TRUE(shown["items"][0]["last_failure"].is_null());
}

TEST(MetricsRoutes, ShowTheViewsAndTheCounters) {
  ApiRig rig;
  rig.make_trigger("shop", "order_placed");
  const json triggers = rig.get("/api/v1/metrics/triggers").json();
  ASSERT_EQ(triggers["items"].size(), 1U);
  EXPECT_EQ(triggers["items"][0]["trigger_count"], 1);
  const json targeting = rig.get("/api/v1/metrics/node-targeting").json();
  EXPECT_EQ(targeting["items"][0]["routing_type"], "auto_detected");
  for (const auto* path : {"/metrics", "/api/v1/metrics"}) {
    const HttpAnswer metrics = rig.get(path, "viewer");
    EXPECT_EQ(metrics.status, 200);
    EXPECT_TRUE(metrics.header("content-type").starts_with("text/plain"));
    EXPECT_NE(metrics.body.find("rowhook_http_requests_total{status=\"2xx\"}"), std::string::npos);
    for (const auto* who : {"viewer", "operator", "author", "admin"})
      EXPECT_EQ(metrics.body.find(rig.token(who)), std::string::npos);
  }
}

}  // namespace
}  // namespace rowhook::testing
