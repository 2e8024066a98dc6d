// Who may do what, and what is refused before anything is read.
#include <gtest/gtest.h>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"
#include "web/server/routes.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

void expect_problem(const HttpAnswer& answer, int status) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  const json body = answer.json();
  EXPECT_EQ(body["status"], status);
  EXPECT_TRUE(body["errors"].is_array());
  EXPECT_FALSE(body["title"].get<std::string>().empty());
  EXPECT_FALSE(body["detail"].get<std::string>().empty());
}

std::string path_of(const Route& route) {
  std::string path(route.pattern);
  for (auto brace = path.find('{'); brace != std::string::npos; brace = path.find('{'))
    path.replace(brace, path.find('}') - brace + 1, "7");
  return path;
}

TEST(Access, EveryRouteIsClosedToWhoMayNotCallIt) {
  ApiRig rig;
  const std::vector<std::string> roles{"", "viewer", "operator", "author"};
  for (const auto& route : api_routes()) {
    const std::string path = path_of(route), method(to_string(route.method));
    if (route.name == "session.create") continue;  // sign_in_test.cpp
    if (route.role == Role::nobody) {
      EXPECT_EQ(rig.ask(method, path, "", "").status, route.upgrade ? 426 : 200) << path;
      continue;
    }
    for (const auto& role : roles) {
      const Role has = role.empty() ? Role::nobody : role_from_name(role);
      if (has >= route.role) continue;
      const HttpAnswer answer = rig.ask(method, path, "", role);
      expect_problem(answer, role.empty() ? 401 : 403);
      if (role.empty()) {
        EXPECT_NE(answer.header("www-authenticate").find("Bearer"), std::string::npos);
      }
    }
  }
}

TEST(Access, UnknownPathsAndTokensAreDenied) {
  ApiRig rig;
  expect_problem(rig.get("/api/v1/nothing", ""), 401);
  expect_problem(rig.get("/api/v1/nothing"), 404);
  expect_problem(rig.ask("GET", "/api/v1/triggers", "", "", {{"Authorization", "Bearer rowhook_wrong"}}),
                 401);
  expect_problem(rig.ask("GET", "/api/v1/triggers", "", "", {{"Authorization", "Basic YTpi"}}), 401);
  expect_problem(rig.ask("GET", "/api/v1/triggers", "", "", {{"Authorization", "Bearer "}}), 401);
}

TEST(Access, ATokenInAnUrlIsRefused) {
  ApiRig rig;
  const std::string secret = rig.token("admin");
  for (const auto* name : {"token", "access_token"}) {
    const std::string path = std::string("/api/v1/triggers?") + name + "=" + secret;
    expect_problem(rig.get(path, ""), 401);
    const HttpAnswer answer = rig.get(path);
    expect_problem(answer, 400);
    EXPECT_EQ(answer.body.find(secret), std::string::npos);
  }
}

