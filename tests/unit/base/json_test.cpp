#include "engine/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

std::string message_of(std::string_view text, bool comments = false) {
  try {
    parse_json(text, comments);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(Json, ErrorsNameLineAndColumn) {
  EXPECT_THAT(message_of("{\n  \"a\": 1,\n  oops\n}"), ::testing::HasSubstr("line 3, column 3"));
}

TEST(Json, CommentsOnlyWhereAllowed) {
  EXPECT_EQ(parse_json("{\"a\": 1 // one\n}", true).at("a"), 1);
  EXPECT_NE(message_of("{\"a\": 1 // one\n}"), "");
}

TEST(Json, ARepeatedKeyIsAnError) { EXPECT_THAT(message_of(R"({"a":{"b":1,"b":2}})"), ::testing::HasSubstr("'b'")); }

TEST(Json, DepthIsLimited) {
  EXPECT_EQ(message_of(std::string(60, '[') + std::string(60, ']')), "");
  EXPECT_THAT(message_of(std::string(100000, '[')), ::testing::HasSubstr("64"));
}

TEST(Json, PointersAreEscaped) {
  EXPECT_EQ(pointer_append("/a", "b/c~d"), "/a/b~1c~0d");
  EXPECT_EQ(pointer_append("", std::size_t{3}), "/3");
}

TEST(Json, NearestName) {
  const std::vector<std::string> names{"method", "batch_size", "polling_interval"};
  EXPECT_EQ(nearest_name("metod", names), "method");
  EXPECT_EQ(nearest_name("zzzzzz", names), "");
}

}  // namespace
}  // namespace rowhook
