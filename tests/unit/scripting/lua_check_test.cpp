#include "scripting/lua_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripting/library_files.h"

namespace rowhook {
namespace {

using ::testing::HasSubstr;

const std::vector<ScriptTable> orders = {{.name = "orders",
                                          .columns = {{"id", "bigint"},
                                                      {"status", "text"},
                                                      {"total", "numeric(10,2)"},
                                                      {"paid", "boolean"},
                                                      {"tags", "text[]"}},
                                          .excluded = {"card_number"}}};

// "error 1:5: message" per problem, one per line.
std::string check(std::string_view text, std::span<const ScriptTable> tables = orders) {
  std::string out;
  for (const auto& problem : check_lua(text, tables)) {
    if (!out.empty()) out += "\n";
    out += std::string(problem.error ? "error " : "warning ") + std::to_string(problem.line) + ":" +
           std::to_string(problem.column) + ": " + problem.message;
  }
  return out;
}

TEST(LuaCheck, AMissingColumnIsAnErrorBeforeItRuns) {
  EXPECT_EQ(check("new.totl > 100"), "error 1:5: table 'orders' has no column 'totl'; did you mean 'total'?");
  EXPECT_EQ(check("return new['totl']"),
            "error 1:12: table 'orders' has no column 'totl'; did you mean 'total'?");
  EXPECT_EQ(check("if old and\n  old.stat == 'x' then return true end return false"),
            "error 2:7: table 'orders' has no column 'stat'; did you mean 'status'?");
  EXPECT_EQ(check("changed.totl"), "error 1:9: table 'orders' has no column 'totl'; did you mean 'total'?");
  EXPECT_EQ(check("event.new_values.totl == 1"),
            "error 1:18: table 'orders' has no column 'totl'; did you mean 'total'?");
  EXPECT_EQ(check("local row = new return row.totl == 1"),
            "error 1:28: table 'orders' has no column 'totl'; did you mean 'total'?");
  EXPECT_THAT(check("new.card_number == 1"), HasSubstr("is excluded (exclude_columns)"));
  EXPECT_EQ(check("new.totl > 100", {}), "");
}

TEST(LuaCheck, KnowsWhatItCannotKnow) {
  for (const char* fine : {
           "local row = new row = copy(new) return row.totl",
           "local row = copy(new) row.whatever = 1 return row",
           "local new = {} return new.anything",
           "local function f(new) return new.x end return f({x = 1})",
           "local t = {totl = 1} return t.totl == 1",
           "for k, v in pairs(new) do log.info(k, v) end return true",
           "new.tags[1] == 'a'",
           "local x, y = 1 return x == y",
           "::top:: do local n = (kv.get('n') or 0) + 1 if n > 3 then goto out end goto top end ::out:: "
           "return true",
           "repeat local done = true until done return true",
           "return { order = new.id, [1] = 2, f = function(...) return ... end }",
           "new.status:upper() == 'PAID' and ('x'):rep(3) == 'xxx'",
           "(old and old.status or '') ~= new.status and -new.total < 0 and not new.paid",
           "local s = [==[ new.totl ]==] -- new.totl\nreturn s == 'x'",
           "event.metadata.tags[1] == 'critical' and event.old_values == nil and event.data == nil",
           "if new.total > 1 then event.retry_after(5) else event.reject('no') end return true",
           "string.format('%d', new.id) == text.trim ' 1 ' and math.pi > 3",
           "type(new.total) == 'number'",
           "-- nothing\n",
       })
    EXPECT_EQ(check(fine), "") << fine;
}

TEST(LuaCheck, NamesThatNothingHas) {
  EXPECT_EQ(check("stauts == 'paid'"), "error 1:1: nothing is named 'stauts'; did you mean 'new.status'?");
  EXPECT_EQ(check("status == 'paid'"), "error 1:1: nothing is named 'status'; did you mean 'new.status'?");
  EXPECT_THAT(check("local limit = 3 return new.id > limt"), HasSubstr("did you mean 'limit'?"));
  EXPECT_EQ(check("text.trimm(new.status) == 'x'"),
            "error 1:6: 'text' has no member 'trimm'; did you mean 'text.trim'?");
  EXPECT_EQ(check("event.tabel == 'x'"),
            "error 1:7: the event has no member 'tabel'; did you mean 'event.table'?");
  EXPECT_THAT(check("os.exit(1)"), HasSubstr("'os' is not available to scripts"));
  EXPECT_THAT(check("string.dump(print)"), HasSubstr("'string.dump' is not available"));
  EXPECT_EQ(check("x = 1 return true"), "error 1:1: global 'x' cannot be set: write local x = ...");
  EXPECT_THAT(check("function f() end return true"), HasSubstr("global 'f' cannot be set"));
  EXPECT_THAT(check("new.status = 'x' return new"), HasSubstr("new is read-only: change a copy"));
  EXPECT_THAT(check("string.upper = nil return true"), HasSubstr("libraries are read-only"));
}

TEST(LuaCheck, WarnsOfTypesThatCannotMeet) {
  EXPECT_EQ(check("new.status == 5"), "warning 1:12: new.status is text, which is never equal to a number");
  EXPECT_EQ(check("new.status > 5"),
            "warning 1:12: new.status is text: comparing it raises an error with a number");
  EXPECT_EQ(check("new.total == '5'"), "warning 1:11: new.total is a number, which is never equal to text");
  EXPECT_THAT(check("return {x = new.status + 1}"),
              HasSubstr("arithmetic on it raises an error unless it holds a number"));
  EXPECT_EQ(check("local a = 1 return true"), "warning 1:7: local 'a' is never used");
}

TEST(LuaCheck, SeveralTables) {
  std::vector<ScriptTable> two = orders;
  two.push_back({.name = "customers", .columns = {{"id", "text"}, {"email", "text"}}});
  EXPECT_EQ(check("new.id == 1", two), "");
  EXPECT_EQ(check("new.email == 'x'", two),
            "warning 1:5: table 'orders' has no column 'email': for its events this raises an error");
  EXPECT_THAT(check("new.mail == 'x'", two),
              HasSubstr("none of the tables has a column 'mail'; did you mean 'email'?"));
}

TEST(LuaCheck, EndsOnAnyText) {
  const std::string text =
      "local t = {a = 1} for i = 1, 3 do t[i] = (new.id + i) .. 'x' end return {t = t, f = function() end}";
  for (std::size_t cut = 0; cut < text.size(); ++cut) (void)check(text.substr(0, cut));
  EXPECT_EQ(check(std::string(100000, '(')), "");
  EXPECT_EQ(check(std::string(100000, '{')), "");
  std::string deep = "true";
  for (int i = 0; i < 100000; ++i) deep = deep.size() < 200000 ? deep + " and not" : deep;
  EXPECT_EQ(check(deep), "");
}

TEST(LuaCheck, FindsTheColumnOfACompilersMessage) {
  EXPECT_EQ(column_of_message("new.status ==", 1, "f:1: unexpected symbol near '<eof>'"), 14);
  EXPECT_EQ(column_of_message("local a = 1\n  local b = = 2", 2, "f:2: unexpected symbol near '='"), 13);
  EXPECT_EQ(column_of_message("a b", 1, "f:1: something without a place"), 0);
}

TEST(LibraryFiles, KnowColumnsAndMembers) {
  const std::string definitions = script_library_definitions(orders);
  EXPECT_THAT(definitions, ::testing::StartsWith("---@meta"));
  EXPECT_THAT(definitions, HasSubstr("---@field total number? orders: numeric(10,2)"));
  EXPECT_THAT(definitions, HasSubstr("---@field retry_after fun(seconds: number, reason?: string)"));
  EXPECT_THAT(
      definitions,
      HasSubstr("---@param separator string\n---@return string[]\nfunction text.split(text, separator) end"));
  EXPECT_THAT(script_library_luacheckrc(),
              HasSubstr("  kv = { fields = { get = {}, set = {}, add = {}, delete = {}, } },"));
}

}  // namespace
}  // namespace rowhook
