#include "web/server/posted_events.h"

#include <gtest/gtest.h>

#include "engine/event/document.h"
#include "engine/event/json_writer.h"
#include "tests/support/fake_clock.h"

namespace rowhook {
namespace {

ApiRequest request_with(std::string body, std::string_view type = "application/json") {
  ApiRequest request;
  request.method = HttpMethod::post;
  request.headers.add("Content-Type", type);
  request.body = std::move(body);
  return request;
}

PostedRequest read(const ApiRequest& request) {
  return posted_events(request, testing::FakeClock{}, [] { return std::uint64_t{7}; });
}

Document read_one(const ApiRequest& request) {
  const PostedRequest posted = read(request);
  EXPECT_EQ(posted.post.events.size(), 1U);
  return Document::parse(event_json(posted.post.events.front()));
}

std::string pointer_of(const ApiRequest& request) {
  try {
    (void)read(request);
    return "accepted";
  } catch (const InvalidInput& error) {
    return error.problems().front().pointer;
  } catch (const HttpError& error) {
    return std::to_string(error.status());
  }
}

TEST(PostedEvents, TheSeedsForm) {
  const ApiRequest request = request_with(
      R"({"event_type":"order_placed","data":{"id":9007199254740993,"total":1.10,"items":[{"sku":"a"}],"gift":true,"note":null},
          "metadata":{"source":"web-shop","timestamp":"2025-08-05T10:00:00.5Z","user_id":"u-1","additional_data":{"ip":"::1"}}})");
  const PostedRequest posted = read(request);
  EXPECT_FALSE(posted.batch);
  EXPECT_FALSE(posted.post.check_ids);
  const Document event = read_one(request);
  EXPECT_EQ(event.find("source")->text(), "\"web-shop\"");
  EXPECT_EQ(event.find("event_type")->text(), "\"order_placed\"");
  EXPECT_EQ(event.find("new_values")->text(),
            R"({"id":9007199254740993,"total":1.10,"items":[{"sku":"a"}],"gift":true,"note":null})");
  EXPECT_EQ(event.find("timestamp")->text(), "\"2025-08-05T10:00:00.500000Z\"");
  EXPECT_EQ(event.find("user")->text(), "\"u-1\"");
  EXPECT_EQ(event.find_path("metadata.additional_data.ip")->text(), "\"::1\"");
  EXPECT_EQ(event.find("table")->text(), "null");
}

TEST(PostedEvents, OnlyTheTypeIsNeeded) {
  const Document event = read_one(request_with(R"({"event_type":"ping"})"));
  EXPECT_EQ(event.find("source")->text(), "\"api\"");
  EXPECT_EQ(event.find("new_values")->text(), "null");
  EXPECT_NE(read(request_with(R"({"event_type":"ping"})")).post.events[0].id,
            read(request_with(R"({"event_type":"ping"})")).post.events[0].id);
}

TEST(PostedEvents, DataThatIsNoObjectIsKeptAsData) {
  EXPECT_EQ(read_one(request_with(R"({"event_type":"ping","data":[1.10]})")).find("data")->text(), "[1.10]");
}

TEST(PostedEvents, SaysWhatIsWrongWhere) {
  EXPECT_EQ(pointer_of(request_with("{")), "400");
  EXPECT_EQ(pointer_of(request_with("")), "400");
  EXPECT_EQ(pointer_of(request_with("[]")), "");
  EXPECT_EQ(pointer_of(request_with("{}")), "/event_type");
  EXPECT_EQ(pointer_of(request_with(R"({"event_type":"Order Placed"})")), "/event_type");
  EXPECT_EQ(pointer_of(request_with(R"({"event_type":"a","dta":{}})")), "/dta");
  EXPECT_EQ(pointer_of(request_with(R"({"event_type":"a","metadata":{"source":"A_b"}})")),
            "/metadata/source");
  EXPECT_EQ(pointer_of(request_with(R"({"event_type":"a","metadata":{"timestamp":"now"}})")),
            "/metadata/timestamp");
  EXPECT_EQ(pointer_of(request_with(R"({"event_type":"a","metadata":{"user":1}})")), "/metadata/user");
  EXPECT_EQ(pointer_of(request_with(R"({"event_type":"a","data":{"x":1,"x":2}})")), "/data/x");
  EXPECT_EQ(pointer_of(request_with(R"({"event_type":"a","metadata":{"hops":-1}})")), "/metadata/hops");
}

TEST(PostedEvents, CloudEventsStructured) {
  const ApiRequest request = request_with(
      R"({"specversion":"1.0","id":"A/1","source":"https://shop.example/orders","type":"com.example.Order.Paid","time":"2025-08-05T10:00:00Z",
          "subject":"42","myext":"x","data":{"id":42}})",
      "application/cloudevents+json; charset=utf-8");
  EXPECT_TRUE(read(request).post.check_ids);
  const Document event = read_one(request);
  EXPECT_EQ(event.find("event_id")->text(), "\"https://shop.example/orders:A/1\"");
  EXPECT_EQ(event.find("source")->text(), "\"shop-example-orders\"");
  EXPECT_EQ(event.find("event_type")->text(), "\"com_example_order_paid\"");
  EXPECT_EQ(event.find("new_values")->text(), "{\"id\":42}");
  EXPECT_EQ(event.find_path("metadata.cloudevent.type")->text(), "\"com.example.Order.Paid\"");
  EXPECT_EQ(event.find_path("metadata.cloudevent.subject")->text(), "\"42\"");
}

