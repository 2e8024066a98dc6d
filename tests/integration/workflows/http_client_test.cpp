#include "workflows/http_client.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <future>

#include "engine/base/metrics.h"
#include "tests/support/eventually.h"
#include "tests/support/flaky_http_server.h"

using namespace rowhook;
using rowhook::testing::FlakyHttpServer;
using rowhook::testing::SeenRequest;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using Exchange = FlakyHttpServer::Exchange;
using Kind = HttpResult::Kind;

namespace {

const EgressRules loopback_allowed({"127.0.0.0/8", "::1"}, {});

HttpRequest post(const std::string& url, const std::string& body = "{}") {
  HttpRequest request;
  request.url = url;
  request.headers = {"Content-Type: application/json"};
  request.body = body;
  request.timeout = milliseconds{5000};
  return request;
}

class HttpClientTest : public ::testing::Test {
 protected:
  HttpResult send(HttpRequest request) { return start(std::move(request)).get(); }
  std::future<HttpResult> start(HttpRequest request) {
    auto promise = std::make_shared<std::promise<HttpResult>>();
    client_.start(std::move(request),
                  [promise](HttpResult result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  }
  // What becomes of a POST to a server that behaves so.
  HttpResult against(FlakyHttpServer::Behaviour behaviour, milliseconds timeout = milliseconds{5000}) {
    FlakyHttpServer server(std::move(behaviour));
    auto request = post(server.url());
    request.timeout = timeout;
    return send(std::move(request));
  }

  Metrics metrics_;
  HttpClient client_{{}, loopback_allowed, metrics_};
};

TEST_F(HttpClientTest, SendsWhatItIsGivenAndGivesTheWholeAnswer) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) {
    exchange.answer(201, "X-One: 1\r\nX-One: 2\r\n", R"({"ok":true})");
  });
  auto request = post(server.url("/a%20b/../c?x=1"), R"({"id":1})");
  request.headers.push_back("X-Mine: yes");
  const auto result = send(request);
  ASSERT_EQ(result.kind, Kind::answered) << result.error;
  EXPECT_EQ(result.response.status, 201);
  EXPECT_EQ(result.response.header("x-one"), "1");
  EXPECT_EQ(result.response.body, R"({"ok":true})");
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/a%20b/../c?x=1");
  EXPECT_EQ(seen[0].body, R"({"id":1})");
  EXPECT_EQ(seen[0].headers.at("x-mine"), "yes");
  EXPECT_EQ(seen[0].headers.at("content-type"), "application/json");
  EXPECT_THAT(seen[0].headers.at("user-agent"), HasSubstr("rowhook/"));
  EXPECT_FALSE(seen[0].headers.contains("expect"));
}

TEST_F(HttpClientTest, EveryMethodGoesOutAsItIsAndLeavesNoTraceInTheNext) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) { exchange.answer(200, "", ""); });
  for (const char* method : {"POST", "GET", "PUT", "DELETE", "HEAD", "PATCH", "GET", "POST"}) {
    auto request = post(server.url("/"), std::string(method) == "GET" ? "" : "body");
    request.method = method;
    EXPECT_EQ(send(request).kind, Kind::answered) << method;
  }
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 8U);
  const std::vector<std::string> bodies{"body", "", "body", "body", "", "body", "", "body"};
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i].body, bodies[i]) << seen[i].method;
  EXPECT_EQ(seen[4].method, "HEAD");
  EXPECT_EQ(seen[6].method, "GET");
  EXPECT_EQ(server.connections(), 1U);  // kept and used again
}

TEST_F(HttpClientTest, D24_EveryStatusIsAnAnswer) {
  for (const int status : {204, 302, 404, 410, 429, 500, 503}) {
    const auto result = against([status](const SeenRequest&, Exchange& exchange) {
      exchange.answer(status, "Retry-After: 7\r\nLocation: /elsewhere\r\n");
    });
    EXPECT_EQ(result.kind, Kind::answered) << result.error;
    EXPECT_EQ(result.response.status, status);
    EXPECT_EQ(result.response.header("retry-after"), "7");
  }
}

