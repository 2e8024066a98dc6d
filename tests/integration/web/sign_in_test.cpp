// The page and the way into it, over a real connection.
#include <gtest/gtest.h>

#include "tests/integration/web/api_rig.h"
#include "web/server/dispatch.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

struct Browser {
  ApiRig& rig;
  std::string cookie;

  std::map<std::string, std::string> headers() const {
    std::map<std::string, std::string> out{{"Origin", "http://127.0.0.1:" + std::to_string(rig.port())}};
    if (!cookie.empty()) out["Cookie"] = cookie;
    return out;
  }
  HttpAnswer sign_in(const json& body) {
    const HttpAnswer answer = rig.ask("POST", "/api/v1/session", body.dump(), "", headers());
    const std::string set = answer.header("set-cookie");
    if (!set.empty()) cookie = set.substr(0, set.find(';'));
    return answer;
  }
  HttpAnswer ask(const std::string& method, const std::string& path) {
    return rig.ask(method, path, "", "", headers());
  }
};

TEST(SignIn, TheCodeOfALinkBecomesASession) {
  ApiRig rig;
  Browser browser{rig, ""};
  const std::string code = rig.server().dispatch().sessions().new_code();
  EXPECT_EQ(browser.ask("GET", "/api/v1/session").status, 401);
  const HttpAnswer answer = browser.sign_in({{"code", code}});
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.body.find(browser.cookie.substr(browser.cookie.find('=') + 1)), std::string::npos);
  EXPECT_NE(answer.header("set-cookie").find("HttpOnly; SameSite=Strict"), std::string::npos);
  EXPECT_EQ(browser.ask("GET", "/api/v1/session").json()["role"], "admin");
  EXPECT_EQ(browser.ask("GET", "/api/v1/tokens").status, 200);

  Browser second{rig, ""};
  EXPECT_EQ(second.sign_in({{"code", code}}).status, 401);
  EXPECT_EQ(second.cookie, "");

  EXPECT_EQ(browser.ask("DELETE", "/api/v1/session").status, 204);
  EXPECT_EQ(browser.ask("GET", "/api/v1/session").status, 401);
}

TEST(SignIn, ATokenSignsInWithItsRole) {
  ApiRig rig;
  Browser browser{rig, ""};
  EXPECT_EQ(browser.sign_in({{"token", "rowhook_wrong"}}).status, 401);
  EXPECT_EQ(browser.sign_in({{"token", rig.token("viewer")}}).status, 201);
  const json session = browser.ask("GET", "/api/v1/session").json();
  EXPECT_EQ(session["role"], "viewer");
  EXPECT_TRUE(session["expires_at"].is_null());
  EXPECT_EQ(browser.ask("GET", "/api/v1/tokens").status, 403);
}

TEST(SignIn, ACookieAloneChangesNothing) {
  ApiRig rig;
  Browser browser{rig, ""};
  browser.sign_in({{"token", rig.token("admin")}});
  const std::map<std::string, std::string> cookie{{"Cookie", browser.cookie}};
  EXPECT_EQ(rig.ask("DELETE", "/api/v1/triggers/1", "", "", cookie).status, 403);
  auto foreign = cookie;
  foreign["Origin"] = "http://127.0.0.1:1";
  EXPECT_EQ(rig.ask("DELETE", "/api/v1/triggers/1", "", "", foreign).status, 403);
  EXPECT_EQ(browser.ask("DELETE", "/api/v1/triggers/1").status, 404);
}

TEST(SignIn, ReadsLittleOfWhoIsUnknown) {
  ApiRig rig;
  const json large{{"token", std::string(5000, 'x')}};
  EXPECT_EQ(rig.ask("POST", "/api/v1/session", large.dump(), "").status, 413);
  EXPECT_EQ(rig.ask("POST", "/api/v1/session", R"({"token": "a", "code": "b"})", "").status, 422);
  EXPECT_EQ(rig.ask("POST", "/api/v1/session", "{}", "").status, 422);
}

TEST(SignIn, AnAdminMakesALinkAndNobodyElse) {
  ApiRig rig;
  EXPECT_EQ(rig.post("/api/v1/session/codes", json::object(), "author").status, 403);
  const HttpAnswer made = rig.post("/api/v1/session/codes", json::object());
  EXPECT_EQ(made.status, 201);
  Browser browser{rig, ""};
  EXPECT_EQ(browser.sign_in({{"code", made.json()["code"]}}).status, 201);
}

TEST(Page, IsServedToAnybodyAtEveryDeepLinkButNotUnderTheApi) {
  ApiRig rig;
  for (const char* path : {"/", "/events/shop%3A1%3A0", "/workflows/a?x=1"}) {
    const HttpAnswer answer = rig.get(path, "");
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
    EXPECT_NE(answer.header("content-security-policy").find("frame-ancestors 'none'"), std::string::npos);
  }
  const HttpAnswer nothing = rig.get("/api/v1/nothing");
  EXPECT_EQ(nothing.status, 404);
  EXPECT_EQ(nothing.header("content-type"), "application/problem+json");
  EXPECT_EQ(rig.get("/api/v1/nothing", "").status, 401);
  EXPECT_EQ(rig.get("/assets/nothing.js", "").status, 404);
  EXPECT_EQ(rig.ask("GET", "/", "", "", {{"Host", "evil.example"}}).status, 421);
}

}  // namespace
}  // namespace rowhook::testing
