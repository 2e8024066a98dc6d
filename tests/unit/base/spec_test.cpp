#include "engine/base/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowhook {
namespace {

using nlohmann::json;

Spec sample() {
  return Spec{Field::text("url", "Where to").length(1, 10).required(),
              Field::integer("port", "TCP port").range(1, 65535).fallback(80),
              Field::choice("mode", "How", {"fast", "safe"}).fallback("safe"),
              Field::duration("timeout", "How long").fallback("30s"),
              Field::list("tags", "Words", Field::text("tag", "A word").pattern("[a-z]+", "write lower case letters")),
              Field::map("headers", "HTTP headers", Field::text("value", "A value")),
              Field::object("auth", "Login", Spec{Field::text("password", "Secret").secret()}),
              Field::text("note", "Free").nullable()};
}

std::vector<Problem> problems_of(const json& value) {
  std::vector<Problem> problems;
  sample().check(value, "/config", problems);
  return problems;
}

TEST(Spec, FillsDefaultsAndKeepsWhatWasGiven) {
  const json out = sample().parse({{"url", "x"}, {"note", nullptr}}, "sample");
  EXPECT_EQ(out, (json{{"url", "x"}, {"port", 80}, {"mode", "safe"}, {"timeout", "30s"}, {"note", nullptr}}));
}

TEST(Spec, EachFaultHasItsPointer) {
  const auto expect = [](const json& value, const std::string& pointer, const std::string& part) {
    const auto problems = problems_of(value);
    ASSERT_EQ(problems.size(), 1U) << value;
    EXPECT_EQ(problems[0].pointer, pointer);
    EXPECT_THAT(problems[0].detail, ::testing::HasSubstr(part));
  };
  expect(json::object(), "/config/url", "is missing");
  expect({{"url", 1}}, "/config/url", "expected text, found number");
  expect({{"url", "x"}, {"port", 0}}, "/config/port", "outside 1 to 65535");
  expect({{"url", "x"}, {"port", 1.5}}, "/config/port", "expected an integer");
  expect({{"url", "x"}, {"port", UINT64_MAX}}, "/config/port", "outside");
  expect({{"url", "x"}, {"mode", "quick"}}, "/config/mode", "fast or safe");
  expect({{"url", "x"}, {"timeout", "30"}}, "/config/timeout", "500ms, 30s");
  expect({{"url", "x"}, {"tags", {"ok", "No"}}}, "/config/tags/1", "lower case");
  expect({{"url", "x"}, {"headers", {{"a/b", 1}}}}, "/config/headers/a~1b", "expected text");
  expect({{"url", "x"}, {"auth", {{"pasword", "p"}}}}, "/config/auth/pasword", "did you mean 'password'?");
  expect({{"url", "longer than ten"}}, "/config/url", "1 to 10");
  expect(json::array(), "/config", "expected an object");
}

TEST(Spec, LengthCountsCharactersNotBytes) { EXPECT_TRUE(problems_of({{"url", "äöüäöüäöüä"}}).empty()); }

TEST(Spec, SchemaSaysTheSame) {
  const json schema = sample().schema();
  EXPECT_EQ(schema["required"], json::array({"url"}));
  EXPECT_EQ(schema["properties"]["port"]["maximum"], 65535);
  EXPECT_EQ(schema["properties"]["auth"]["properties"]["password"]["writeOnly"], true);
  EXPECT_EQ(schema["properties"]["note"]["type"], json::array({"string", "null"}));
}

TEST(Spec, ReferenceListsNestedObjects) {
  EXPECT_THAT(sample().markdown("http"), ::testing::AllOf(::testing::HasSubstr("| `port` | integer | `80` | TCP port |"),
                                                         ::testing::HasSubstr("### `http.auth`")));
}

TEST(Spec, SecretsAreNeverShown) {
  EXPECT_EQ(sample().redact({{"url", "x"}, {"auth", {{"password", "p"}}}}).dump(), R"({"auth":{"password":"***"},"url":"x"})");
}

}  // namespace
}  // namespace rowhook