TEST_F(HttpClientTest, D24_RedirectsAreNotFollowed) {
  FlakyHttpServer server([](const SeenRequest& request, Exchange& exchange) {
    exchange.answer(request.target == "/" ? 307 : 200, "Location: /elsewhere\r\n");
  });
  EXPECT_EQ(send(post(server.url())).response.status, 307);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(HttpClientTest, D24_AServerThatHangsTimesOut) {
  for (const bool after_headers : {false, true}) {
    const auto result = against(
        [after_headers](const SeenRequest&, Exchange& exchange) {
          if (after_headers) exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
          exchange.hang();
        },
        milliseconds{200});
    EXPECT_EQ(result.kind, Kind::transient);
    EXPECT_THAT(result.error, HasSubstr("did not answer completely in time"));
  }
}

TEST_F(HttpClientTest, D24_AServerThatDripsTimesOut) {
  const auto result = against(
      [](const SeenRequest&, Exchange& exchange) {
        exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        exchange.drip(std::string(100'000, 'x'));
      },
      milliseconds{300});
  EXPECT_EQ(result.kind, Kind::transient);
}

TEST_F(HttpClientTest, D24_AResetOrAnEarlyEndIsNoAnswer) {
  const auto reset = against([](const SeenRequest&, Exchange& exchange) { exchange.reset(); });
  EXPECT_EQ(reset.kind, Kind::transient);
  const auto silent = against([](const SeenRequest&, Exchange& exchange) { exchange.close(); });
  EXPECT_EQ(silent.kind, Kind::transient);
  const auto half = against([](const SeenRequest&, Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    exchange.reset();
  });
  EXPECT_EQ(half.kind, Kind::transient);
}

TEST_F(HttpClientTest, D24_ALieAboutTheLengthIsNoAnswer) {
  const auto shorter = against([](const SeenRequest&, Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    exchange.close();
  });
  EXPECT_EQ(shorter.kind, Kind::transient);
  const auto chunked = against([](const SeenRequest&, Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nff\r\nrest");
    exchange.close();
  });
  EXPECT_EQ(chunked.kind, Kind::transient);
  const auto nonsense = against([](const SeenRequest&, Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n");
    exchange.close();
  });
  EXPECT_EQ(nonsense.kind, Kind::transient);
  const auto no_http = against([](const SeenRequest&, Exchange& exchange) {
    exchange.send("SSH-2.0-OpenSSH_9.2\r\n");
    exchange.close();
  });
  EXPECT_EQ(no_http.kind, Kind::transient);
}

TEST_F(HttpClientTest, D24_MoreThanTheLengthIsCutAndTheNextRequestIsNotHarmed) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) {
    exchange.send(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Smuggled\r\nContent-Length: 0\r\n\r\n");
  });
  for (int i = 0; i < 3; ++i) {
    const auto result = send(post(server.url()));
    ASSERT_EQ(result.kind, Kind::answered) << result.error;
    EXPECT_EQ(result.response.status, 200);
    EXPECT_EQ(result.response.body, "ok");
  }
}

TEST_F(HttpClientTest, D24_OfTwoGigabytesAtMost64KiBAreKept) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) {
    constexpr std::size_t chunk = 1U << 20;
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(2048 * chunk) + "\r\n\r\n");
    const std::string bytes(chunk, 'x');
    for (int i = 0; i < 2048; ++i)
      if (!exchange.send(bytes)) return;
  });
  auto request = post(server.url());
  request.timeout = milliseconds{60'000};
  const auto result = send(std::move(request));
  ASSERT_EQ(result.kind, Kind::answered) << result.error;
  EXPECT_EQ(result.response.body.size(), 65536U);
  EXPECT_TRUE(result.response.truncated);
}

TEST_F(HttpClientTest, D24_EndlessHeadersAreNotKept) {
  const auto result = against([](const SeenRequest&, Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 100'000; ++i)
      if (!exchange.send("X-" + std::to_string(i) + ": " + std::string(1000, 'y') + "\r\n")) return;
    exchange.send("Content-Length: 0\r\n\r\n");
  });
  if (result.kind == Kind::answered) {
    EXPECT_LT(result.response.headers.size(), 100U);
  }
}

