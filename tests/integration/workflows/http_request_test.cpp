#include <gmock/gmock.h>

#include "engine/base/metrics.h"
#include "tests/support/fake_clock.h"
#include "tests/support/flaky_http_server.h"
#include "tests/support/workflow_runs.h"
#include "workflows/http_client.h"
#include "workflows/webhook_signature.h"

using namespace rowhook;
using rowhook::testing::context_for;
using rowhook::testing::FakeClock;
using rowhook::testing::FlakyHttpServer;
using rowhook::testing::one_node;
using rowhook::testing::order_paid;
using rowhook::testing::SeenRequest;
using ::testing::HasSubstr;
using ::testing::Not;
using Exchange = FlakyHttpServer::Exchange;
using Kind = RunOutcome::Kind;

namespace {

constexpr auto secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class HttpRequestNode : public ::testing::Test {
 protected:
  HttpRequestNode() {
    services_.http = &client_;
    services_.clock = &clock_;
  }
  WorkflowPtr compile(const std::string& url, const std::string& rest = "") {
    return compile_workflow(
        one_node("http_request", R"({"url":")" + url + "\"" + (rest.empty() ? "" : "," + rest) + "}"),
        services_);
  }
  RunOutcome run(const WorkflowPtr& workflow) { return rowhook::testing::run(workflow, state_, event_); }
  // One attempt against a server that always answers so.
  RunOutcome outcome_of(int status, const std::string& headers = "", const std::string& body = "") {
    FlakyHttpServer server(
        [&](const SeenRequest&, Exchange& exchange) { exchange.answer(status, headers, body); });
    state_ = {};
    return run(compile(server.url("/secret-path")));
  }
  std::string output() const { return state_.steps.back().outputs.at(0).item->json(); }

  Metrics metrics_;
  FakeClock clock_;
  HttpClient client_{{}, EgressRules({"127.0.0.0/8"}, {}), metrics_};
  NodeServices services_;
  RunState state_;
  EventPtr event_ = order_paid();
};

TEST_F(HttpRequestNode, PostsTheItemAsASignedWebhook) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) { exchange.answer(204); });
  EXPECT_EQ(
      run(compile(server.url("/hook"), R"("secret":["whsec_AAAABBBBCCCC",")" + std::string(secret) + "\"]"))
          .kind,
      Kind::completed);
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.body, Item(event_).json());
  EXPECT_EQ(seen.headers.at("content-type"), "application/json");
  EXPECT_EQ(seen.headers.at("webhook-timestamp"), std::to_string(clock_.now() / 1'000'000));
  EXPECT_THAT(seen.headers.at("webhook-id"), ::testing::StartsWith("4711-3_it_"));
  const WebhookSigner receiver({"whsec_AAAABBBBCCCC", secret});
  EXPECT_EQ(seen.headers.at("webhook-signature"),
            receiver.sign(seen.headers.at("webhook-id"), clock_.now() / 1'000'000, seen.body));
  EXPECT_EQ(output(), R"({"status":204,"headers":{},"body":null})");
  EXPECT_THAT(state_.steps.back().notes, ::testing::ElementsAre("HTTP 204"));
}

TEST_F(HttpRequestNode, D24_EveryRetryCarriesTheSameIdAndItsOwnTime) {
  std::atomic<int> attempts{0};
  FlakyHttpServer server(
      [&](const SeenRequest&, Exchange& exchange) { exchange.answer(++attempts < 3 ? 500 : 200); });
  const auto workflow = compile(server.url(), R"("secret":")" + std::string(secret) + "\"");
  EXPECT_EQ(run(workflow).kind, Kind::retry);
  clock_.advance(std::chrono::hours{24});  // the clock jumps
  EXPECT_EQ(run(workflow).kind, Kind::retry);
  clock_.advance(-std::chrono::hours{48});
  EXPECT_EQ(run(workflow).kind, Kind::completed);
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].headers.at("webhook-id"), seen[1].headers.at("webhook-id"));
  EXPECT_EQ(seen[0].headers.at("webhook-id"), seen[2].headers.at("webhook-id"));
  EXPECT_NE(seen[0].headers.at("webhook-timestamp"), seen[1].headers.at("webhook-timestamp"));
  EXPECT_EQ(seen[0].body, seen[2].body);
}

