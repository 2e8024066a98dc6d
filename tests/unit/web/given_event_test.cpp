#include "web/server/given_event.h"

#include <gtest/gtest.h>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "tests/support/fake_clock.h"

namespace rowhook {
namespace {

EventPtr given(const std::string& text) {
  return given_event(Document::parse(text), "/event", testing::FakeClock{});
}

std::string pointer_of(const std::string& text) {
  try {
    (void)given(text);
    return "accepted";
  } catch (const InvalidInput& error) {
    return error.problems().front().pointer;
  }
}

TEST(GivenEvent, KeepsEveryDigitAndKnowsWhatChanged) {
  const EventPtr event = given(
      R"({"source":"shop","event_type":"record_updated","schema":"public","table":"orders","record_id":9007199254740993,
    "old_values":{"id":9007199254740993,"total":0.1000000000000000000001,"note":null},
    "new_values":{"id":9007199254740993,"total":0.1000000000000000000002,"note":"x","tags":[1,2]},
    "timestamp":"2025-08-05T10:00:00Z","user":"ada"})");
  EXPECT_EQ(event->shape->source, "shop");
  EXPECT_EQ(event->key, "9007199254740993");
  EXPECT_EQ(changed_fields(*event), (std::vector<std::string_view>{"total", "note", "tags"}));
  const Document again = Document::parse(event_json(*event));
  EXPECT_EQ(again.find_path("new_values.total")->text(), "0.1000000000000000000002");
  EXPECT_EQ(again.find_path("old_values.note")->text(), "null");
  EXPECT_EQ(again.find_path("new_values.tags")->text(), "[1,2]");
  EXPECT_EQ(again.find_path("user")->text(), "\"ada\"");
  EXPECT_EQ(again.find_path("timestamp")->text(), "\"2025-08-05T10:00:00.000000Z\"");
}

TEST(GivenEvent, WhatTheApiAnsweredCanBeSentBack) {
  const EventPtr event = given(
      R"({"source":"shop","event_type":"record_inserted","table":"t","record_id":{"a":1,"b":"x"},"new_values":{"a":1,"b":"x","c":true}})");
  const EventPtr again = given(event_json(*event));
  EXPECT_EQ(event_json(*again), event_json(*event));
}

TEST(GivenEvent, SaysWhatIsWrongWhere) {
  EXPECT_EQ(pointer_of("[]"), "/event");
  EXPECT_EQ(pointer_of("{}"), "/event/event_type");
  EXPECT_EQ(pointer_of(R"({"event_type":5})"), "/event/event_type");
  EXPECT_EQ(pointer_of(R"({"event_type":"x","new_values":[1]})"), "/event/new_values");
  EXPECT_EQ(pointer_of(R"({"event_type":"x","timestamp":"today"})"), "/event/timestamp");
  EXPECT_EQ(pointer_of(R"({"event_type":"x","metadata":{"snapshot":"yes"}})"), "/event/metadata/snapshot");
  EXPECT_EQ(pointer_of(R"({"event_type":"x","new_values":null})"), "accepted");
}

TEST(GivenEvent, MembersAreChecked) {
  const Document body = Document::parse(R"({"evnt":1})");
  EXPECT_THROW(check_members(body, {"event"}), InvalidInput);
  EXPECT_NO_THROW(check_members(body, {"evnt"}));
  EXPECT_THROW(check_members(Document::parse("[]"), {"event"}), InvalidInput);
  EXPECT_THROW(text_member(body, "evnt"), InvalidInput);
  EXPECT_TRUE(boolean_member(body, "absent", true));
}

}  // namespace
}  // namespace rowhook