// Each request finds the connection of the one before dead, some only after they were sent on it.
TEST_F(HttpClientTest, ConnectionsThatTheServerClosedAreReplaced) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) {
    exchange.answer(200, "", "x");
    exchange.close();
  });
  for (int i = 0; i < 200; ++i) {
    const auto result = send(post(server.url()));
    ASSERT_EQ(result.kind, Kind::answered) << result.error;
  }
}

// The resolver's sockets come and go under the numbers that connections have later.
TEST_F(HttpClientTest, NamesAreResolvedWhileConnectionsComeAndGo) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) {
    exchange.answer(200, "Connection: close\r\n", "x");
    exchange.close();
  });
  const std::string port = ":" + std::to_string(server.port()) + "/";
  std::vector<std::future<HttpResult>> results;
  for (int i = 0; i < 60; ++i)
    results.push_back(start(post("http://" +
                                 std::string(i % 3 == 0   ? "localhost"
                                             : i % 3 == 1 ? "127.0.0.1"
                                                          : "no.such.name.invalid") +
                                 port)));
  for (std::size_t i = 0; i < results.size(); ++i)
    EXPECT_EQ(results[i].get().kind, i % 3 == 2 ? Kind::transient : Kind::answered) << i;
}

TEST_F(HttpClientTest, NobodyListensIsTransientAndAWrongUrlIsNot) {
  std::string url;
  {
    FlakyHttpServer gone([](const SeenRequest&, Exchange&) {});
    url = gone.url("/secret-token?key=hidden");
  }
  const auto refused = send(post(url));
  EXPECT_EQ(refused.kind, Kind::transient);
  EXPECT_THAT(refused.error, Not(HasSubstr("secret")));
  EXPECT_THAT(refused.error, Not(HasSubstr("hidden")));
  EXPECT_EQ(send(post("http://a b/")).kind, Kind::permanent);
  EXPECT_EQ(send(post("file:///etc/passwd")).kind, Kind::permanent);
  EXPECT_EQ(send(post("gopher://127.0.0.1/")).kind, Kind::permanent);
  EXPECT_EQ(send(post("http://no-such-name.invalid/")).kind, Kind::transient);
}

TEST_F(HttpClientTest, RequestsAreRefusedByResolvedAddressInAllSpellings) {
  HttpClient strict({}, EgressRules{}, metrics_);
  FlakyHttpServer v4([](const SeenRequest&, Exchange& exchange) { exchange.answer(200); });
  FlakyHttpServer v6([](const SeenRequest&, Exchange& exchange) { exchange.answer(200); }, "::1");
  const std::string port = ":" + std::to_string(v4.port()) + "/path-is-secret";
  const std::string port6 = ":" + std::to_string(v6.port()) + "/";
  for (const std::string& url :
       {"http://127.0.0.1" + port, "http://localhost" + port, "http://0x7f.1" + port,
        "http://2130706433" + port, "http://017700000001" + port, "http://127.1" + port, "http://0" + port,
        "http://0.0.0.0" + port, "http://[::ffff:127.0.0.1]" + port, "http://[::ffff:7f00:1]" + port,
        "http://[::1]" + port6, "http://[::]" + port6, "http://user:password@127.0.0.1" + port,
        "http://127.0.0.1%2f" + port, "http://１２７.0.0.1" + port}) {
    std::promise<HttpResult> promise;
    strict.start(post(url), [&](HttpResult result) { promise.set_value(std::move(result)); });
    const auto result = promise.get_future().get();
    EXPECT_NE(result.kind, Kind::answered) << url;
    EXPECT_THAT(result.error, Not(HasSubstr("path-is-secret")));
    EXPECT_THAT(result.error, Not(HasSubstr("password")));
    if (url.starts_with("http://127.0.0.1:") || url.starts_with("http://0x7f.1")) {
      EXPECT_EQ(result.kind, Kind::permanent);
      EXPECT_THAT(result.error, HasSubstr("refused by the egress rules: 127.0.0.1 is a loopback address"));
      EXPECT_THAT(result.hint, HasSubstr("egress.allow"));
    }
  }
  EXPECT_EQ(v4.connections() + v6.connections(), 0U);
}

