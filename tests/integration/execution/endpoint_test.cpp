// Webhooks to a server that answers as it likes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/flaky_http_server.h"
#include "tests/support/scheduler_room.h"
#include "workflows/http_client.h"

namespace rowhook {
namespace {

using testing::eventually;
using testing::FlakyHttpServer;
using ::testing::HasSubstr;
using testing::SchedulerRoom;
using testing::SeenRequest;

class Endpoint : public ::testing::Test {
 protected:
  void serve(FlakyHttpServer::Behaviour behaviour) {
    server = std::make_unique<FlakyHttpServer>(std::move(behaviour));
    http = std::make_unique<HttpClient>(HttpClientSettings{}, EgressRules({"127.0.0.0/8"}, {}), room.metrics);
    room.services.http = http.get();
    auto json = parse_json(R"({"id":"hook","name":"hook","nodes":[{"node_id":"in","node_type":"input"},
      {"node_id":"h","node_type":"http_request"}],"connections":[{"from_node_id":"in","to_node_id":"h"}]})");
    json["nodes"][1]["config"] = {{"url", server->url()}};
    std::vector<Problem> problems;
    auto compiled = compile_workflow(definition_from_json(json, problems), room.services);
    room.workflows.with([&](auto& all) { all["hook"] = compiled; });
    room.start({room.trigger(1, R"({"retry":{"max_retries":3}})", "hook")});
  }
  ~Endpoint() override { room.scheduler.reset(); }
  SchedulerRoom room;
  std::unique_ptr<FlakyHttpServer> server;
  std::unique_ptr<HttpClient> http;
};

TEST_F(Endpoint, D26_EveryRetryCarriesTheSameWebhookId) {
  std::atomic<int> requests{0};
  serve([&](const SeenRequest&, FlakyHttpServer::Exchange& exchange) {
    const int number = ++requests;
    if (number == 1)
      exchange.answer(500);
    else if (number == 2)
      exchange.reset();
    else
      exchange.answer(204);
  });
  const auto seq = room.insert({1});
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1; })) << room.first_error();
  const auto seen = server->requests();
  ASSERT_EQ(seen.size(), 3u);
  for (const auto& request : seen)
    EXPECT_THAT(request.headers.at("webhook-id"), HasSubstr(std::to_string(seq) + "-1"));
  EXPECT_EQ(seen[0].headers.at("webhook-id"), seen[2].headers.at("webhook-id"));
}

TEST_F(Endpoint, D24_GoneSwitchesTheTriggerOffAndIsNotTriedAgain) {
  serve([&](const SeenRequest&, FlakyHttpServer::Exchange& exchange) { exchange.answer(410); });
  room.insert({1});
  ASSERT_TRUE(
      eventually([&] { return room.disabled.with([](const auto& all) { return all.size() == 1; }); }));
  ASSERT_TRUE(eventually([&] { return room.count("dead_letter") == 1; }));
  EXPECT_EQ(server->requests().size(), 1u);
}

TEST_F(Endpoint, D24_RetryAfterIsKept) {
  std::atomic<int> requests{0};
  serve([&](const SeenRequest&, FlakyHttpServer::Exchange& exchange) {
    if (++requests == 1)
      exchange.answer(503, "Retry-After: 3600\r\n");
    else
      exchange.answer(204);
  });
  const auto before = system_clock().now();
  const std::string id = std::to_string(room.insert({1})) + "-1";
  ASSERT_TRUE(eventually([&] { return room.count("retrying") == 1; }));
  EXPECT_GE(room.log.find(id)->next_attempt_at, before + 3600 * Micros{1'000'000});
  EXPECT_LE(room.log.find(id)->next_attempt_at, before + 3990 * Micros{1'000'000});
  room.scheduler->retry(id);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 1; }));
}

TEST_F(Endpoint, ManyRequestsAreUnderWayAtOnce) {
  std::atomic<int> at_once{0}, most{0};
  serve([&](const SeenRequest&, FlakyHttpServer::Exchange& exchange) {
    const int now = ++at_once;
    most = std::max(most.load(), now);
    const bool full = eventually([&] { return most >= 8; }, std::chrono::seconds{5});
    --at_once;
    exchange.answer(full ? 204 : 500);
  });
  std::vector<std::int64_t> ids;
  for (std::int64_t id = 0; id < 40; ++id) ids.push_back(id);
  room.insert(ids);
  ASSERT_TRUE(eventually([&] { return room.count("completed") == 40; }));
  EXPECT_GE(most.load(), 8);
}

}  // namespace
}  // namespace rowhook
