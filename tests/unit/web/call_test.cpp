#include "web/server/call.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rowhook {
namespace {

int match_status(std::string_view header, bool required) {
  ApiRequest request;
  if (header.data() != nullptr) request.headers.add("If-Match", header);
  try {
    check_if_match(request, 7, required);
    return 200;
  } catch (const HttpError& error) {
    return error.status();
  }
}

TEST(Call, IfMatchComparesRevisions) {
  EXPECT_EQ(match_status({}, true), 428);
  EXPECT_EQ(match_status({}, false), 200);
  EXPECT_EQ(match_status("\"7\"", true), 200);
  EXPECT_EQ(match_status("\"6\", \"7\"", true), 200);
  EXPECT_EQ(match_status("*", true), 200);
  EXPECT_EQ(match_status("\"6\"", true), 412);
  EXPECT_EQ(match_status("\"6\"", false), 412);
  EXPECT_EQ(match_status("W/\"7\"", true), 412) << "a weak tag never matches (RFC 9110, 13.1.1)";
  EXPECT_EQ(match_status("", true), 412);
}

TEST(Call, BodiesAreJsonWithAPlaceInTheError) {
  ApiRequest request;
  EXPECT_THROW(json_body(request), HttpError);
  EXPECT_EQ(json_body(request, true), Json::object());
  request.body = "{\"a\":\n1,}";
  try {
    json_body(request);
    FAIL();
  } catch (const HttpError& error) {
    EXPECT_EQ(error.status(), 400);
    EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
  }
  request.body = std::string(80, '[') + std::string(80, ']');
  EXPECT_THROW(json_body(request), HttpError);
  EXPECT_THROW(exact_body(request), HttpError);
  request.body = "{\"a\":1,\"a\":2}";
  EXPECT_THROW(json_body(request), HttpError);
}

TEST(Call, ObjectsKeepRawTextAsItIs) {
  std::string out;
  JsonObject json(out);
  json.text("a", "\"\n");
  json.raw("b", "9007199254740993.0001");
  json.raw("c", "");
  json.number("d", 0.1);
  json.number("e", std::uint64_t{18446744073709551615U});
  json.time("f", 0);
  json.text_or_null("g", "");
  json.boolean("h", true);
  json.close();
  EXPECT_EQ(
      out,
      R"({"a":"\"\n","b":9007199254740993.0001,"c":null,"d":0.1,"e":18446744073709551615,"f":null,"g":null,"h":true})");
}

TEST(Call, ListsHaveItemsCursorAndTotal) {
  EXPECT_EQ(ListBody().finish(std::nullopt, 0).body, R"({"items":[],"next_cursor":null,"total":0})");
  ListBody list;
  list.item() += "1";
  list.item() += "2";
  EXPECT_EQ(std::move(list).finish("x", 5).body, R"({"items":[1,2],"next_cursor":"x","total":5})");
}

}  // namespace
}  // namespace rowhook
