// Text forms of PostgreSQL's types to values.
#include <gmock/gmock.h>

#include "engine/capture/postgres_logical/array_text.h"
#include "engine/capture/postgres_logical/column_type.h"
#include "engine/capture/postgres_logical/text_form.h"
#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

// The value as JSON, its kind in front.
std::string value(const ColumnType& type, std::string_view text) {
  RowWriter row;
  std::string scratch;
  write_column(row, type, text, scratch);
  const std::string bytes = row.take();
  const Value read = value_at(bytes, 0);
  std::string out(1, static_cast<char>('0' + static_cast<int>(read.kind)));
  write_json_value(out, read);
  return out;
}
std::string value(TextForm form, std::string_view text) {
  return value(ColumnType{.name = "", .form = form}, text);
}
std::string array(TextForm element, std::string_view text, char delimiter = ',') {
  return value(ColumnType{.name = "", .form = TextForm::array, .element = element, .delimiter = delimiter},
               text);
}

TEST(ColumnValues, NumbersKeepEveryDigit) {
  EXPECT_EQ(value(TextForm::integer, "-9223372036854775808"), "5-9223372036854775808");
  EXPECT_EQ(value(TextForm::decimal, "0.1000000000000000000001"), "50.1000000000000000000001");
  EXPECT_EQ(value(TextForm::decimal, "1e+300"), "51e+300");
  EXPECT_EQ(value(TextForm::decimal, std::string(400, '9')), "5" + std::string(400, '9'));
  for (const std::string text :
       {"NaN", "Infinity", "-Infinity", "", "-", "007", "+1", ".5", "1.", "1e", "0x10", "1 "})
    EXPECT_EQ(value(TextForm::decimal, text), "6\"" + text + "\"");
}

TEST(ColumnValues, BooleansBytesAndText) {
  EXPECT_EQ(value(TextForm::boolean, "t"), "4true");
  EXPECT_EQ(value(TextForm::boolean, "f"), "3false");
  EXPECT_EQ(value(TextForm::bytes, "\\x00ff10"), "7\"AP8Q\"");
  EXPECT_EQ(value(TextForm::bytes, "\\x"), "7\"\"");
  EXPECT_EQ(value(TextForm::bytes, "\\x0"), "6\"\\\\x0\"");
  EXPECT_EQ(value(TextForm::bytes, "\\xgg"), "6\"\\\\xgg\"");
  EXPECT_EQ(value(TextForm::text, "24:00:00"), "6\"24:00:00\"");
}

TEST(ColumnValues, InstantsAsRfc3339UnlessItCannotSayThem) {
  EXPECT_EQ(value(TextForm::instant, "2024-02-29 10:00:00+00"), "6\"2024-02-29T10:00:00.000000Z\"");
  EXPECT_EQ(value(TextForm::instant, "2024-02-29 10:00:00.5+00"), "6\"2024-02-29T10:00:00.500000Z\"");
  EXPECT_EQ(value(TextForm::instant, "2024-02-29 10:00:00.123456+00"), "6\"2024-02-29T10:00:00.123456Z\"");
  for (const std::string text :
       {"infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "12345-01-01 00:00:00+00",
        "2024-02-29 10:00:00+02", "2024-02-29 10:00:00.+00", "2024-02-29 10:00:00.1234567+00", "+00"})
    EXPECT_EQ(value(TextForm::instant, text), "6\"" + text + "\"");
}

TEST(ColumnValues, JsonAsItIsOnOneLine) {
  EXPECT_EQ(value(TextForm::json, R"({"a":1e400,"b":[null]})"), R"(8{"a":1e400,"b":[null]})");
  EXPECT_EQ(value(TextForm::json, "{\n \"a\" :\r\n1}"), "8{  \"a\" :  1}");
  EXPECT_EQ(value(TextForm::json, "{\"\xc3\xa9\":\"\xe6\x97\xa5\"}"), "8{\"\xc3\xa9\":\"\xe6\x97\xa5\"}");
  EXPECT_EQ(value(TextForm::json, "\"caf\xe9\""), "8\"caf\xef\xbf\xbd\"") << "SQL_ASCII holds any byte";
}

TEST(ColumnValues, Arrays) {
  EXPECT_EQ(array(TextForm::integer, "{1,NULL,-3}"), "8[1,null,-3]");
  EXPECT_EQ(array(TextForm::integer, "{{1,2},{3,NULL}}"), "8[[1,2],[3,null]]");
  EXPECT_EQ(array(TextForm::integer, "[0:1][5:5]={{1},{2}}"), "8[[1],[2]]");
  EXPECT_EQ(array(TextForm::text, "{}"), "8[]");
  EXPECT_EQ(array(TextForm::text, R"({"a b","c\"d","e\\f",NULL,"NULL","",plain})"),
            R"(8["a b","c\"d","e\\f",null,"NULL","","plain"])");
  EXPECT_EQ(array(TextForm::decimal, "{0.10,NaN,1e+20}"), R"(8[0.10,"NaN",1e+20])");
  EXPECT_EQ(array(TextForm::boolean, "{t,f,NULL}"), "8[true,false,null]");
  EXPECT_EQ(array(TextForm::bytes, R"({"\\x00ff"})"), "8[\"AP8=\"]");
  EXPECT_EQ(array(TextForm::instant, R"({"2024-02-29 10:00:00+00",infinity})"),
            R"(8["2024-02-29T10:00:00.000000Z","infinity"])");
  EXPECT_EQ(array(TextForm::json, R"({"{\"a\": [1, 2]}","null"})"), R"(8[{"a": [1, 2]},null])");
  EXPECT_EQ(array(TextForm::text, "{(3,4),(1,2);(1,1),(0,0)}", ';'), R"x(8["(3,4),(1,2)","(1,1),(0,0)"])x");
}

TEST(ColumnValues, WhatIsNoArrayStaysText) {
  for (const std::string text : {"", "{", "}", "{1", "{1,}", "{,1}", "{1}2", "{{1}", "{1}}", "{\"a}",
                                 "{\"a\\", "[1:2]", "[0:1]{1}", "1 2 3", "{1{2}}", "{{{{{{{1}}}}}}}"})
    EXPECT_EQ(array(TextForm::integer, text).front(), '6') << text;
}

TEST(ColumnValues, BuiltInTypes) {
  EXPECT_EQ(builtin_type(20).form, TextForm::integer);
  EXPECT_EQ(builtin_type(1231).form, TextForm::array);
  EXPECT_EQ(builtin_type(1231).element, TextForm::decimal);
  EXPECT_EQ(builtin_type(1184).name, "timestamp with time zone");
  EXPECT_EQ(builtin_type(16999).form, TextForm::text);
  EXPECT_EQ(scalar_form(790), TextForm::text) << "money";
}

}  // namespace
}  // namespace rowhook