TEST_F(HttpRequestNode, IdsDifferBetweenEventsNodesAndItems) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) { exchange.answer(200); });
  // Two ways lead into the same node: two items of one execution.
  const auto workflow = compile_workflow(
      rowhook::testing::definition(R"({"id":"w","name":"w","nodes":[{"node_id":"a","node_type":"input"},
        {"node_id":"s","node_type":"set","config":{"fields":{"x":1}}},
        {"node_id":"h","node_type":"http_request","config":{"url":")" +
                                   server.url() + R"("}},
        {"node_id":"h2","node_type":"http_request","config":{"url":")" +
                                   server.url() + R"("}}],
        "connections":[{"from_node_id":"a","to_node_id":"h"},{"from_node_id":"a","to_node_id":"s"},
        {"from_node_id":"s","to_node_id":"h"},{"from_node_id":"a","to_node_id":"h2"}]})"),
      services_);
  EXPECT_EQ(run(workflow).kind, Kind::completed);
  auto other = std::make_shared<Event>(*event_);
  other->id = "shop:again:0";  // another event under the same execution id: a data directory made anew
  state_ = {};
  rowhook::testing::run(workflow, state_, other);
  std::set<std::string> ids;
  for (const auto& request : server.requests()) ids.insert(request.headers.at("webhook-id"));
  EXPECT_EQ(ids.size(), 6U);
}

TEST_F(HttpRequestNode, D24_StatusesDecideTheOutcome) {
  EXPECT_EQ(outcome_of(202).kind, Kind::completed);
  EXPECT_EQ(outcome_of(500).kind, Kind::retry);
  EXPECT_EQ(outcome_of(408).kind, Kind::retry);
  EXPECT_EQ(outcome_of(400).kind, Kind::failed);
  EXPECT_EQ(outcome_of(404, "", "no such hook").kind, Kind::failed);
  const auto redirect = outcome_of(302, "Location: http://127.0.0.1:1/\r\n");
  EXPECT_EQ(redirect.kind, Kind::failed);
  EXPECT_THAT(redirect.error_message, HasSubstr("redirects are not followed"));
  const auto gone = outcome_of(410);
  EXPECT_EQ(gone.kind, Kind::failed);
  EXPECT_TRUE(gone.disable_trigger);
  const auto busy = outcome_of(429, "Retry-After: 17\r\n", "slow down");
  EXPECT_EQ(busy.kind, Kind::retry);
  EXPECT_EQ(busy.retry_after, std::chrono::seconds{17});
  EXPECT_THAT(busy.error_message, HasSubstr("answered 429: slow down"));
  EXPECT_THAT(busy.error_message, Not(HasSubstr("secret-path")));
  EXPECT_EQ(
      outcome_of(503, "Retry-After: Tue, 05 Aug 2025 10:01:00 GMT\r\nDate: Tue, 05 Aug 2025 10:00:00 GMT\r\n")
          .retry_after,
      std::chrono::seconds{60});
  EXPECT_EQ(outcome_of(500, "Retry-After: 17\r\n").retry_after, std::nullopt);
}

TEST_F(HttpRequestNode, D24_ABrokenAnswerIsTriedAgain) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    exchange.close();
  });
  EXPECT_EQ(run(compile(server.url())).kind, Kind::retry);
  FlakyHttpServer hanging([](const SeenRequest&, Exchange& exchange) { exchange.hang(); });
  state_ = {};
  const auto outcome = run(compile(hanging.url(), R"("timeout":"100ms")"));
  EXPECT_EQ(outcome.kind, Kind::retry);
  EXPECT_THAT(outcome.error_message, HasSubstr("did not answer completely in time"));
}

