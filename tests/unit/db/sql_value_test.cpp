#include <gtest/gtest.h>

#include "engine/db/connection.h"
#include "engine/db/postgres_connection.h"

namespace rowhook {
namespace {

TEST(SqlValue, ReadsIntegers) {
  EXPECT_EQ(as_int(SqlValue{nullptr}), 0);
  EXPECT_EQ(as_int(SqlValue{std::int64_t{7}}), 7);
  EXPECT_EQ(as_int(SqlValue{std::string("-9223372036854775808")}), INT64_MIN);
  EXPECT_EQ(as_int(SqlValue{3.0}), 3);
  EXPECT_THROW(as_int(SqlValue{3.5}), PermanentError);
  EXPECT_THROW(as_int(SqlValue{9223372036854775808.0}), PermanentError);
  EXPECT_THROW(as_int(SqlValue{std::string("9223372036854775808")}), PermanentError);
  EXPECT_THROW(as_int(SqlValue{std::string("7 ")}), PermanentError);
  EXPECT_THROW(as_int(SqlValue{Bytes{"7"}}), PermanentError);
}

TEST(SqlValue, ReadsTextAndBooleans) {
  EXPECT_EQ(as_text(SqlValue{nullptr}), "");
  EXPECT_EQ(as_text(SqlValue{0.1}), "0.1");
  EXPECT_TRUE(as_bool(SqlValue{std::string("t")}));
  EXPECT_TRUE(as_bool(SqlValue{std::int64_t{1}}));
  EXPECT_FALSE(as_bool(SqlValue{nullptr}));
  EXPECT_FALSE(as_bool(SqlValue{std::string("false")}));
  EXPECT_THROW(as_bool(SqlValue{std::string("maybe")}), PermanentError);
}

TEST(PostgresArray, QuotesWhatIsSpecial) {
  PostgresArray array;
  array.add(std::string_view("a\"b\\c,{}"));
  array.add_null();
  array.add(std::string_view("NULL"));
  EXPECT_EQ(array.take(), R"({"a\"b\\c,{}",NULL,"NULL"})");
  array.add(std::int64_t{5});
  array.add(0.5);
  EXPECT_EQ(array.take(), "{5,0.5}");
  EXPECT_EQ(array.take(), "{}");
}

}  // namespace
}  // namespace rowhook
