#include <gmock/gmock.h>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "tests/support/workflow_runs.h"
#include "workflows/event_formats.h"
#include "workflows/http_answer.h"
#include "workflows/webhook_signature.h"

using namespace rowhook;
using rowhook::testing::order_paid;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

namespace {

constexpr auto golden_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr auto golden_signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

// The test vector of the Standard Webhooks libraries.
TEST(WebhookSignature, IsThatOfStandardWebhooks) {
  const WebhookSigner signer({golden_secret});
  EXPECT_EQ(signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
            golden_signature);
}

TEST(WebhookSignature, HasOneSignatureForEachSecretWhileItIsReplaced) {
  const WebhookSigner signer({"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", golden_secret});
  const std::string signature =
      signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})");
  EXPECT_THAT(signature, ::testing::EndsWith(std::string(" ") + golden_signature));
  EXPECT_EQ(std::count(signature.begin(), signature.end(), ' '), 1);
}

TEST(WebhookSignature, ErrorsDoNotShowTheSecret) {
  for (const char* wrong : {"topsecret", "whsec_top secret!", "whsec_"}) {
    try {
      WebhookSigner signer({golden_secret, wrong});
      FAIL() << wrong;
    } catch (const InvalidInput& error) {
      EXPECT_EQ(error.problems().front().pointer, "/1");
      EXPECT_THAT(std::string(error.what()) + error.problems().front().detail, Not(HasSubstr("top")));
    }
  }
}

HttpResponse answer(int status, std::vector<std::pair<std::string, std::string>> headers = {}) {
  HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  return response;
}

template <typename Error>
void expect_error(int status) {
  EXPECT_THROW(require_success(answer(status), "https://a", 0), Error) << status;
}

TEST(HttpAnswer, EveryStatusHasItsReaction) {
  for (const int status : {200, 201, 202, 204, 299})
    EXPECT_NO_THROW(require_success(answer(status), "https://a", 0));
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599}) expect_error<TransientError>(status);
  for (const int status : {300, 301, 302, 307, 308, 400, 401, 403, 404, 409, 413, 422, 451})
    expect_error<PermanentError>(status);
  expect_error<EndpointGone>(410);
}

TEST(HttpAnswer, WhatTheServerSaysIsInTheMessage) {
  HttpResponse response = answer(422);
  response.body = "{\"error\":\n\"no such customer\"}";
  try {
    require_success(response, "https://a", 0);
    FAIL();
  } catch (const PermanentError& error) {
    EXPECT_STREQ(error.what(), "https://a answered 422: {\"error\": \"no such customer\"}");
  }
}

TEST(HttpAnswer, RetryAfterIsSecondsOrADateMeasuredByTheServersClock) {
  const Micros now = parse_rfc3339("2025-08-05T10:00:00Z");
  const auto wait = [&](const std::string& text, const std::string& date = {}) {
    auto response = answer(503, {{"retry-after", text}});
    if (!date.empty()) response.headers.emplace_back("date", date);
    return retry_after(response, now);
  };
  EXPECT_EQ(wait("120"), seconds{120});
  EXPECT_EQ(wait("0"), seconds{0});
  EXPECT_EQ(wait("-5"), seconds{0});
  EXPECT_EQ(wait("99999999999999999999999"), seconds{86400});
  EXPECT_EQ(wait("Tue, 05 Aug 2025 10:02:00 GMT"), seconds{120});
  EXPECT_EQ(wait("Tue, 05 Aug 2025 09:00:00 GMT"), seconds{0});
  EXPECT_EQ(wait("Wed, 06 Aug 2025 10:00:30 GMT", "Wed, 06 Aug 2025 10:00:00 GMT"),
            seconds{30});  // a day ahead of us
  EXPECT_EQ(wait("Tuesday, 05-Aug-25 10:02:00 GMT"), seconds{120});
  EXPECT_EQ(wait("soon"), std::nullopt);
  EXPECT_EQ(wait(""), std::nullopt);
  EXPECT_THROW(require_success(answer(429, {{"retry-after", "3"}}), "a", now), RetryAfter);
  EXPECT_THROW(require_success(answer(503, {{"retry-after", "3"}}), "a", now), RetryAfter);
  try {
    require_success(answer(500, {{"retry-after", "3"}}), "a", now);
    FAIL();
  } catch (const RetryAfter&) {
    FAIL() << "only 429 and 503 have a say";
  } catch (const TransientError&) {
  }
}

TEST(EventFormats, CloudEventsAreStructured) {
  const auto event = order_paid();
  const Item item(std::string(R"({"id":7})"));
  EXPECT_EQ(
      cloudevents_json(item, *event),
      R"({"specversion":"1.0","id":"shop:0000000000000001:0","source":"shop","type":"record_updated",)"
      R"("subject":"public.orders/7","time":"2025-08-05T10:00:00.123456Z","datacontenttype":"application/json",)"
      R"("data":{"id":7}})");
}

TEST(EventFormats, DebeziumShowsBeforeAndAfter) {
  auto event = std::make_shared<Event>(*order_paid());
  const auto json = parse_json(debezium_json(*event));
  EXPECT_EQ(json["op"], "u");
  EXPECT_EQ(json["before"]["status"], "pending");
  EXPECT_EQ(json["after"]["status"], "paid");
  EXPECT_EQ(json["source"]["table"], "orders");
  EXPECT_EQ(json["source"]["txId"], "7341");
  EXPECT_EQ(json["ts_ms"], 1754388000123);
  event->type = event_type::deleted;
  event->new_row.clear();
  EXPECT_EQ(parse_json(debezium_json(*event))["after"], nullptr);
  event->type = "order_posted";
  EXPECT_THROW(debezium_json(*event), PermanentError);
}

}  // namespace
