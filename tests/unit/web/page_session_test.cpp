#include "web/server/page_session.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace rowhook {
namespace {

class PageSessionsTest : public ::testing::Test {
 protected:
  testing::FakeClock clock;
  PageSessions sessions{clock, system_random()};
};

TEST_F(PageSessionsTest, ACodeSignsInOnce) {
  const std::string code = sessions.new_code();
  EXPECT_GE(code.size(), 43U);
  EXPECT_NE(code, sessions.new_code());
  const auto session = sessions.exchange(code);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->principal.role, Role::admin);
  EXPECT_FALSE(sessions.exchange(code));
  const auto found = sessions.find(session->secret);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->principal.id, session->principal.id);
  EXPECT_TRUE(found->secret.empty());
  EXPECT_FALSE(sessions.find(code));
  EXPECT_FALSE(sessions.find(""));
}

TEST_F(PageSessionsTest, CodesAndSessionsExpire) {
  const std::string late = sessions.new_code();
  clock.advance(std::chrono::microseconds(PageSessions::code_life));
  EXPECT_FALSE(sessions.exchange(late));
  const auto session = sessions.exchange(sessions.new_code());
  ASSERT_TRUE(session);
  clock.advance(std::chrono::microseconds(PageSessions::session_life - 1));
  EXPECT_TRUE(sessions.find(session->secret));
  clock.advance(std::chrono::microseconds(1));
  EXPECT_FALSE(sessions.find(session->secret));
}

TEST_F(PageSessionsTest, SigningOutEndsTheSession) {
  const auto session = sessions.exchange(sessions.new_code());
  ASSERT_TRUE(session);
  sessions.end(session->secret);
  EXPECT_FALSE(sessions.find(session->secret));
}

TEST_F(PageSessionsTest, OldCodesGiveWayToNewOnes) {
  const std::string first = sessions.new_code();
  clock.advance(std::chrono::seconds(1));
  for (int i = 0; i < 100; ++i) sessions.new_code();
  EXPECT_FALSE(sessions.exchange(first));
}

ApiRequest request_with(const std::map<std::string, std::string>& headers,
                        HttpMethod method = HttpMethod::get) {
  ApiRequest request;
  request.method = method;
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

TEST(SessionCookie, IsTheOneOfThisPort) {
  EXPECT_EQ(session_cookie(
                request_with({{"Host", "127.0.0.1:8088"}, {"Cookie", "a=b; rowhook_8088=s1; rowhook_9=s2"}})),
            "s1");
  EXPECT_EQ(session_cookie(
                request_with({{"Host", "127.0.0.1:9"}, {"Cookie", "a=b; rowhook_8088=s1; rowhook_9=s2"}})),
            "s2");
  EXPECT_EQ(session_cookie(request_with({{"Host", "127.0.0.1:7"}, {"Cookie", "xrowhook_7=s; rowhook_77=s"}})),
            "");
  EXPECT_EQ(session_cookie(request_with({{"Host", "127.0.0.1:7"}})), "");
}

TEST(SessionCookie, NoScriptAndNoOtherSiteGetsIt) {
  ApiRequest request = request_with({{"Host", "shop.example:8088"}});
  const std::string plain = set_session_cookie(request, "s", 60'000'000);
  EXPECT_EQ(plain, "rowhook_8088=s; Path=/; HttpOnly; SameSite=Strict; Max-Age=60");
  request.encrypted = true;
  EXPECT_EQ(set_session_cookie(request, "s", 60'000'000),
            "__Host-rowhook_8088=s; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure");
  EXPECT_NE(set_session_cookie(request, "", 60'000'000).find("Max-Age=0"), std::string::npos);
}

TEST(SessionCookie, ChangesMustSayWhereTheyComeFrom) {
  EXPECT_NO_THROW(check_cookie_use(request_with({})));
  EXPECT_THROW(check_cookie_use(request_with({}, HttpMethod::post)), HttpError);
  EXPECT_THROW(check_cookie_use(request_with({{"Sec-Fetch-Site", "none"}}, HttpMethod::del)), HttpError);
  EXPECT_NO_THROW(check_cookie_use(request_with({{"Sec-Fetch-Site", "same-origin"}}, HttpMethod::post)));
  EXPECT_NO_THROW(check_cookie_use(request_with({{"Origin", "http://127.0.0.1:8088"}}, HttpMethod::put)));
}

}  // namespace
}  // namespace rowhook