TEST(PostedEvents, CloudEventsBinary) {
  ApiRequest request = request_with(R"({"id":42})");
  request.headers.add("ce-specversion", "1.0");
  request.headers.add("ce-id", "1");
  request.headers.add("ce-source", "shop");
  request.headers.add("ce-type", "order_paid");
  request.headers.add("ce-subject", "Euro%20%E2%82%AC");
  const Document event = read_one(request);
  EXPECT_EQ(event.find("event_id")->text(), "\"shop:1\"");
  EXPECT_EQ(event.find_path("new_values.id")->text(), "42");
  EXPECT_EQ(event.find_path("metadata.cloudevent.subject")->text(), "\"Euro \xE2\x82\xAC\"");
  request.headers.add("ce-data", "{}");
  EXPECT_EQ(pointer_of(request), "400");
}

TEST(PostedEvents, CloudEventsBatchAndFaults) {
  const auto type = "application/cloudevents-batch+json";
  const PostedRequest posted = read(request_with(
      R"([{"specversion":"1.0","id":"1","source":"shop","type":"a"},{"specversion":"1.0","id":"2","source":"shop","type":"a"}])",
      type));
  EXPECT_TRUE(posted.batch);
  EXPECT_EQ(posted.post.events.size(), 2U);
  EXPECT_TRUE(read(request_with("[]", type)).post.events.empty());
  EXPECT_EQ(
      pointer_of(request_with(
          R"([{"specversion":"1.0","id":"1","source":"shop","type":"a"},{"specversion":"1.0","source":"shop","type":"a"}])",
          type)),
      "/1/id");
  EXPECT_EQ(pointer_of(request_with("{}", type)), "");
  const auto one = "application/cloudevents+json";
  EXPECT_EQ(pointer_of(request_with(R"({"specversion":"0.3","id":"1","source":"shop","type":"a"})", one)),
            "/specversion");
  EXPECT_EQ(pointer_of(request_with(R"({"specversion":"1.0","id":"1","source":"/","type":"a"})", one)),
            "/source");
  EXPECT_EQ(pointer_of(request_with(R"({"specversion":"1.0","id":"1","source":"shop","type":"..."})", one)),
            "/type");
  EXPECT_EQ(pointer_of(request_with(
                R"({"specversion":"1.0","id":"1","source":"shop","type":"a","data_base64":"!"})", one)),
            "/data_base64");
}

}  // namespace
}  // namespace rowhook