TEST_F(HttpClientTest, TheEnvironmentsProxyIsNotUsed) {
  FlakyHttpServer proxy([](const SeenRequest&, Exchange& exchange) { exchange.answer(200); });
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) { exchange.answer(200); });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ::setenv("all_proxy", proxy.url().c_str(), 1);
  EXPECT_EQ(send(post(server.url())).kind, Kind::answered);
  ::unsetenv("http_proxy");
  ::unsetenv("all_proxy");
  EXPECT_EQ(proxy.connections(), 0U);
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(HttpClientTest, D30_ADeadEndpointTakesItsOwnPlacesOnly) {
  HttpClientSettings settings;
  settings.max_per_host = 2;
  settings.max_in_flight = 4;
  HttpClient client(settings, loopback_allowed, metrics_);
  FlakyHttpServer dead([](const SeenRequest&, Exchange& exchange) { exchange.hang(); });
  FlakyHttpServer alive([](const SeenRequest&, Exchange& exchange) { exchange.answer(204); });
  std::atomic<int> dead_ended{0}, alive_ended{0};
  for (int i = 0; i < 10; ++i) client.start(post(dead.url()), [&](HttpResult) { ++dead_ended; });
  ASSERT_TRUE(rowhook::testing::eventually([&] { return dead.requests().size() == 2; }));
  for (int i = 0; i < 200; ++i)
    client.start(post(alive.url()),
                 [&](HttpResult result) { alive_ended += result.response.status == 204 ? 1 : 0; });
  EXPECT_TRUE(rowhook::testing::eventually([&] { return alive_ended == 200; }));
  EXPECT_EQ(dead_ended, 0);
  EXPECT_EQ(dead.requests().size(), 2U);
  EXPECT_LE(alive.connections(), 2U);
}

TEST_F(HttpClientTest, ARequestThatWaitsForAPlaceEndsAtItsDeadline) {
  HttpClientSettings settings;
  settings.max_per_host = 1;
  HttpClient client(settings, loopback_allowed, metrics_);
  FlakyHttpServer dead([](const SeenRequest&, Exchange& exchange) { exchange.hang(); });
  client.start(post(dead.url()), [](HttpResult) {});
  auto request = post(dead.url());
  request.deadline = std::chrono::steady_clock::now() + milliseconds{100};
  std::promise<HttpResult> promise;
  client.start(request, [&](HttpResult result) { promise.set_value(std::move(result)); });
  const auto result = promise.get_future().get();
  EXPECT_EQ(result.kind, Kind::transient);
  EXPECT_THAT(result.error, HasSubstr("no connection became free in time"));
}

TEST_F(HttpClientTest, TheDeadlineShortensTheTimeout) {
  FlakyHttpServer dead([](const SeenRequest&, Exchange& exchange) { exchange.hang(); });
  auto request = post(dead.url());
  request.timeout = std::chrono::minutes{10};
  request.deadline = std::chrono::steady_clock::now() + milliseconds{100};
  EXPECT_EQ(send(request).kind, Kind::transient);
}

TEST_F(HttpClientTest, ManyRequestsFromManyThreadsAllEnd) {
  FlakyHttpServer server(
      [](const SeenRequest& request, Exchange& exchange) { exchange.answer(200, "", request.body); });
  std::atomic<int> right{0}, ended{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string body = std::to_string(t) + "/" + std::to_string(i);
        client_.start(post(server.url(), body), [&, body](HttpResult result) {
          right += result.response.body == body ? 1 : 0;
          ++ended;
        });
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(rowhook::testing::eventually([&] { return ended == 2000; }));
  EXPECT_EQ(right, 2000);
  EXPECT_LE(server.connections(), 64U);
}

TEST_F(HttpClientTest, StoppingEndsWhatIsUnderWayAndWhatWaits) {
  FlakyHttpServer dead([](const SeenRequest&, Exchange& exchange) { exchange.hang(); });
  std::atomic<int> ended{0};
  {
    HttpClientSettings settings;
    settings.max_per_host = 2;
    HttpClient client(settings, loopback_allowed, metrics_);
    for (int i = 0; i < 5; ++i)
      client.start(post(dead.url()),
                   [&](HttpResult result) { ended += result.kind == Kind::transient ? 1 : 0; });
    ASSERT_TRUE(rowhook::testing::eventually([&] { return dead.requests().size() == 2; }));
  }
  EXPECT_EQ(ended, 5);
}

}  // namespace
