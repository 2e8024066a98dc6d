#include "engine/event/document.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "engine/base/errors.h"
#include "tests/support/sample_events.h"

namespace rowhook::testing {
namespace {

TEST(Document, KeepsDigitsAndOrder) {
  for (const std::string text :
       {R"({"b":9007199254740993.0001,"a":[1e400,-0,0.10],"c":{"z":null,"y":true,"x":false},"d":"\u20ac"})",
        "[]", "{}", "12345678901234567890", R"("text")", "true", "null", "[[[]],{}]"}) {
    const std::string expected = text.find("\\u20ac") == std::string::npos
                                     ? text
                                     : std::string(text).replace(text.find("\\u20ac"), 6, "\xe2\x82\xac");
    EXPECT_EQ(Document::parse(text).text(), expected);
  }
}

TEST(Document, WhitespaceAroundScalarsIsFine) {
  EXPECT_EQ(Document::parse(" 1 ").text(), "1");
  EXPECT_EQ(Document::parse("\n\t\"a\" ").text(), "\"a\"");
  EXPECT_EQ(Document::parse("[ 1 , 2.50 ]").text(), "[1,2.50]");
}

TEST(Document, RefusesWhatIsNotJson) {
  for (const char* bad : {"",      " ",   "1]",       "]",           "1,2",      "1,",          ",1",
                          "[1,]",  "[1",  "{\"a\"}",  "{\"a\":1,}",  "{a:1}",    "01",          "1.",
                          ".5",    "+1",  "-",        "1e",          "nul",      "nulll",       "truefalse",
                          "tru",   "\"a", "\"\\x\"",  "\"\\ud800\"", "\"\x01\"", "\"\xff\"",    "[1] 2",
                          "{} {}", "NaN", "Infinity", "'a'",         "//c\n1",   "\"a\" \"b\"", "1 2"})
    EXPECT_THROW(Document::parse(bad), InvalidInput) << bad;
}

// Whatever bytes come: accepted exactly when nlohmann::json accepts them, and then with the same meaning.
TEST(Document, AgreesWithAnotherParser) {
  std::mt19937 random(5);
  const std::string seeds[] = {
      R"({"a":[1,2.5,"x\n",null,true],"b":{"c":-1e5}})", "[1]", "3", R"("s")", "true", "[{},[],null]"};
  const std::string alphabet = "{}[]\",:0123456789.eE+-tfnuarlsx\\ \n";
  for (int round = 0; round < 20000; ++round) {
    std::string text = seeds[random() % std::size(seeds)];
    for (auto edits = random() % 3; edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        default:
          text.erase(at, 1);
      }
    }
    std::optional<Document> parsed;
    try {
      parsed = Document::parse(text);
    } catch (const InvalidInput&) {
    }
    ASSERT_EQ(parsed.has_value(), nlohmann::json::accept(text)) << text;
    if (!parsed) continue;
    EXPECT_EQ(Document::parse(parsed->text()), *parsed) << text;
    try {
      const auto expected = nlohmann::ordered_json::parse(text);
      EXPECT_EQ(nlohmann::ordered_json::parse(parsed->text()), expected) << text;
    } catch (const nlohmann::json::out_of_range&) {
      // A number no double holds: ours keeps its digits.
    }
  }
}

TEST(Document, DepthIsLimited) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_NO_THROW(Document::parse(nested(64)));
  EXPECT_THROW(Document::parse(nested(66)), InvalidInput);
  EXPECT_THROW(Document::parse(nested(5000)), InvalidInput);
}

TEST(Document, Paths) {
  Document document = Document::parse(R"({"a":{"b":[10,{"c":1}]},"":2})");
  EXPECT_EQ(document.find_path("a.b.1.c")->text(), "1");
  EXPECT_EQ(document.find_path("a.b.2"), nullptr);
  EXPECT_EQ(document.find_path("a.b.x"), nullptr);
  EXPECT_EQ(document.find_path("a.b.0.c"), nullptr);
  EXPECT_EQ(document.find_path(""), &document);
  document.set_path("a.n.m", Document::Number{"0.10"});
  EXPECT_EQ(document.find_path("a.n")->text(), R"({"m":0.10})");
  document.set_path("a.n.m", Document(true));
  EXPECT_EQ(document.find_path("a.n.m")->text(), "true");
  EXPECT_THROW(document.set_path("a.n.m.x", Document()), PermanentError);
}

TEST(Item, IsTheEventUntilItIsSomethingElse) {
  const Item event(std::make_shared<const Event>(order_inserted(orders_shape(), 1, 0, 42)));
  ASSERT_NE(event.event(), nullptr);
  EXPECT_EQ(event.document().find_path("new_values.total")->text(), "42.50");
  const Item text(std::string(R"({"a":1.0})")), made(Document::parse(R"({"a":1.0})"));
  EXPECT_EQ(text.document(), made.document());
  EXPECT_EQ(made.json(), text.json());
  EXPECT_EQ(made.event(), nullptr);
}

}  // namespace
}  // namespace rowhook::testing