TEST(Access, OtherMethodsAreToldWhichThereAre) {
  ApiRig rig;
  const HttpAnswer answer = rig.ask("PATCH", "/api/v1/triggers/7");
  expect_problem(answer, 405);
  EXPECT_EQ(answer.header("allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
  expect_problem(rig.ask("OPTIONS", "/api/v1/triggers", "", "", {{"Origin", "http://evil.example"}}), 401);
  const HttpAnswer preflight = rig.ask("OPTIONS", "/api/v1/triggers");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.header("access-control-allow-origin"), "");
  expect_problem(rig.ask("BREW", "/api/v1/triggers"), 405);
}

TEST(Access, ForeignHostsAndOriginsAreRefused) {
  ApiRig::Options options;
  options.server.allowed_hosts = {"rowhook.example.org"};
  ApiRig rig(options);
  expect_problem(rig.ask("GET", "/api/v1/triggers", "", "admin", {{"Host", "evil.example"}}), 421);
  expect_problem(rig.ask("GET", "/api/v1/health", "", "", {{"Host", "evil.example"}}), 421);
  EXPECT_EQ(rig.ask("GET", "/livez", "", "", {{"Host", "10.1.2.3:8088"}}).status, 200)
      << "probes ask by any address";
  EXPECT_EQ(rig.ask("GET", "/api/v1/triggers", "", "admin", {{"Host", "rowhook.example.org"}}).status, 200);
  EXPECT_EQ(
      rig.ask("GET", "/api/v1/triggers", "", "admin", {{"Host", "localhost:" + std::to_string(rig.port())}})
          .status,
      200);
  expect_problem(rig.ask("GET", "http://evil.example/api/v1/triggers"), 421);

  const std::string body = R"({"event_type":"ping"})", own = "http://127.0.0.1:" + std::to_string(rig.port());
  for (const auto& origin : {"http://evil.example", "null", "https://127.0.0.1"})
    expect_problem(rig.ask("POST", "/api/v1/events", body, "admin", {{"Origin", origin}}), 403);
  expect_problem(rig.ask("POST", "/api/v1/events", body, "admin", {{"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(rig.ask("POST", "/api/v1/events", body, "admin", {{"Origin", own}}).status, 202);
}

TEST(Access, NoMutationComesFromAnotherSiteOrWithoutJson) {
  ApiRig rig;
  for (const auto& route : api_routes()) {
    if (route.method == HttpMethod::get) continue;
    const std::string path = path_of(route), method(to_string(route.method));
    for (const auto* origin : {"http://evil.example", "null"})
      expect_problem(rig.ask(method, path, "{}", "admin", {{"Origin", origin}}), 403);
    expect_problem(rig.ask(method, path, "{}", "admin", {{"Content-Type", "text/plain"}}), 415);
  }
  EXPECT_EQ(rig.get("/api/v1/events").json()["total"], 0) << "nothing of that was done";
}

TEST(Access, NoAnswerInvitesOtherSites) {
  ApiRig rig;
  for (const auto& route : api_routes()) {
    const std::string path = path_of(route), method(to_string(route.method));
    for (const auto& asked : {method, std::string("OPTIONS")})
      for (const auto& [field, value] :
           rig.ask(asked, path, "", "admin", {{"Origin", "http://evil.example"}}).headers)
        EXPECT_FALSE(field.starts_with("access-control-")) << asked << " " << path << ": " << field;
  }
}

TEST(Access, JsonIsAtMost64LevelsDeep) {
  ApiRig rig;
  const auto post = [&](int levels) {
    const std::string data = std::string(static_cast<std::size_t>(levels), '[') +
                             std::string(static_cast<std::size_t>(levels), ']');
    return rig.ask("POST", "/api/v1/events", R"({"event_type":"ping","data":)" + data + "}").status;
  };
  EXPECT_EQ(post(63), 202) << "with the object around it";
  EXPECT_EQ(post(64), 400);
  EXPECT_EQ(post(100'000), 400);
}

TEST(Access, BodiesMustBeJson) {
  ApiRig rig;
  const std::string body = R"({"event_type":"ping"})";
  for (const auto* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"})
    expect_problem(rig.ask("POST", "/api/v1/events", body, "admin", {{"Content-Type", type}}), 415);
  expect_problem(rig.ask("POST", "/api/v1/triggers", "{", "admin"), 400);
  expect_problem(rig.ask("POST", "/api/v1/triggers", std::string(100, '[') + std::string(100, ']'), "admin"),
                 400);
  expect_problem(
      rig.ask("POST", "/api/v1/scripts/run", std::string(100, '[') + std::string(100, ']'), "admin"), 400);
  expect_problem(rig.ask("POST", "/api/v1/triggers", "", "admin"), 400);
}

TEST(Access, NothingOfTheBodyIsReadBeforeAuthentication) {
  ApiRig rig;
  HttpConnection connection(rig.port());
  connection.send(
      "POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
      "8000000\r\n\r\n");
  const HttpAnswer answer = connection.read();
  expect_problem(answer, 401);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(connection.closed_within(std::chrono::seconds{10}));

  HttpConnection expecting(rig.port());
  expecting.send(
      "POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
      "8000000\r\n"
      "Expect: 100-continue\r\n\r\n");
  expect_problem(expecting.read(), 401);
}

TEST(Access, TokensAreMadeShownOnceAndRevoked) {
  ApiRig rig;
  const HttpAnswer made = rig.post("/api/v1/tokens", {{"name", "ci"}, {"role", "viewer"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string secret = made.json()["token"], id = made.json()["id"];
  const auto with_secret = [&](const std::string& path) {
    return rig.ask("GET", path, "", "", {{"Authorization", "Bearer " + secret}}).status;
  };
  EXPECT_EQ(with_secret("/api/v1/triggers"), 200);
  EXPECT_EQ(with_secret("/api/v1/tokens"), 403);
  const HttpAnswer list = rig.get("/api/v1/tokens");
  EXPECT_EQ(list.json()["total"], 5);
  EXPECT_EQ(list.body.find(secret), std::string::npos);
  EXPECT_EQ(list.body.find("hash"), std::string::npos);
  EXPECT_EQ(rig.ask("DELETE", "/api/v1/tokens/" + id).status, 204);
  EXPECT_EQ(with_secret("/api/v1/triggers"), 401);
  expect_problem(rig.ask("DELETE", "/api/v1/tokens/" + id), 404);
  expect_problem(rig.ask("DELETE", "/api/v1/tokens/token-admin"), 409);
  expect_problem(rig.post("/api/v1/tokens", {{"name", "x"}, {"role", "root"}}), 422);
  expect_problem(rig.post("/api/v1/tokens", {{"name", ""}, {"role", "viewer"}}), 422);

  const std::map<std::string, std::string> key{{"Idempotency-Key", "t1"}};
  const std::string body = R"({"name":"x","role":"viewer"})";
  EXPECT_EQ(rig.ask("POST", "/api/v1/tokens", body, "admin", key).status, 201);
  const HttpAnswer again = rig.ask("POST", "/api/v1/tokens", body, "admin", key);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.body.find("rowhook_"), std::string::npos);
}

TEST(Access, ATokenRevokedByAnotherProgramIsRefusedSoon) {
  ApiRig rig;
  EXPECT_EQ(rig.get("/api/v1/triggers", "viewer").status, 200);
  ASSERT_TRUE(rig.store().revoke_token("token-viewer"));
  EXPECT_TRUE(eventually([&] { return rig.get("/api/v1/triggers", "viewer").status == 401; }));
}

}  // namespace
}  // namespace rowhook::testing
