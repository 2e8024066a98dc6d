// Slow, large and many: bounded, and others are served.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Limits, LargeHeadsAndBodies) {
  ApiRig rig;
  const HttpAnswer head = rig.ask("GET", "/livez", "", "", {{"X-Large", std::string(20'000, 'a')}});
  EXPECT_EQ(head.status, 431);
  EXPECT_EQ(head.header("content-type"), "application/problem+json");
  HttpConnection declared(rig.port());
  declared.send("POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " +
                rig.token("admin") + "\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n");
  EXPECT_EQ(declared.read().status, 413) << "before any of it is read";
  HttpConnection chunked(rig.port());
  chunked.send("POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " +
               rig.token("admin") +
               "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 150; ++i) chunked.send("10000\r\n" + std::string(0x10000, ' ') + "\r\n");
  EXPECT_EQ(chunked.read().status, 413);
  const std::string large = R"({"event_type":"ping","data":{"text":")" + std::string(4 << 20, 'a') + R"("}})";
  EXPECT_EQ(rig.ask("POST", "/api/v1/events", large).status, 202) << "within the limit";
}

TEST(Limits, BodiesAreBoundedTogether) {
  ApiRig::Options options;
  options.server.max_body_bytes_at_once = 100'000;
  ApiRig rig(options);
  const std::string body = R"({"event_type":"ping","data":{"text":")" + std::string(80'000, 'a') + R"("}})";
  const std::string request = rig.text("POST", "/api/v1/events", body);
  HttpConnection first(rig.port());
  first.send(request.substr(0, request.size() - 10));
  HttpAnswer second;
  EXPECT_TRUE(eventually([&] {  // until the server has read the first
    second = rig.ask("POST", "/api/v1/events", body);
    return second.status == 503;
  }));
  EXPECT_EQ(second.header("retry-after"), "1");
  first.send(request.substr(request.size() - 10));
  EXPECT_EQ(first.read().status, 202);
  EXPECT_EQ(rig.ask("POST", "/api/v1/events", body).status, 202);
}

TEST(Limits, SlowHeadsAndBodiesEndWhileOthersAreServed) {
  ApiRig::Options options;
  options.server.head_timeout = milliseconds{300};
  options.server.body_timeout = milliseconds{300};
  ApiRig rig(options);
  HttpConnection silent(rig.port()), slow_head(rig.port()), slow_body(rig.port());
  slow_head.send("GET /livez HTTP/1.1\r\nHost: 127");
  const std::string post = rig.text("POST", "/api/v1/events", R"({"event_type":"ping"})");
  slow_body.send(post.substr(0, post.size() - 5));
  EXPECT_EQ(rig.get("/livez", "").status, 200);
  EXPECT_EQ(slow_head.read().status, 408);
  EXPECT_EQ(slow_body.read().status, 408);
  EXPECT_TRUE(slow_head.closed_within(seconds{10}));
  EXPECT_TRUE(slow_body.closed_within(seconds{10}));
  EXPECT_TRUE(silent.closed_within(seconds{10}));
}

TEST(Limits, ADrippingHeadEndsToo) {
  ApiRig::Options options;
  options.server.head_timeout = milliseconds{300};
  ApiRig rig(options);
  HttpConnection dripping(rig.port());
  const std::string head = "GET /livez HTTP/1.1\r\nX: " + std::string(10'000, 'a');
  std::size_t sent = 0;
  EXPECT_TRUE(eventually([&] {
    dripping.send(head.substr(sent++ % head.size(), 1));
    return dripping.closed_within(milliseconds{5});
  }));
}

TEST(Limits, IdleConnectionsEnd) {
  ApiRig::Options options;
  options.server.idle_timeout = milliseconds{300};
  ApiRig rig(options);
  HttpConnection connection(rig.port());
  connection.send(rig.text("GET", "/livez", "", ""));
  EXPECT_EQ(connection.read().status, 200);
  EXPECT_TRUE(connection.closed_within(seconds{10}));
}

TEST(Limits, TheOldestIdleConnectionMakesRoom) {
  ApiRig::Options options;
  options.server.max_connections = 20;
  ApiRig rig(options);
  HttpConnection known(rig.port());
  known.send(rig.text("GET", "/api/v1/triggers"));
  EXPECT_EQ(known.read().status, 200);
  std::vector<std::unique_ptr<HttpConnection>> crowd;
  for (int i = 0; i < 200; ++i) {
    crowd.push_back(std::make_unique<HttpConnection>(rig.port()));
    if (i % 50 == 0) {
      EXPECT_EQ(rig.get("/livez", "").status, 200) << "others are served";
    }
  }
  EXPECT_TRUE(crowd.front()->closed_within(seconds{10}));
  known.send(rig.text("GET", "/api/v1/triggers"));
  EXPECT_EQ(known.read().status, 200) << "who showed a token stays longest";
}

TEST(Limits, TenThousandIdleConnectionsLeaveRoomForOthers) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur < 16'000) GTEST_SKIP() << "this process may not open so many";
  ApiRig rig;
  std::vector<std::unique_ptr<HttpConnection>> idle;
  for (int i = 0; i < 10'000; ++i) {
    idle.push_back(std::make_unique<HttpConnection>(rig.port()));
    if (i % 1000 == 0) {
      EXPECT_EQ(rig.get("/api/v1/triggers").status, 200) << i;
    }
  }
  EXPECT_EQ(rig.ask("POST", "/api/v1/events", R"({"event_type":"ping"})").status, 202);
}

TEST(Limits, ASlowReaderIsDropped) {
  ApiRig::Options options;
  options.server.body_timeout = milliseconds{300};
  ApiRig rig(options);
  for (int i = 0; i < 8; ++i)
    rig.post("/api/v1/events", {{"event_type", "ping"}, {"data", {{"text", std::string(1 << 20, 'a')}}}});
  HttpConnection lazy(rig.port(), 4096);
  for (int i = 0; i < 4; ++i) lazy.send(rig.text("GET", "/api/v1/events"));
  // It never reads; the others notice nothing, and in the end its connection is gone: what it gets is not all
  // there was.
  HttpConnection watcher(rig.port());
  EXPECT_TRUE(eventually(
      [&] {
        watcher.send(rig.text("GET", "/metrics"));
        return watcher.read().body.find("rowhook_http_connections 1\n") != std::string::npos;
      },
      seconds{60}));
}

TEST(Limits, WorkersAreBoundedButHealthIsServed) {
  ApiRig rig;
  std::vector<std::unique_ptr<HttpConnection>> crowd;
  for (int i = 0; i < 3; ++i) {
    crowd.push_back(std::make_unique<HttpConnection>(rig.port()));
    crowd.back()->send(rig.text("POST", "/api/v1/scripts/run",
                                R"({"source":"while true do end","event":{"event_type":"x"}})"));
  }
  EXPECT_EQ(rig.get("/api/v1/triggers").status, 200);
  EXPECT_EQ(rig.get("/api/v1/health", "").status, 200);
  for (auto& connection : crowd) EXPECT_EQ(connection->read(false, seconds{30}).status, 200);
}

}  // namespace
}  // namespace rowhook::testing
