// HTTP/1.1 as clients speak it, and the end of the server.
#include <gtest/gtest.h>

#include <future>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

const std::string ping = R"({"event_type":"ping"})";

TEST(Protocol, ConnectionsAreKeptAndPipelinedRequestsAnsweredInOrder) {
  ApiRig rig;
  HttpConnection connection(rig.port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += rig.text("GET", "/livez", "", "");
    all += rig.text("POST", "/api/v1/events", ping);
    all += rig.text("GET", "/api/v1/triggers");
    all += rig.text("GET", "/api/v1/nothing");
  }
  connection.send(all);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(connection.read().status, 200);
    const HttpAnswer posted = connection.read();
    ASSERT_EQ(posted.status, 202);
    EXPECT_EQ(posted.json()["seq"], i + 1);
    EXPECT_EQ(connection.read().json()["total"], 0);
    EXPECT_EQ(connection.read().status, 404);
  }
  connection.send(rig.text("GET", "/livez", "", "", {{"Connection", "close"}}));
  const HttpAnswer last = connection.read();
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.header("connection"), "close");
  EXPECT_TRUE(connection.closed_within(std::chrono::seconds{10}));
}

TEST(Protocol, RequestsArriveInAnyPieces) {
  ApiRig rig;
  const std::string request = rig.text("POST", "/api/v1/events", R"({"event_type":"ping","data":{"n":1}})");
  HttpConnection connection(rig.port());
  for (const char c : request) connection.send({&c, 1});
  EXPECT_EQ(connection.read().status, 202);
  connection.send(request + request.substr(0, 100));
  EXPECT_EQ(connection.read().status, 202);
  connection.send(request.substr(100));
  EXPECT_EQ(connection.read().status, 202);
}

TEST(Protocol, ChunkedBodiesAndExpectContinue) {
  ApiRig rig;
  const std::string head = "POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " +
                           rig.token("admin") + "\r\nContent-Type: application/json\r\n";
  HttpConnection connection(rig.port());
  connection.send(head +
                  "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"eve\r\n10\r\nnt_type\":\"ping\"}\r\n0\r\n\r\n");
  EXPECT_EQ(connection.read().status, 202);
  connection.send(head + "Expect: 100-continue\r\nContent-Length: " + std::to_string(ping.size()) +
                  "\r\n\r\n");
  EXPECT_EQ(connection.read().status, 100);
  connection.send(ping);
  EXPECT_EQ(connection.read().status, 202);
}

TEST(Protocol, AClientThatStopsSendingStillHearsItsAnswer) {
  ApiRig rig;
  HttpConnection connection(rig.port());
  connection.send(rig.text("POST", "/api/v1/events", ping));
  connection.finish();
  EXPECT_EQ(connection.read().status, 202);
  EXPECT_TRUE(connection.closed_within(std::chrono::seconds{10}));
}

TEST(Protocol, EveryAnswerCarriesTheSecurityFields) {
  ApiRig rig;
  for (const auto& answer : {rig.get("/livez", ""), rig.get("/api/v1/triggers"), rig.get("/api/v1/nothing"),
                             rig.get("/api/v1/triggers", "")}) {
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
    EXPECT_NE(answer.header("content-security-policy").find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(answer.header("cache-control"), "no-store");
    EXPECT_EQ(answer.header("access-control-allow-origin"), "");
    EXPECT_FALSE(answer.header("date").empty());
    EXPECT_EQ(answer.header("server"), "");
  }
}

TEST(Protocol, GarbageIsRefusedAndTheConnectionEnds) {
  ApiRig rig;
  for (const std::string& bytes :
       {std::string("\x16\x03\x01\x02\x00\x01\r\n\r\n"), std::string("GET / HTTP/3.0\r\n\r\n"),
        std::string("POST /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nTransfer-Encoding: "
                    "chunked\r\n\r\nabc")}) {
    HttpConnection connection(rig.port());
    connection.send(bytes);
    const HttpAnswer answer = connection.read();
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.header("content-type"), "application/problem+json");
    EXPECT_TRUE(connection.closed_within(std::chrono::seconds{10}));
  }
  EXPECT_EQ(rig.get("/livez", "").status, 200);
}

TEST(Protocol, AStoppingServerAnswersWhatItHas) {
  ApiRig rig;
  rig.post("/api/v1/scripts/check", {{"source", "true"}});  // the script host is up
  HttpConnection idle(rig.port()), busy(rig.port()), tail(rig.port());
  tail.send(rig.text("GET", "/api/v1/events/tail?wait=30s"));
  busy.send(rig.text("POST", "/api/v1/scripts/run",
                     R"({"source":"while true do end","event":{"event_type":"x"}})"));
  idle.send(rig.text("GET", "/livez", "", ""));
  EXPECT_EQ(idle.read().status, 200);
  auto stopped = std::async(std::launch::async, [&] { rig.server().stop(std::chrono::seconds{20}); });
  EXPECT_TRUE(idle.closed_within(std::chrono::seconds{10}));
  const HttpAnswer run = busy.read();
  EXPECT_EQ(run.status, 200) << "it runs to its end";
  EXPECT_EQ(run.header("connection"), "close");
  EXPECT_EQ(tail.read().status, 200);
  stopped.get();
  EXPECT_THROW(HttpConnection late(rig.port()), std::runtime_error);
}

TEST(Protocol, ATakenPortIsSaid) {
  ApiRig rig;
  ApiRig::Options options;
  options.server.listen = "127.0.0.1:" + std::to_string(rig.port());
  EXPECT_THROW(ApiRig another(options), TransientError);
}

}  // namespace
}  // namespace rowhook::testing
