#include <gmock/gmock.h>

#include "engine/base/errors.h"
#include "engine/db/condition.h"

namespace rowhook {
namespace {

using ::testing::HasSubstr;

struct Slip {
  std::string_view condition;
  std::string_view message;  // what() contains it
  std::string_view advice;   // hint() contains it
};

TEST(ConditionErrors, NamePlaceAndRemedy) {
  const Slip slips[] = {
      {"", "column 1: the condition is empty", "status = 'paid'"},
      {"status = AND", "column 10: expected a column or a literal after '=', found 'AND'", "double quotes"},
      {"status =", "column 9: expected a column or a literal after '=', found the end", ""},
      {"status == 'a'", "column 8: '==' is not understood", "write = to compare"},
      {"a = 1 && b = 2", "column 7: '&&'", "write AND"},
      {"a = 1 || b = 2", "column 7: '||'", "write OR"},
      {"!a", "column 1: '!'", "NOT"},
      {"a = 1 + 2", "column 7: '+'", "Lua"},
      {"a = 1; DROP TABLE x", "column 6: ';'", "one expression"},
      {"a = 1 -- x", "column 7: '--'", "comments"},
      {"a::int = 1", "column 2: '::'", "casts"},
      {"`a` = 1", "column 1: '`'", "\"name\""},
      {"a = $1", "column 5: '$'", "parameters"},
      {"lower(a) = 'x'", "column 1: functions", "Lua"},
      {"a = 'x", "column 5: the quote ' is never closed", "twice"},
      {"a = 5x", "column 5: '5x' is not a number", "quotes"},
      {"a = 1.2.3", "column 5: '1.2.' is not a number", ""},
      {"a = x'0'", "column 5: bytes", "0aff"},
      {"a IN ()", "column 7: expected a column or a literal", ""},
      {"a IN 1", "column 6: expected '('", "IN ("},
      {"a IN (1, 2", "column 11: expected ',' or ')'", ""},
      {"a BETWEEN 1", "column 12: expected AND", "BETWEEN 10 AND 20"},
      {"a LIKE 'x' ESCAPE 'xy'", "column 19: expected one character", ""},
      {"a ILIKE 'x'", "column 3: expected LIKE", "Lua"},
      {"a IS 5", "column 6: expected NULL", "="},
      {"a NOT 5", "column 7: expected IN, LIKE or BETWEEN", ""},
      {"a < b < c", "column 7: expected AND, OR or the end", "chained"},
      {"(a = 1) = true", "column 2: expected a column or a literal, found a condition", ""},
      {"a = 1 AND 5", "column 11: '5' is not a condition", "compare"},
      {"a = 1 b", "column 7: expected AND, OR or the end after '1', found 'b'", ""},
      {"(a = 1", "column 7: expected AND, OR or ')'", ""},
      {"a = 1)", "column 6: expected AND, OR or the end", ""},
      {"a = \"\"", "column 5: a column name is empty", ""},
      {"a.", "column 3: expected a name", ""},
      {"a = 1e9999999999", "column 5: the exponent", ""},
      {"a = \x01", "column 5: this character", ""}};
  for (const auto& slip : slips) {
    try {
      Condition::parse(slip.condition);
      ADD_FAILURE() << "accepted: " << slip.condition;
    } catch (const InvalidInput& error) {
      EXPECT_THAT(error.what(), HasSubstr(std::string(slip.message))) << slip.condition;
      EXPECT_THAT(error.hint(), HasSubstr(std::string(slip.advice))) << slip.condition;
      ASSERT_EQ(error.problems().size(), 1U);
      EXPECT_THAT(error.problems().front().detail, HasSubstr(std::string(slip.message)));
    }
  }
}

TEST(ConditionErrors, DepthAndLengthAreLimited) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "a = 1" + std::string(depth, ')');
  };
  EXPECT_NO_THROW(Condition::parse(nested(Condition::max_depth)));
  EXPECT_THROW(Condition::parse(nested(Condition::max_depth + 1)), InvalidInput);
  std::string nots;
  for (int i = 0; i < 3000; ++i) nots += "NOT ";
  EXPECT_THROW(Condition::parse(nots + "a"), InvalidInput);
  EXPECT_THROW(Condition::parse("a = '" + std::string(Condition::max_length, 'x') + "'"), InvalidInput);
  std::string wide = "a = 0";
  for (int i = 1; i < 1000; ++i) wide += " OR a = " + std::to_string(i);
  EXPECT_NO_THROW(Condition::parse(wide)) << "long is fine, deep is not";
}

}  // namespace
}  // namespace rowhook
