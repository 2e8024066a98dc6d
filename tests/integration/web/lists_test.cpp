// What holds for every listing, and the filters of those by event.
#include <gtest/gtest.h>

#include <set>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"
#include "web/server/routes.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

// Of routes whose answer is {"items": ...} but no page: what a script can name, findings of one moment.
bool is_page(const Route& route) {
  const std::set<std::string_view> others{"events.tail", "scripts.library", "sources.doctor"};
  return route.method == HttpMethod::get && !others.contains(route.name);
}

TEST(Lists, EveryOneTakesLimitSkipAndCursor) {
  ApiRig::Options options;
  options.with_shop = true;
  ApiRig rig(options);
  rig.make_trigger("shop", "order_placed");
  unsigned lists = 0;
  for (const auto& route : api_routes()) {
    if (!is_page(route) || route.pattern.find('{') != std::string_view::npos) continue;
    const std::string path(route.pattern);
    const HttpAnswer whole = rig.get(path);
    if (whole.status != 200 || !whole.body.starts_with("{\"items\"")) continue;
    lists += 1;
    const json body = whole.json();
    EXPECT_TRUE(body.contains("next_cursor") && body.contains("total")) << path;
    const std::size_t all = body["items"].size();
    EXPECT_EQ(rig.get(path + "?limit=1").json()["items"].size(), std::min<std::size_t>(all, 1)) << path;
    EXPECT_EQ(rig.get(path + "?skip=1000").json()["items"].size(), 0U) << path;
    EXPECT_EQ(rig.get(path + "?limit=0").status, 400) << path;
    EXPECT_EQ(rig.get(path + "?limit=1001").status, 400) << path;
    EXPECT_EQ(rig.get(path + "?limit=1000").status, 200) << path;
    EXPECT_EQ(rig.get(path + "?cursor=no~such~cursor!").status, 400) << path;
    std::size_t paged = 0;
    std::string cursor;
    do {
      const json page =
          rig.get(path + "?limit=1" + (cursor.empty() ? "" : "&cursor=" + percent_encode(cursor))).json();
      paged += page["items"].size();
      cursor = page["next_cursor"].is_null() ? "" : page["next_cursor"].get<std::string>();
    } while (!cursor.empty() && paged <= all);
    EXPECT_EQ(paged, all) << path;
  }
  EXPECT_GE(lists, 11U) << "lists are not recognised any more";
  EXPECT_EQ(rig.get("/api/v1/workflows/log-it/input-nodes?limit=1").json()["total"], 1);
}

json paid(int id, double total, const std::string& at) {
  return {{"event_type", "order_paid"},
          {"data", {{"id", id}, {"total", total}}},
          {"metadata", {{"source", "shop"}, {"timestamp", at}}}};
}

TEST(Lists, EventsOfATriggerTakeTheFiltersOfEvents) {
  ApiRig::Options options;
  options.with_shop = true;
  ApiRig rig(options);
  const auto paid_trigger = rig.make_trigger("shop", "order_paid");
  const auto inserted_trigger = rig.make_trigger("shop", "record_inserted");
  rig.post_event(paid(1, 10, "2025-01-01T00:00:00Z"));
  rig.post_event(paid(2, 20, "2025-02-01T00:00:00Z"));
  rig.post_event(paid(3, 30, "2025-03-01T00:00:00Z"));
  rig.shop().insert_order(7, "new");
  rig.shop().insert_order(8, "new");
  const std::string of_paid = "/api/v1/events/trigger/" + std::to_string(paid_trigger),
                    of_inserted = "/api/v1/events/trigger/" + std::to_string(inserted_trigger);
  const auto found = [&](const std::string& path) { return rig.get(path).json()["items"].size(); };
  ASSERT_TRUE(eventually([&] { return found(of_paid) == 3 && found(of_inserted) == 2; }));
  EXPECT_EQ(found(of_paid + "?from=2025-02-01T00:00:00Z"), 2U);
  EXPECT_EQ(found(of_paid + "?to=2025-02-01T00:00:00Z"), 1U);
  EXPECT_EQ(found(of_paid + "?from=2&to=2"), 1U) << "seqs, both inclusive";
  EXPECT_EQ(found(of_paid + "?event_type=order_paid&source=shop"), 3U);
  EXPECT_EQ(found(of_paid + "?event_type=other"), 0U);
  EXPECT_EQ(found(of_inserted + "?table=orders&record_id=7"), 1U);
  EXPECT_EQ(found(of_inserted + "?table=main.orders"), 2U);
  EXPECT_EQ(found(of_inserted + "?table=items"), 0U);
  EXPECT_EQ(rig.get(of_paid + "?form=1").status, 400);
  const json page = rig.get(of_paid + "?from=2025-02-01T00:00:00Z&limit=1").json();
  EXPECT_EQ(page["total"], 2);
  EXPECT_EQ(page["items"][0]["new_values"]["id"], 3);
  const json next = rig.get(of_paid + "?from=2025-02-01T00:00:00Z&limit=1&cursor=" +
                            percent_encode(page["next_cursor"].get<std::string>()))
                        .json();
  EXPECT_EQ(next["items"][0]["new_values"]["id"], 2);
  EXPECT_TRUE(next["next_cursor"].is_null());
}

TEST(Lists, EventsBetweenTwoSeqs) {
  ApiRig rig;
  for (int i = 1; i <= 5; ++i) rig.post_event(paid(i, i, "2025-01-01T00:00:00Z"));
  const json range = rig.get("/api/v1/events?from=2&to=4&limit=2").json();
  EXPECT_EQ(range["total"], 3);
  EXPECT_EQ(range["items"][0]["seq"], 4);
  EXPECT_EQ(range["items"][1]["seq"], 3);
  const json rest =
      rig.get("/api/v1/events?from=2&to=4&limit=2&cursor=" + range["next_cursor"].get<std::string>()).json();
  ASSERT_EQ(rest["items"].size(), 1U);
  EXPECT_EQ(rest["items"][0]["seq"], 2);
}

TEST(Lists, ExecutionsOfOneRow) {
  ApiRig::Options options;
  options.with_shop = true;
  ApiRig rig(options);
  rig.make_trigger("shop", "record_inserted");
  rig.shop().insert_order(7, "new");
  rig.shop().insert_order(8, "new");
  ASSERT_TRUE(
      eventually([&] { return rig.get("/api/v1/executions?status=completed").json()["total"] == 2; }));
  const json found = rig.get("/api/v1/executions?table=orders&record_id=8").json();
  ASSERT_EQ(found["items"].size(), 1U);
  EXPECT_EQ(found["items"][0]["key"], 8);
  EXPECT_EQ(rig.get("/api/v1/dead-letters?record_id=8").json()["total"], 0);
}

}  // namespace
}  // namespace rowhook::testing
