#include "scripting/protocol.h"

#include <gtest/gtest.h>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "scripting/json_scanner.h"
#include "tests/support/sample_events.h"

namespace rowhook {
namespace {

using testing::orders_shape;

TEST(Protocol, CarriesACall) {
  auto event = testing::order_inserted(orders_shape(), 7, 3, 42);
  event.user = "alice";
  event.snapshot = true;
  event.seq = 99;
  event.detail = R"("change_type":"ALTER")";
  const Item item(std::string(R"({"a":1})"));
  ScriptBundle bundle;
  bundle.script = make_script(ScriptKind::filter, "f", "true");
  bundle.id = 5;
  bundle.modules = {{"m", "return 1"}};
  bundle.limits = {
      .time_limit = std::chrono::milliseconds{7}, .memory_limit = 8, .output_limit = 9, .depth_limit = 10};
  std::string area(4096, '\0');
  RequestWriter writer({area.data(), area.size()});
  ASSERT_TRUE(writer.add_shape(*event.shape));
  ASSERT_TRUE(writer.add_script(bundle));
  ASSERT_TRUE(writer.add_call(5, event, &item));
  ASSERT_TRUE(writer.add_check(5));

  std::string_view rest(area.data(), writer.size());
  Record record{};
  ASSERT_TRUE(next_record(rest, record));
  const ShapePtr shape = unpack_shape(record.body);
  EXPECT_EQ(shape->id, event.shape->id);
  ASSERT_TRUE(next_record(rest, record));
  const ScriptBundle read = read_script(record.body);
  EXPECT_EQ(read.id, 5U);
  EXPECT_EQ(read.script->text, "true");
  EXPECT_EQ(read.limits.time_limit, std::chrono::milliseconds{7});
  EXPECT_EQ(read.limits.memory_limit + read.limits.output_limit + read.limits.depth_limit, 27U);
  ASSERT_EQ(read.modules.size(), 1U);
  EXPECT_EQ(read.modules[0].text, "return 1");
  ASSERT_TRUE(next_record(rest, record));
  const CallView call = read_call(record.body);
  EXPECT_EQ(call.item, R"({"a":1})");
  EXPECT_EQ(event_json(read_event(call, shape)), event_json(event));
  ASSERT_TRUE(next_record(rest, record));
  EXPECT_TRUE(read_call(record.body).has(CallHeader::compile_only));
  EXPECT_FALSE(next_record(rest, record));
}

TEST(Protocol, RefusesWhatDoesNotFit) {
  const auto event = testing::order_inserted(orders_shape(), 1, 0, 1);
  std::string area(64, '\0');
  RequestWriter writer({area.data(), area.size()});
  EXPECT_FALSE(writer.add_call(1, event, nullptr));
  EXPECT_FALSE(writer.add_shape(*event.shape));
  EXPECT_EQ(writer.size(), 0U);
}

std::string response(const HostResponse& given) {
  std::string area(1 << 16, '\0'), buffer;
  std::size_t used = 0;
  EXPECT_TRUE(write_response({area.data(), area.size()}, used, given, buffer));
  area.resize(used);
  return area;
}

TEST(Protocol, CarriesResponses) {
  const std::vector<ScriptLogLine> logs = {{"info", "a"}, {"error", "b"}};
  const StateChanges changes = {{"", "n", StateChange::Kind::add, "2"},
                                {"", "k", StateChange::Kind::remove, ""}};
  const std::string table = response({.status = ResponseStatus::table,
                                      .nanoseconds = 5,
                                      .memory = 9,
                                      .json = "{\"a\":1}",
                                      .error = nullptr,
                                      .logs = logs,
                                      .changes = changes});
  std::string_view bytes = table;
  const ScriptResult result = read_response(bytes, ScriptKind::transform, 100);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(result.result, "{\"a\":1}");
  EXPECT_EQ(result.memory_bytes, 9U);
  ASSERT_EQ(result.logs.size(), 2U);
  EXPECT_EQ(result.logs[1].level, "error");

  ASSERT_EQ(result.changes.size(), 2U);
  EXPECT_EQ(result.changes[0].key, "n");
  EXPECT_EQ(result.changes[0].value, "2");
  EXPECT_EQ(result.changes[1].kind, StateChange::Kind::remove);

  ScriptError error{ScriptError::Type::stack, "s:1: x", "s", 1};
  error.traceback = "s:1: in the script";
  error.fields = {{"new.id", "42"}};
  const std::string failed =
      response({.status = ResponseStatus::error, .json = {}, .error = &error, .logs = {}});
  bytes = failed;
  const auto read = *read_response(bytes, ScriptKind::filter, 100).error;
  EXPECT_EQ(read.message, "s:1: x");
  EXPECT_EQ(read.traceback, error.traceback);
  EXPECT_EQ(read.fields, error.fields);
  EXPECT_EQ(full_text(read, "e:1"), "s:1: x\n  event e:1\n  new.id = 42\n  at s:1: in the script");

  HostResponse told;
  told.fields = error.fields;
  const std::string with_fields = response(told);
  bytes = with_fields;
  EXPECT_EQ(read_response(bytes, ScriptKind::filter, 100).fields, error.fields);
}

void expect_damaged(std::string bytes, std::optional<ScriptKind> kind, std::uint64_t limit = 1000) {
  std::string_view rest = bytes;
  EXPECT_THROW(read_response(rest, kind, limit), PermanentError);
}

TEST(Protocol, BelievesNothing) {
  const std::string yes = response({.status = ResponseStatus::yes, .json = {}, .error = nullptr, .logs = {}});
  const std::string table =
      response({.status = ResponseStatus::table, .json = "{\"a\":1}", .error = nullptr, .logs = {}});
  expect_damaged(yes, ScriptKind::transform);
  expect_damaged(yes, std::nullopt);
  expect_damaged(table, ScriptKind::filter);
  expect_damaged(table, ScriptKind::transform, 3);
  expect_damaged(
      response({.status = ResponseStatus::table, .json = "{\"a\":}", .error = nullptr, .logs = {}}),
      ScriptKind::transform);
  for (std::size_t cut = 0; cut < table.size(); ++cut)
    expect_damaged(table.substr(0, cut), ScriptKind::transform);
  std::string longer = yes;
  ++longer[0];
  expect_damaged(longer + "x", ScriptKind::filter);
  std::string unknown = yes;
  unknown[4] = 77;
  expect_damaged(unknown, ScriptKind::filter);
}

TEST(JsonScanner, AcceptsJsonOnly) {
  for (const char* good :
       {"0", "-1.5e+3", "\"a\\u00e9\\n\"", "[]", "{}", " [1, {\"a\" : null}] ", "true", "\"\xc3\xa9\""})
    EXPECT_TRUE(is_json(good)) << good;
  for (const char* bad :
       {"",        "01",    "1.",  "-",          "+1", "\"a", "\"\\x\"", "\"\\u12g4\"", "[1,]", "{a:1}",
        "{\"a\"}", "[1 2]", "nul", "{\"a\":1,}", "[",  "]",   "1 2",     "\"\n\"",      "'a'",  "NaN"})
    EXPECT_FALSE(is_json(bad)) << bad;
  EXPECT_TRUE(is_json(std::string(60, '[') + std::string(60, ']')));
  EXPECT_FALSE(is_json(std::string(100000, '[') + std::string(100000, ']')));
}

TEST(JsonScanner, GoesOverMembers) {
  JsonCursor cursor(R"({ "a" : [1, "]"], "b\"" : {"c":"}"} , "d":12 })");
  std::string_view name, value;
  ASSERT_TRUE(cursor.next(name, value));
  EXPECT_EQ(name, "a");
  EXPECT_EQ(value, R"([1, "]"])");
  ASSERT_TRUE(cursor.next(name, value));
  EXPECT_EQ(name, "b\\\"");
  EXPECT_EQ(value, R"({"c":"}"})");
  ASSERT_TRUE(cursor.next(name, value));
  EXPECT_EQ(value, "12");
  EXPECT_FALSE(cursor.next(name, value));
}

TEST(JsonScanner, ResolvesEscapes) {
  std::string out;
  unescape_json(R"(a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud83dx\udc00)", out);
  EXPECT_EQ(out, "a\"\\/\b\f\n\r\té😀\xef\xbf\xbdx\xef\xbf\xbd");
}

}  // namespace
}  // namespace rowhook
