#include "engine/event/json_writer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "tests/support/sample_events.h"

namespace rowhook::testing {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  write_json_string(out, text);
  return out;
}

TEST(JsonString, EscapesWhatJsonNeeds) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a\"b\\c\n\r\t"), R"("a\"b\\c\n\r\t")");
  EXPECT_EQ(json_string(std::string_view("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(json_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

TEST(JsonString, MalformedUtf8BecomesTheReplacementCharacter) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(json_string("\xe9"), '"' + bad + '"');                      // Latin-1
  EXPECT_EQ(json_string("a\x80z"), "\"a" + bad + "z\"");                // a tail alone
  EXPECT_EQ(json_string("\xc0\xaf"), '"' + bad + bad + '"');            // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80"), '"' + bad + bad + bad + '"');  // a surrogate
  EXPECT_EQ(json_string("\xf5\x80\x80\x80"), '"' + bad + bad + bad + bad + '"');
  EXPECT_EQ(json_string("\xf0\x9f\x98"), '"' + bad + bad + bad + '"');  // cut short
  EXPECT_EQ(json_string("\xe2\x82\""), '"' + bad + bad + "\\\"\"");     // the quote is not eaten
}

TEST(JsonString, AnyBytesGiveValidJsonAndValidTextSurvives) {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 12, ' ');
    for (char& c : text) c = static_cast<char>(round % 2 == 0 ? random() : 0x80 | (random() & 0x7f));
    const std::string json = json_string(text);
    ASSERT_TRUE(nlohmann::json::accept(json)) << round;
    const auto back = nlohmann::json::parse(json).get<std::string>();
    if (nlohmann::json::accept(
            nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::ignore)) &&
        to_utf8(text) == text) {
      EXPECT_EQ(back, text);
    }
    EXPECT_EQ(to_utf8(to_utf8(text)), to_utf8(text));
    EXPECT_EQ(to_utf8(text).find('\0'), std::string::npos);
  }
}

TEST(JsonValue, D11_NumbersKeepEveryDigit) {
  const std::string digits(400, '7');
  for (const std::string& number :
       {std::string("9007199254740993"), std::string("0.1000000000000000000001"), digits}) {
    std::string out;
    write_json_value(out, {ValueKind::number, number});
    EXPECT_EQ(out, number);
  }
  std::string out;
  write_json_value(out, {ValueKind::text, "NaN"});
  write_json_value(out, {ValueKind::bytes, std::string_view("\0\xff", 2)});
  write_json_value(out, {ValueKind::json, R"({"a":[1,null]})"});
  write_json_value(out, {ValueKind::null, {}});
  EXPECT_EQ(out, R"("NaN""AP8="{"a":[1,null]}null)");
}

TEST(JsonEvent, HasTheFieldsOfTheContract) {
  Event event = order_inserted(orders_shape(), 7, 3, 42);
  event.seq = 4711;
  const auto json = nlohmann::json::parse(event_json(event));
  EXPECT_EQ(json["event_id"], event.id);
  EXPECT_EQ(json["trigger_id"], event.id);
  EXPECT_EQ(json["seq"], 4711);
  EXPECT_EQ(json["source"], "shop");
  EXPECT_EQ(json["record_id"], 42);
  EXPECT_TRUE(json["old_values"].is_null());
  EXPECT_EQ(json["new_values"]["status"], "pending");
  EXPECT_TRUE(json["changed_fields"].is_null());
  EXPECT_TRUE(json["user"].is_null());
  EXPECT_EQ(json["timestamp"], format_rfc3339(event.timestamp));
  EXPECT_EQ(json["metadata"]["ordinal"], 3);
  EXPECT_EQ(json["metadata"]["old_complete"], true);
  EXPECT_EQ(json["metadata"]["unchanged_fields"], nlohmann::json::array());
}

TEST(JsonEvent, AbsentIsNotNull) {
  Event event = order_inserted(orders_shape(), 7, 3, 42);
  RowWriter row;
  row.add(ValueKind::absent);
  row.add(ValueKind::unchanged);
  row.add(ValueKind::null);
  event.new_row = row.take();
  const auto json = nlohmann::json::parse(event_json(event));
  EXPECT_EQ(json["new_values"].dump(), R"({"total":null})");
  EXPECT_EQ(json["metadata"]["unchanged_fields"].dump(), R"(["status"])");
}

TEST(Base64, RandomBytesComeBackAndNothingElseIsAccepted) {
  std::mt19937 random(4);
  for (std::size_t size = 0; size < 100; ++size) {
    std::string bytes(size, ' ');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
  }
  EXPECT_EQ(base64_encode("Man"), "TWFu");
  EXPECT_EQ(base64_encode("Ma"), "TWE=");
  EXPECT_EQ(base64_encode("M"), "TQ==");
  for (const char* bad : {"====", "=AAA", "A===", "AA=A", "AAA", " AAAA", "AAAA\n", "AA-_", "TR==", "TWF="})
    EXPECT_FALSE(base64_decode(bad)) << bad;
}

}  // namespace
}  // namespace rowhook::testing
