// Exact values, rows, null against absent, copies: what goes through a script untouched comes out byte for
// byte.
#include "tests/integration/scripting/script_support.h"

namespace rowhook::testing {
namespace {

ScriptEngine& engine() {
  static Metrics metrics;
  static ScriptEngine shared({}, metrics);
  return shared;
}

std::string transform(const std::string& text, const EventPtr& event = order_event(),
                      ItemPtr item = nullptr) {
  return outcome(run_one(engine(), ScriptKind::transform, text, event, "s", std::move(item)));
}
std::string filter(const std::string& text, const EventPtr& event = order_event()) {
  return outcome(run_one(engine(), ScriptKind::filter, text, event));
}

EventPtr one(ValueKind kind, const std::string& text) { return make_event({{"v", kind, text}}); }
EventPtr number(const std::string& digits) { return one(ValueKind::number, digits); }

const std::string digits400(400, '7');

TEST(ExactValues, SurviveUntouched) {
  for (const std::string digits : {"0",
                                   "-0",
                                   "1",
                                   "-1",
                                   "42",
                                   "9007199254740991",
                                   "9007199254740993",
                                   "-9223372036854775808",
                                   "18446744073709551615",
                                   "0.1",
                                   "1.10",
                                   "149.90",
                                   "100.00",
                                   "0.1000000000000000000001",
                                   "1e400",
                                   "1E-7",
                                   "0.00000001",
                                   "123456789012345",
                                   "0.30000000000000004",
                                   digits400.c_str()}) {
    EXPECT_EQ(transform("return { v = new.v }", number(digits)), "ok: {\"v\":" + digits + "}");
    EXPECT_EQ(transform("return new", number(digits)), "ok: {\"v\":" + digits + "}");
    EXPECT_EQ(transform("return copy(new)", number(digits)), "ok: {\"v\":" + digits + "}");
    EXPECT_EQ(transform("return json.decode(json.encode(new))", number(digits)),
              "ok: {\"v\":" + digits + "}");
    EXPECT_EQ(transform("local t = copy(new) t.other = true return t", number(digits)),
              "ok: {\"v\":" + digits + ",\"other\":true}");
    EXPECT_EQ(transform("return { list = { new.v } }", number(digits)).substr(0, 14),
              "ok: {\"list\":[" + digits.substr(0, 1));
  }
}

TEST(ExactValues, AFractionKeepsItsZerosUnderAnyName) {
  EXPECT_EQ(transform("return { price = new.v }", number("1.10")), "ok: {\"price\":1.10}");
  // A whole number is written as one: an amount of 10.00 must not turn a count of 10 into 10.00.
  EXPECT_EQ(transform("return { count = 10, v = new.v }", number("10.00")), "ok: {\"count\":10,\"v\":10.00}");
}

TEST(ExactValues, CompareWithNumbersAndEachOther) {
  const auto event = make_event({{"big", ValueKind::number, "9007199254740993"},
                                 {"same", ValueKind::number, "9007199254740993"},
                                 {"next", ValueKind::number, "9007199254740994"},
                                 {"small", ValueKind::number, "7"}});
  for (const char* truth : {"new.big > 5",
                            "5 < new.big",
                            "new.big > new.small",
                            "new.big == new.same",
                            "new.big ~= new.next",
                            "new.big < new.next",
                            "new.big <= new.same",
                            "new.big == 9007199254740993",
                            "new.big ~= 9007199254740992",
                            "new.big ~= 'x'",
                            "new.big ~= nil",
                            "not (new.big == true)",
                            "new.big < math.huge",
                            "new.big > -math.huge",
                            "not (new.big < 0/0)",
                            "new.big == 9007199254740993LL",
                            "tonumber('9007199254740993') == new.big",
                            "exact('9007199254740993') == new.big",
                            "type(new.big) == 'number'",
                            "new.small == 7",
                            "9223372036854775807 > new.big",
                            "0x20000000000001LL == new.big",
                            "-9007199254740993 == -new.big",
                            "9007199254740993.5 > new.big"})
    EXPECT_EQ(filter(truth, event), "ok: true") << truth;
  EXPECT_THAT(filter("new.big < 'x'", event),
              ::testing::HasSubstr("attempt to compare an exact value with a string"));
}

TEST(ExactValues, ArithmeticIsExactOrRefused) {
  const auto value = [](const std::string& expression) {
    return transform("return { r = " + expression + " }", number("9007199254740993"));
  };
  EXPECT_EQ(value("new.v + 1"), "ok: {\"r\":9007199254740994}");
  EXPECT_EQ(value("1 + new.v"), "ok: {\"r\":9007199254740994}");
  EXPECT_EQ(value("new.v - 9007199254740990"), "ok: {\"r\":3}");
  EXPECT_EQ(value("new.v * new.v"), "ok: {\"r\":81129638414606699710187514626049}");
  EXPECT_EQ(value("new.v * 0.1"), "ok: {\"r\":900719925474099.3}");
  EXPECT_EQ(value("new.v / 2"), "ok: {\"r\":4503599627370496.5}");
  EXPECT_EQ(value("new.v % 10"), "ok: {\"r\":3}");
  EXPECT_EQ(value("-new.v"), "ok: {\"r\":-9007199254740993}");
  EXPECT_EQ(value("'id ' .. new.v"), "ok: {\"r\":\"id 9007199254740993\"}");
  EXPECT_EQ(value("tostring(new.v)"), "ok: {\"r\":\"9007199254740993\"}");
  EXPECT_EQ(value("string.format('%s', new.v)"), "ok: {\"r\":\"9007199254740993\"}");
  EXPECT_THAT(value("new.v / 7"), ::testing::HasSubstr("tonumber(a) / tonumber(b)"));
  EXPECT_THAT(value("new.v ^ 2"), ::testing::HasSubstr("tonumber(a) ^ tonumber(b)"));
  EXPECT_THAT(value("new.v / 0"), ::testing::HasSubstr("division of an exact value by zero"));
  EXPECT_THAT(value("new.v + 0/0"), ::testing::HasSubstr("not finite"));
  EXPECT_THAT(value("new.v + {}"),
              ::testing::HasSubstr("attempt to perform arithmetic on an exact value and a table"));
  EXPECT_THAT(value("math.floor(new.v)"), ::testing::HasSubstr("tonumber(v) gives the nearest Lua number"));
  EXPECT_EQ(value("math.floor(tonumber(new.v)) > 0"), "ok: {\"r\":true}");
}

TEST(ExactValues, LiteralsKeepTheirDigits) {
  EXPECT_EQ(transform("return {id=9007199254740993LL}"), "ok: {\"id\":9007199254740993}");
  EXPECT_EQ(transform("return {a=9007199254740993, b=0.1000000000000000000001, c=42LL, d=0xffULL}"),
            "ok: {\"a\":9007199254740993,\"b\":0.1000000000000000000001,\"c\":42,\"d\":255}");
  EXPECT_EQ(transform("return {s='9007199254740993'} -- 9007199254740993"),
            "ok: {\"s\":\"9007199254740993\"}");
}

TEST(Results, TablesBecomeObjectsOrArrays) {
  EXPECT_EQ(transform("return {[1]=1,[1e9]=2}"), "ok: {\"1\":1,\"1000000000\":2}");
  EXPECT_EQ(transform("return {1, 2, 3}"), "ok: [1,2,3]");
  EXPECT_EQ(transform("return {a = {}, b = array(), c = array{}, d = array(1, 'x')}"),
            "ok: {\"a\":{},\"b\":[],\"c\":[],\"d\":[1,\"x\"]}");
  EXPECT_EQ(transform("return {b = 1, a = null, c = nil}"), "ok: {\"a\":null,\"b\":1}");
  EXPECT_EQ(transform("return {x = 1e15, y = 1e300, z = -0.5, w = 2^53}"),
            "ok: {\"w\":9007199254740992,\"x\":1000000000000000,\"y\":1e+300,\"z\":-0.5}");
  EXPECT_EQ(transform("return null"), "ok: dropped");
  EXPECT_EQ(transform("return nil"), "ok: dropped");
  EXPECT_EQ(transform(""), "ok: dropped");
  EXPECT_EQ(transform("{ id = new.id }"), "ok: {\"id\":42}");
  EXPECT_EQ(transform("return { t = 'a\"\\n\\0\\255' }"), "ok: {\"t\":\"a\\\"\\n\\u0000\xef\xbf\xbd\"}");
}

TEST(Results, ProblemsNameTheirPlace) {
  EXPECT_EQ(transform("return {a={b={1,print}}}"),
            "result: s: result.a.b[2] is a function, which JSON cannot hold");
  EXPECT_EQ(transform("return {x = 0/0}"),
            "result: s: result.x is not a number (NaN), which JSON cannot hold");
  EXPECT_EQ(transform("local t = {} t.t = {t} return t"),
            "result: s: result.t[1] contains itself: a cycle cannot be written as JSON");
  EXPECT_EQ(transform("return 5"),
            "result: s: result is a number: a transform returns a table, or nil to drop the event");
  EXPECT_EQ(filter("new.total"), "result: s: a filter returns true or false, this one returned a number");
}

TEST(Rows, NullIsNilAndAbsentIsAnError) {
  const auto event = make_event({{"id", ValueKind::number, "1"},
                                 {"note", ValueKind::null, ""},
                                 {"body", ValueKind::unchanged, ""},
                                 {"extra", ValueKind::absent, ""},
                                 {"flag", ValueKind::yes, ""}});
  EXPECT_EQ(filter("new.note == nil and new.flag == true", event), "ok: true");
  EXPECT_THAT(filter("new.body == nil", event),
              ::testing::HasSubstr("s:1: new.body was not sent by the database: the value is"));
  EXPECT_THAT(filter("new.extra == nil", event),
              ::testing::HasSubstr("s:1: new.extra was not sent by the database"));
  EXPECT_THAT(filter("new.flagg == nil", event),
              ::testing::HasSubstr("table 'orders' has no column 'flagg'; did you mean 'flag'?"));
  EXPECT_THAT(filter("new[1] == nil", event), ::testing::HasSubstr("columns are read by name"));
  EXPECT_EQ(transform("return new", event), "ok: {\"id\":1,\"note\":null,\"flag\":true}");
  EXPECT_EQ(transform("return copy(new)", event), "ok: {\"id\":1,\"note\":null,\"flag\":true}");
  EXPECT_EQ(transform("local t = {} for k, v in pairs(new) do t[#t+1] = k end return t", event),
            "ok: [\"id\",\"note\",\"flag\"]");
  EXPECT_EQ(filter("old == nil", event), "ok: true");
}

TEST(Rows, TheKeyOnlyOldRowSaysWhatToDo) {
  auto event = std::make_shared<Event>(
      *make_event({{"id", ValueKind::number, "1"}, {"status", ValueKind::text, "a"}},
                  {{"id", ValueKind::number, "1"}, {"status", ValueKind::absent, ""}}));
  event->old_complete = false;
  EXPECT_THAT(filter("old.status == 'x'", event), ::testing::HasSubstr("REPLICA IDENTITY FULL"));
  EXPECT_THAT(filter("changed.status", event), ::testing::HasSubstr("which columns changed is unknown"));
  EXPECT_EQ(filter("old.id == 1", event), "ok: true");
}

TEST(Rows, ChangedIsASet) {
  EXPECT_EQ(filter("changed.status and not changed.total"), "ok: true");
  EXPECT_EQ(transform("local t = {} for name in pairs(changed) do t[#t+1] = name end return t"),
            "ok: [\"status\"]");
  EXPECT_EQ(filter("changed.status", make_event({{"status", ValueKind::text, "x"}})), "ok: false");
  EXPECT_THAT(filter("changed.stat"), ::testing::HasSubstr("did you mean 'status'?"));
}

TEST(Rows, BytesAreBase64AndJsonIsNested) {
  const auto event = make_event(
      {{"data", ValueKind::bytes, std::string("\0\xff!", 3)},
       {"doc", ValueKind::json, R"({"b": [1, 2.50, null], "a": {}, "e": [], "n": null, "é": "\u00e9"})"},
       {"list", ValueKind::json, "[3, 4]"}});
  EXPECT_EQ(transform("return { d = new.data }", event), "ok: {\"d\":\"AP8h\"}");
  EXPECT_EQ(
      filter("new.doc.b[2] == 2.5 and #new.doc.b == 3 and new.doc.b[3] == null and new.doc.n == nil", event),
      "ok: true");
  EXPECT_EQ(filter("new.doc['é'] == 'é' and new.doc.missing == nil", event), "ok: true");
  EXPECT_EQ(filter("text.join(new.list, '-') == '3-4' and table.concat(new.list, '+') == '3+4'", event),
            "ok: true");
  EXPECT_EQ(filter("select('#', unpack(new.list)) == 2 and next(new.doc.e) == nil and next(new.doc.a) == nil",
                   event),
            "ok: true");
  EXPECT_EQ(filter("type(new.doc) == 'table' and type(null) == 'null' and type(new) == 'table'", event),
            "ok: true");
  EXPECT_EQ(
      transform("local s = 0 for i, v in ipairs(new.list) do s = s + i * v end return { s = s }", event),
      "ok: {\"s\":11}");
  EXPECT_EQ(transform("return { doc = new.doc }", event),
            "ok: {\"doc\":{\"b\": [1, 2.50, null], \"a\": {}, \"e\": [], \"n\": null, \"é\": \"\\u00e9\"}}");
  EXPECT_EQ(
      transform("return copy(new)", event),
      "ok: {\"data\":\"AP8h\",\"doc\":{\"b\": [1, 2.50, null], \"a\": {}, \"e\": [], \"n\": null, \"é\": "
      "\"\\u00e9\"},\"list\":[3, 4]}");
  EXPECT_EQ(transform("local t = copy(new.doc) t.a.x = 1 t.b[1] = 9 t.z = 0 return t", event),
            "ok: {\"b\":[9,2.50,null],\"a\":{\"x\":1},\"e\":[],\"n\":null,\"é\":\"\\u00e9\",\"z\":0}");
  EXPECT_EQ(transform("local t = copy(new.doc) t.b = nil t.e[1] = 1 return t", event),
            "ok: {\"a\":{},\"e\":[1],\"n\":null,\"é\":\"\\u00e9\"}");
  EXPECT_THAT(transform("new.doc.a = 1", event),
              ::testing::HasSubstr("refused: s:1: this value is read-only"));
  EXPECT_THAT(transform("table.insert(new.list, 1)", event),
              ::testing::HasSubstr("read-only value: copy(v) gives a table"));
}

TEST(Events, HaveTheMembersOfTheContract) {
  EXPECT_EQ(
      filter(
          "event.event_type == 'record_updated' and event.table == 'orders' and event.schema == 'public' and "
          "event.database == 'myapp' and event.source == 'shop' and event.record_id == 42 and event.seq == "
          "4711"),
      "ok: true");
  EXPECT_EQ(
      filter("event.event_id == event.trigger_id and event.user == nil and event.new_values.id == new.id and "
             "event.old_values.status == old.status and event.timestamp == '2025-08-05T10:00:00.123456Z'"),
      "ok: true");
  EXPECT_EQ(
      filter(
          "event.metadata.position == '0/16B3748' and event.metadata.tags[1] == 'critical' and "
          "event.changed_fields[1] == 'status' and event.metadata.old_complete and event.change_type == nil"),
      "ok: true");
  EXPECT_THAT(filter("event.tabel == 'x'"), ::testing::HasSubstr("did you mean 'event.table'?"));
  EXPECT_EQ(transform("return event"), "ok: " + event_json(*order_event()));
  EXPECT_EQ(transform("return copy(event)"), "ok: " + event_json(*order_event()));
}

TEST(Events, SchemaChangesCarryTheirDetail) {
  auto event = std::make_shared<Event>(*order_event());
  event->type = event_type::schema_changed;
  event->detail = R"("change_type":"ALTER","ddl_statement":null)";
  EXPECT_EQ(filter("event.change_type == 'ALTER' and event.ddl_statement == nil", event), "ok: true");
}

TEST(Items, AreReadOnlyJson) {
  const auto item =
      std::make_shared<const Item>(std::string(R"({"id":9007199254740993,"total":1.10,"none":null})"));
  EXPECT_EQ(transform("return item", order_event(), item),
            R"(ok: {"id":9007199254740993,"total":1.10,"none":null})");
  EXPECT_EQ(transform("return { a = item.id, b = item.total, c = item.none == nil }", order_event(), item),
            R"(ok: {"a":9007199254740993,"b":1.10,"c":true})");
  const auto event = order_event();
  EXPECT_EQ(transform("return item", event, std::make_shared<const Item>(event)),
            "ok: " + event_json(*event));
  EXPECT_EQ(transform("return { t = item.table, p = item.metadata.position }", event,
                      std::make_shared<const Item>(event)),
            R"(ok: {"p":"0/16B3748","t":"orders"})");
}

}  // namespace
}  // namespace rowhook::testing
