#include "workflows/sql_statement.h"

#include <gtest/gtest.h>

#include "engine/base/errors.h"
#include "workflows/sql_apply.h"

using namespace rowhook;

namespace {

TEST(SqlStatement, StatementsAreCountedOutsideOfStringsAndComments) {
  const auto count = [](const char* sql) { return scan_sql(sql).statements; };
  EXPECT_EQ(count("SELECT 1"), 1U);
  EXPECT_EQ(count("SELECT 1;"), 1U);
  EXPECT_EQ(count("SELECT 1; -- done;\n /* ; */ ;"), 1U);
  EXPECT_EQ(count("SELECT ';' || \"a;b\" || $$;$$ || $t$ $$ ; $t$ || E'\\';'"), 1U);
  EXPECT_EQ(count("SELECT 'it''s; one'"), 1U);
  EXPECT_EQ(count("SELECT 1; DELETE FROM a"), 2U);
  EXPECT_EQ(count("SELECT 'a'; -- x\nSELECT 2;;SELECT 3"), 3U);
  EXPECT_EQ(count("/* /* nested */ ; */ SELECT 1"), 1U);
  EXPECT_EQ(count("  -- nothing"), 0U);
}

TEST(SqlStatement, ParametersAndTheFirstWordAreFound) {
  EXPECT_EQ(scan_sql("INSERT INTO a VALUES ($1, $12, '$99', $2)").parameters, 12U);
  EXPECT_EQ(scan_sql("select $tag$ $7 $tag$").parameters, 0U);
  EXPECT_EQ(scan_sql("/* a */ insert into b").first_word, "INSERT");
  EXPECT_EQ(scan_sql("(SELECT 1)").first_word, "SELECT");
}

TEST(SqlStatement, WhatDoesNotEndIsAFault) {
  EXPECT_EQ(scan_sql("SELECT 'a").fault, "a string does not end");
  EXPECT_EQ(scan_sql("SELECT \"a").fault, "a quoted name does not end");
  EXPECT_EQ(scan_sql("SELECT /* a").fault, "a comment does not end");
  EXPECT_EQ(scan_sql("SELECT $x$ a").fault, "a string in $x$ does not end");
  EXPECT_EQ(scan_sql("SELECT 'a\\'").fault, "");  // a backslash is a character like any other
}

TEST(SqlValues, ParametersKeepTheirDigitsWhereTheDatabaseCan) {
  const std::vector<Document> values{Document::parse("null"),
                                     Document::parse("true"),
                                     Document::parse("9007199254740993"),
                                     Document::parse("0.1000000000000000000001"),
                                     Document("text"),
                                     Document::parse(R"({"a":[1]})"),
                                     Document::parse("18446744073709551616")};
  const SqlParams postgres = sql_params(values, Dialect::postgres);
  EXPECT_EQ(postgres[0], SqlValue(nullptr));
  EXPECT_EQ(postgres[1], SqlValue(std::int64_t{1}));
  EXPECT_EQ(postgres[2], SqlValue(std::int64_t{9007199254740993}));
  EXPECT_EQ(postgres[3], SqlValue(std::string("0.1000000000000000000001")));
  EXPECT_EQ(postgres[4], SqlValue(std::string("text")));
  EXPECT_EQ(postgres[5], SqlValue(std::string(R"({"a":[1]})")));
  EXPECT_EQ(postgres[6], SqlValue(std::string("18446744073709551616")));
  EXPECT_EQ(sql_params(values, Dialect::sqlite)[3], SqlValue(0.1));
}

TEST(SqlValues, ResultsAreJson) {
  SqlResult result;
  result.columns = {"a", "b\"", "c"};
  result.rows = {{std::int64_t{1}, std::string("x"), nullptr}, {2.5, Bytes{"\x01\x02"}, std::string("")}};
  result.affected = 2;
  EXPECT_EQ(sql_result_json(result, 2),
            R"({"rows":[{"a":1,"b\"":"x","c":null},{"a":2.5,"b\"":"AQI=","c":""}],"affected":2})");
  EXPECT_THROW(sql_result_json(result, 1), PermanentError);
}

}  // namespace
