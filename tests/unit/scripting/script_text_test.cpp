#include "scripting/script_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripting/library_files.h"
#include "scripting/library_spec.h"
#include "scripting/lua_lexer.h"
#include "scripting/script_engine.h"

namespace rowhook {
namespace {

std::vector<std::string> tokens(std::string_view source) {
  std::vector<std::string> texts;
  for (const auto& token : lua_tokens(source)) texts.emplace_back(token.text);
  return texts;
}

TEST(LuaLexer, SplitsLikeLua) {
  EXPECT_THAT(tokens("a.b==c..d -- e\nf~=1.5e+3 '--x' [[y\nz]] --[==[ no ]] ]==] g"),
              ::testing::ElementsAre("a", ".", "b", "==", "c", "..", "d", "f", "~=", "1.5e+3", "'--x'",
                                     "[[y\nz]]", "g"));
  EXPECT_THAT(
      tokens("t[1]=0xFFp-2 \"a\\\"b\" ... ::l::"),
      ::testing::ElementsAre("t", "[", "1", "]", "=", "0xFFp-2", "\"a\\\"b\"", "...", "::", "l", "::"));
}

TEST(LuaLexer, CountsLines) {
  const auto list = lua_tokens("a\n--[[\n\n]] b\n[[\n]] c 'x\\\ny' d");
  ASSERT_EQ(list.size(), 6U);
  EXPECT_EQ(list[1].line, 4);
  EXPECT_EQ(list[3].line, 6);
  EXPECT_EQ(list[5].line, 7);
}

TEST(LuaLexer, EndsAtWhatCannotBeRead) {
  for (const char* text : {"a 'x", "a \"x\n\"", "a [[x", "a --[[x", "a [==[ ]=]"}) {
    const auto list = lua_tokens(text);
    ASSERT_FALSE(list.empty());
    EXPECT_EQ(list.back().kind, LuaToken::Kind::bad) << text;
  }
}

TEST(ScriptText, MakesLongLiteralsExact) {
  const std::string exact(exact_literal);
  EXPECT_EQ(read_script_text("x == 9007199254740993").text, "x == " + exact + "\"9007199254740993\"");
  EXPECT_EQ(read_script_text("return {42LL, 1ull, 0xffLL}").text,
            "return {" + exact + "\"42\", " + exact + "\"1\", " + exact + "\"255\"}");
  EXPECT_EQ(read_script_text("0.1000000000000000000001").text, exact + "\"0.1000000000000000000001\"");
  for (const char* same :
       {"0.1", "1e300", "9007199254740992", "0xffffffff", "'9007199254740993'", "-- 9007199254740993",
        "x9007199254740993", "1.7976931348623157e308", ".5", "5.", "3."})
    EXPECT_EQ(read_script_text(same).text, same);
  EXPECT_TRUE(read_script_text("return 3i").problem);
}

TEST(ScriptText, FindsModules) {
  EXPECT_THAT(read_script_text(
                  "local a = require('x') require \"y\" require[[z]] require('x') t.require('n') require(v)")
                  .modules,
              ::testing::ElementsAre("x", "y", "z"));
  EXPECT_THAT(make_script(ScriptKind::filter, "f", "require('m').f(new)")->modules,
              ::testing::ElementsAre("m"));
}

TEST(ScriptText, SeesComparisonsWithNull) {
  for (const char* wrong : {"new.a == null", "old.a ~= null", "null == new.a", "x and new.a==null or y"}) {
    ASSERT_TRUE(read_script_text(wrong).problem) << wrong;
    EXPECT_THAT(read_script_text(wrong).problem->second, ::testing::HasSubstr("compare with nil"));
  }
  for (const char* right : {"new.a == nil", "t.a == null", "new.a.b == null", "x.new.a == null", "{a = null}",
                            "null == new.a.b", "new.list[1] == null"})
    EXPECT_FALSE(read_script_text(right).problem) << right;
  EXPECT_EQ(read_script_text("\n\nnew.a == null").problem->first, 3);
}

TEST(ScriptText, TellsChunksFromExpressions) {
  EXPECT_FALSE(read_script_text("new.a == 1").statements);
  EXPECT_TRUE(read_script_text("return new.a == 1").statements);
  EXPECT_TRUE(read_script_text("local a = 1").statements);
  EXPECT_EQ(read_script_text("\nreturn 1").only_return, 2);
  EXPECT_EQ(read_script_text("if x then return 1 end return 2").only_return, 0);
}

TEST(ScriptIds, ChangeWithEveryPart) {
  const auto id = [](ScriptKind kind, const char* name, const char* text) {
    return make_script(kind, name, text)->id;
  };
  EXPECT_EQ(id(ScriptKind::filter, "a", "b"), id(ScriptKind::filter, "a", "b"));
  EXPECT_NE(id(ScriptKind::filter, "a", "b"), id(ScriptKind::transform, "a", "b"));
  EXPECT_NE(id(ScriptKind::filter, "a", "b"), id(ScriptKind::filter, "ab", ""));
}

TEST(LibrarySpec, NamesEachThingOnceAndPrintsAll) {
  std::vector<std::string> names;
  const std::string page = script_library_markdown();
  for (const auto& entry : script_library()) {
    EXPECT_EQ(std::count(names.begin(), names.end(), entry.name), 0) << entry.name;
    names.emplace_back(entry.name);
    EXPECT_THAT(page, ::testing::HasSubstr("| `" + std::string(entry.name) + "` |"));
  }
}

}  // namespace
}  // namespace rowhook
