#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "web/server/api.h"

namespace rowhook {
namespace {

Json body_of(const std::exception& error, int expected) {
  const ApiResponse response = problem_response(error);
  EXPECT_EQ(response.status, expected);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const Json body = Json::parse(response.body);
  EXPECT_EQ(body["status"], expected);
  EXPECT_TRUE(body["errors"].is_array());
  EXPECT_TRUE(body["type"].get<std::string>().starts_with("urn:rowhook:problem:"));
  return body;
}

TEST(Problem, EachErrorHasItsStatus) {
  const Json invalid =
      body_of(InvalidInput("it is wrong", {{"/a", "must be b"}, {"/c", "is missing"}}, "write b"), 422);
  EXPECT_EQ(invalid["detail"], "it is wrong");
  EXPECT_EQ(invalid["hint"], "write b");
  EXPECT_EQ(invalid["errors"],
            Json::parse(R"([{"pointer":"/a","detail":"must be b"},{"pointer":"/c","detail":"is missing"}])"));
  body_of(NotFound("nothing"), 404);
  body_of(Conflict("changed"), 409);
  body_of(TransientError("later"), 503);
  EXPECT_EQ(problem_response(TransientError("later")).header("Retry-After"), "1");
  body_of(PermanentError("broken"), 500);
  body_of(bad_request("malformed"), 400);
  EXPECT_EQ(body_of(HttpError(428, "precondition-required", "send it"), 428)["title"],
            "Precondition Required");
}

TEST(Problem, TellsNothingOfForeignErrors) {
  const Json body = body_of(std::runtime_error("password=hunter2"), 500);
  EXPECT_EQ(body.dump().find("hunter2"), std::string::npos);
}

TEST(Problem, AnyTextMakesValidJson) {
  const Json body =
      body_of(InvalidInput("a \"quote\" \n and \xff bytes", {{"/\x01", "<img onerror=x>"}}), 422);
  EXPECT_NE(body["detail"].get<std::string>().find("\"quote\" \n"), std::string::npos);
}

}  // namespace
}  // namespace rowhook