TEST_F(HttpRequestNode, TheAnswerBecomesTheItem) {
  FlakyHttpServer server([](const SeenRequest& request, Exchange& exchange) {
    if (request.target == "/json")
      exchange.answer(200, "Content-Type: application/json; charset=utf-8\r\nX-A: 1\r\nX-A: 2\r\n",
                      R"({"n":9007199254740993})");
    if (request.target == "/broken") exchange.answer(200, "Content-Type: application/json\r\n", "{");
    if (request.target == "/long")
      exchange.answer(200, "Content-Type: application/json\r\n", "\"" + std::string(100'000, 'x') + "\"");
  });
  run(compile(server.url("/json")));
  EXPECT_THAT(output(), HasSubstr(R"("x-a":"1, 2")"));
  EXPECT_THAT(output(), HasSubstr(R"("body":{"n":9007199254740993}})"));
  state_ = {};
  run(compile(server.url("/broken")));
  EXPECT_THAT(output(), HasSubstr(R"("body":"{"})"));
  state_ = {};
  run(compile(server.url("/long")));
  EXPECT_THAT(output(), HasSubstr(R"("truncated":true})"));
  EXPECT_LT(output().size(), 66'000U);
  state_ = {};
  run(compile(server.url("/json"), R"("output":"item")"));
  EXPECT_EQ(state_.steps.back().outputs[0].item->event(), event_);
}

TEST_F(HttpRequestNode, UrlHeadersAndBodyAreTemplates) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) { exchange.answer(200); });
  const std::string path = "/orders/{{ new.id }}/{{ new.data.customer.name }}";
  run(compile(server.url(path),
              R"("method":"PUT","headers":{"X-Status":"{{ new.status }}","Content-Type":"text/x-test"},
       "body":{"id":"{{ new.id }}","total":"{{ new.total }}","text":"order {{ new.id }}"})"));
  run(compile(server.url("/text"), R"("body":"plain {{ new.status }}")"));
  state_ = {};
  run(compile(server.url("/get"), R"("method":"GET")"));
  const auto seen = server.requests();
  EXPECT_EQ(seen[0].method, "PUT");
  EXPECT_EQ(seen[0].target, "/orders/7/Zo%C3%AB");
  EXPECT_EQ(seen[0].headers.at("x-status"), "paid");
  EXPECT_EQ(seen[0].headers.at("content-type"), "text/x-test");
  EXPECT_EQ(seen[0].body, R"({"id":7,"text":"order 7","total":99.990000000000000000001})");
  EXPECT_EQ(seen[1].method, "GET");
  EXPECT_EQ(seen[1].body, "");
  EXPECT_FALSE(seen[1].headers.contains("content-type"));
}

TEST_F(HttpRequestNode, FormatsOfOthers) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) { exchange.answer(200); });
  run(compile(server.url(), R"("format":"cloudevents")"));
  state_ = {};
  run(compile(server.url(), R"("format":"debezium")"));
  const auto seen = server.requests();
  EXPECT_EQ(seen[0].headers.at("content-type"), "application/cloudevents+json");
  EXPECT_EQ(parse_json(seen[0].body)["specversion"], "1.0");
  EXPECT_EQ(parse_json(seen[1].body)["op"], "u");
}

TEST_F(HttpRequestNode, ValuesCannotLeadToPlacesThatAreNotAllowed) {
  event_ = [&] {
    auto event = std::make_shared<Event>(*event_);
    RowWriter row;
    row.add(ValueKind::number, "7");
    row.add(ValueKind::text, "http://169.254.169.254/latest/meta-data");
    event->new_row = row.take();
    return event;
  }();
  const auto outcome = run(compile("{{ new.status }}"));
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.error_message, HasSubstr("169.254.169.254 is a link-local address"));
  state_ = {};
  EXPECT_EQ(run(compile("http://127.0.0.1:1@{{ new.status }}/")).kind, Kind::failed);
}

TEST_F(HttpRequestNode, ADryRunSaysWhatItWouldDo) {
  FlakyHttpServer server([](const SeenRequest&, Exchange& exchange) { exchange.answer(200); });
  RunContext context = context_for(event_);
  context.dry_run = true;
  rowhook::testing::run(compile(server.url("/secret"), R"("body":"12345")"), state_, context,
                        std::make_shared<const Item>(event_));
  EXPECT_EQ(server.connections(), 0U);
  EXPECT_THAT(state_.steps.back().notes, ::testing::ElementsAre("would POST 5 bytes to http://127.0.0.1:" +
                                                                std::to_string(server.port())));
  EXPECT_EQ(output(), R"({"status":200,"headers":{},"body":null})");
}

}  // namespace
