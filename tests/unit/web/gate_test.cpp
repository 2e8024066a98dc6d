#include "web/server/gate.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

ApiRequest request_to(std::string_view host, std::string local = "127.0.0.1") {
  ApiRequest request;
  request.method = HttpMethod::post;
  request.target = "/api/v1/triggers";
  request.local_address = std::move(local);
  if (host.data() != nullptr) request.headers.add("Host", host);
  return request;
}

template <typename Check>
int status_of(const Check& check) {
  try {
    check();
    return 200;
  } catch (const HttpError& error) {
    return error.status();
  }
}

int host_status(std::string_view host, std::string local = "127.0.0.1",
                const std::vector<std::string>& allowed = {}) {
  return status_of([&] { check_host(request_to(host, local), allowed); });
}

TEST(Gate, AnswersForItsOwnAddressesOnly) {
  EXPECT_EQ(host_status("127.0.0.1:8088"), 200);
  EXPECT_EQ(host_status("127.0.0.1"), 200);
  EXPECT_EQ(host_status("localhost:1"), 200);
  EXPECT_EQ(host_status("LOCALHOST"), 200);
  EXPECT_EQ(host_status("localhost."), 200);
  EXPECT_EQ(host_status("[::1]:8088", "::1"), 200);
  EXPECT_EQ(host_status("10.0.0.5:8088", "10.0.0.5"), 200);
  EXPECT_EQ(host_status("evil.example"), 421);
  EXPECT_EQ(host_status("evil.example:8088"), 421);
  EXPECT_EQ(host_status("127.0.0.1.evil.example"), 421);
  EXPECT_EQ(host_status("127.0.0.1@evil.example"), 421);
  EXPECT_EQ(host_status("localhost.evil.example"), 421);
  EXPECT_EQ(host_status("10.0.0.6", "10.0.0.5"), 421);
  EXPECT_EQ(host_status("localhost", "10.0.0.5"), 421) << "a page on the user's machine is not this server";
  EXPECT_EQ(host_status(""), 421);
  EXPECT_EQ(host_status("127.0.0.1:x"), 421);
  EXPECT_EQ(host_status("[::1", "::1"), 421);
}

TEST(Gate, TakesAllowedNames) {
  EXPECT_EQ(host_status("rowhook.example.org:443", "10.0.0.5", {"rowhook.example.org"}), 200);
  EXPECT_EQ(host_status("Rowhook.Example.org", "10.0.0.5", {"rowhook.example.org"}), 200);
  EXPECT_EQ(host_status("a.example.org", "10.0.0.5", {"*.example.org"}), 200);
  EXPECT_EQ(host_status("example.org", "10.0.0.5", {"*.example.org"}), 421);
  EXPECT_EQ(host_status("aexample.org", "10.0.0.5", {"*.example.org"}), 421);
}

TEST(Gate, NeedsExactlyOneHost) {
  EXPECT_EQ(host_status({}), 400);
  ApiRequest request = request_to("127.0.0.1");
  request.headers.add("Host", "evil.example");
  EXPECT_EQ(status_of([&] { check_host(request, {}); }), 400);
}

int origin_status(std::string_view origin, HttpMethod method = HttpMethod::post, std::string_view site = {}) {
  ApiRequest request = request_to("127.0.0.1:8088");
  request.method = method;
  if (origin.data() != nullptr) request.headers.add("Origin", origin);
  if (site.data() != nullptr) request.headers.add("Sec-Fetch-Site", site);
  return status_of([&] { check_origin(request); });
}

TEST(Gate, ChangesComeFromOurOwnPageOrNoPage) {
  EXPECT_EQ(origin_status({}), 200);
  EXPECT_EQ(origin_status("http://127.0.0.1:8088"), 200);
  EXPECT_EQ(origin_status("null"), 403);
  EXPECT_EQ(origin_status("http://evil.example"), 403);
  EXPECT_EQ(origin_status("http://127.0.0.1:9999"), 403);
  EXPECT_EQ(origin_status("http://localhost:8088"), 403);
  EXPECT_EQ(origin_status("file://"), 403);
  EXPECT_EQ(origin_status(""), 403);
  EXPECT_EQ(origin_status({}, HttpMethod::post, "cross-site"), 403);
  EXPECT_EQ(origin_status({}, HttpMethod::post, "same-site"), 403);
  EXPECT_EQ(origin_status("http://127.0.0.1:8088", HttpMethod::post, "same-origin"), 200);
  EXPECT_EQ(origin_status("http://evil.example", HttpMethod::get), 200)
      << "without CORS a page cannot read the answer";
}

int media_status(std::string_view type, bool cloud_events = false, bool has_body = true) {
  ApiRequest request = request_to("127.0.0.1");
  if (type.data() != nullptr) request.headers.add("Content-Type", type);
  Route route{};
  route.cloud_events = cloud_events;
  return status_of([&] { check_media_type(request, route, has_body); });
}

TEST(Gate, BodiesAreJson) {
  EXPECT_EQ(media_status("application/json"), 200);
  EXPECT_EQ(media_status("Application/JSON; charset=utf-8"), 200);
  EXPECT_EQ(media_status("text/plain"), 415);
  EXPECT_EQ(media_status("application/x-www-form-urlencoded"), 415);
  EXPECT_EQ(media_status("multipart/form-data; boundary=application/json"), 415);
  EXPECT_EQ(media_status({}), 415);
  EXPECT_EQ(media_status({}, false, false), 200);
  EXPECT_EQ(media_status("application/cloudevents+json"), 415);
  EXPECT_EQ(media_status("application/cloudevents+json", true), 200);
  EXPECT_EQ(media_status("application/cloudevents-batch+json", true), 200);
}

TEST(Gate, ReadsBearerTokens) {
  ApiRequest request = request_to("127.0.0.1");
  EXPECT_EQ(bearer_token(request), "");
  request.headers.add("Authorization", "bearer  abc");
  EXPECT_EQ(bearer_token(request), "abc");
  request.headers.replace("authorization", "Basic YWJj");
  EXPECT_EQ(status_of([&] { (void)bearer_token(request); }), 401);
  request.headers.replace("authorization", "Bearer a");
  request.headers.add("Authorization", "Bearer b");
  EXPECT_EQ(status_of([&] { (void)bearer_token(request); }), 401);
}

TEST(Gate, EveryRoleMayDoWhatThoseBeforeItMay) {
  const std::array roles{Role::nobody, Role::viewer, Role::operator_, Role::author, Role::admin};
  for (std::size_t needed = 0; needed < roles.size(); ++needed)
    for (std::size_t has = 0; has < roles.size(); ++has) {
      Route route{};
      route.role = roles[needed];
      const int status = status_of([&] { check_role({"id", "name", roles[has]}, route); });
      EXPECT_EQ(status, has >= needed ? 200 : has == 0 ? 401 : 403);
    }
  for (const auto role : {"viewer", "operator", "author", "admin"})
    EXPECT_EQ(to_string(role_from_name(role)), role);
  EXPECT_THROW(role_from_name("nobody"), InvalidInput);
}

}  // namespace
}  // namespace rowhook
