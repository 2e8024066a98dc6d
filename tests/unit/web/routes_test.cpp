#include "web/server/routes.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

namespace rowhook {
namespace {

std::string_view name_of(HttpMethod method, std::string_view path) {
  const RouteMatch match = match_route(method, path);
  return match.route ? match.route->name : std::string_view("none");
}

TEST(Routes, LiteralSegmentsWinOverParameters) {
  EXPECT_EQ(name_of(HttpMethod::get, "/api/v1/triggers"), "triggers.list");
  EXPECT_EQ(name_of(HttpMethod::get, "/api/v1/triggers/7"), "triggers.get");
  EXPECT_EQ(name_of(HttpMethod::post, "/api/v1/triggers/validate"), "triggers.validate");
  EXPECT_EQ(name_of(HttpMethod::get, "/api/v1/events/tail"), "events.tail");
  EXPECT_EQ(name_of(HttpMethod::get, "/api/v1/events/trigger/7"), "events.list_by_trigger");
  EXPECT_EQ(name_of(HttpMethod::get, "/api/v1/events/trigger"), "events.get");
  EXPECT_EQ(name_of(HttpMethod::get, "/api/v1/events/a:b:0/explain"), "events.explain");
  EXPECT_EQ(name_of(HttpMethod::head, "/livez"), "health.live");
}

TEST(Routes, ParametersAreTheRawSegments) {
  const std::string path = "/api/v1/events/main-postgres%3A0%2F1/explain";
  const RouteMatch match = match_route(HttpMethod::get, path);
  ASSERT_TRUE(match.route);
  EXPECT_EQ(match.values[0], "main-postgres%3A0%2F1");
}

TEST(Routes, WhatIsNotInTheTableDoesNotExist) {
  for (const auto* path :
       {"", "/", "/api", "/api/v1", "/api/v1/", "/api/v1/triggers/", "/api/v1/triggers//activate",
        "//api/v1/triggers", "/api/v1/triggers/7/activate/now", "/api/v1/../v1/triggers", "/API/v1/triggers",
        "*", "/etc/passwd"}) {
    const RouteMatch match = match_route(HttpMethod::get, path);
    EXPECT_FALSE(match.route) << path;
    EXPECT_EQ(match.allow, "") << path;
  }
}

TEST(Routes, AnotherMethodIsToldWhichThereAre) {
  EXPECT_EQ(match_route(HttpMethod::patch, "/api/v1/triggers/7").allow, "GET, HEAD, PUT, DELETE, OPTIONS");
  EXPECT_EQ(match_route(HttpMethod::get, "/api/v1/triggers/validate").allow, "POST, OPTIONS");
  EXPECT_EQ(match_route(HttpMethod::options, "/livez").allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(match_route(HttpMethod::other, "/api/v1/tokens").allow, "GET, HEAD, POST, OPTIONS");
}

// The table of least roles, written a second time: a route that is new, or whose role changes, has to be
// thought about here.
TEST(Routes, EveryRouteHasTheRoleItShould) {
  const std::set<std::string_view> open{"health.get", "websocket.open", "health.live", "health.ready",
                                        "session.create"};
  // Change nothing but the sender's own sign-in.
  const std::set<std::string_view> own{"session.create", "session.end"};
  const std::set<std::string_view> admins{"tokens.list", "tokens.create", "tokens.revoke",
                                          "session.create_code", "audit_log.list"};
  // Whatever takes Lua, URLs, SQL or conditions.
  const std::set<std::string_view> authors{
      "triggers.create", "triggers.validate", "triggers.save",    "triggers.delete",   "workflows.create",
      "workflows.save",  "workflows.delete",  "scripts.check",    "scripts.run",       "scripts.save",
      "scripts.delete",  "definitions.apply", "scripts.rollback", "triggers.backtest", "scripts.clear_state"};
  const std::set<std::string_view> operators{
      "triggers.activate",    "triggers.deactivate", "triggers.test",     "events.post",
      "workflows.run",        "executions.retry",    "executions.cancel", "dead_letters.retry",
      "dead_letters.discard", "sources.pause",       "sources.resume",    "sources.doctor",
      "triggers.replay"};
  for (const auto& route : api_routes()) {
    Role expected = Role::viewer;
    if (open.contains(route.name)) expected = Role::nobody;
    if (admins.contains(route.name)) expected = Role::admin;
    if (authors.contains(route.name)) expected = Role::author;
    if (operators.contains(route.name)) expected = Role::operator_;
    EXPECT_EQ(to_string(route.role), to_string(expected)) << route.name;
    if ((expected == Role::viewer || expected == Role::nobody) && !own.contains(route.name)) {
      EXPECT_EQ(route.method, HttpMethod::get) << route.name << " changes something: who may do that?";
    }
  }
}

TEST(Routes, TheTableIsSound) {
  std::set<std::pair<HttpMethod, std::string_view>> places;
  std::map<std::string_view, const Route*> names;
  for (const auto& route : api_routes()) {
    EXPECT_TRUE(places.emplace(route.method, route.pattern).second) << route.pattern;
    EXPECT_TRUE(route.handler) << route.name;
    EXPECT_FALSE(route.summary.empty()) << route.name;
    EXPECT_NE(route.name.find('.'), std::string_view::npos) << route.name;
    if (const auto [known, fresh] = names.emplace(route.name, &route); !fresh) {
      EXPECT_EQ(known->second->handler, route.handler)
          << "two routes share a name only as two paths to one thing";
    }
    if (route.reuse != Reuse::never) {
      EXPECT_EQ(route.method, HttpMethod::get) << route.name;
    }
    const RouteMatch match = match_route(route.method, route.pattern);
    ASSERT_TRUE(match.route) << route.pattern;
    EXPECT_EQ(match.route->name, route.name);
  }
}

}  // namespace
}  // namespace rowhook
