// Which lines of a script ran.
#include "tests/integration/scripting/script_support.h"

namespace rowhook::testing {
namespace {

using ::testing::ElementsAre;

std::optional<std::string> library(const std::string& name) {
  if (name == "prices")
    return "local prices = {}\nfunction prices.gross(net)\n  return net * 2\nend\nfunction prices.unused()\n "
           " return 1\nend\nreturn prices\n";
  return std::nullopt;
}

ScriptLimits covered() {
  ScriptLimits limits;
  limits.coverage = true;
  return limits;
}

const ScriptCoverage* find(const std::vector<ScriptCoverage>& all, const std::string& name) {
  for (const auto& one : all)
    if (one.script == name) return &one;
  return nullptr;
}

TEST(Coverage, NamesTheLinesThatRanOfThoseThatHoldCode) {
  Metrics metrics;
  ScriptEngine engine(covered(), metrics);
  const std::string text =
      "-- a comment\n"
      "if new.status == 'paid' then\n"
      "  return true\n"
      "end\n"
      "\n"
      "local reason = 'other'\n"
      "return reason == ''\n";
  const auto result = run_one(engine, ScriptKind::filter, text, order_event(), "paid");
  ASSERT_FALSE(result.error) << result.error->message;
  ASSERT_EQ(result.coverage.size(), 1U);
  EXPECT_THAT(result.coverage[0].ran, ElementsAre(2, 3));
  EXPECT_THAT(result.coverage[0].lines, ::testing::IsSupersetOf({2, 3, 6, 7}));
  EXPECT_THAT(result.coverage[0].lines, ::testing::Not(::testing::Contains(1)));
}

TEST(Coverage, AddsUpOverCallsAndCountsModules) {
  Metrics metrics;
  ScriptEngine engine(covered(), metrics, library);
  const std::string text =
      "local prices = require('prices')\nif new.total > 1000 then\n  return { big = true }\nend\nreturn { "
      "gross = prices.gross(new.total) }\n";
  const auto cheap = make_event({{"id", ValueKind::number, "1"}, {"total", ValueKind::number, "5"}});
  const auto dear = make_event({{"id", ValueKind::number, "1"}, {"total", ValueKind::number, "5000"}});
  EXPECT_EQ(outcome(run_one(engine, ScriptKind::transform, text, cheap, "gross")), R"(ok: {"gross":10})");
  EXPECT_EQ(outcome(run_one(engine, ScriptKind::transform, text, dear, "gross")), R"(ok: {"big":true})");
  const auto all = engine.coverage();
  const auto* script = find(all, "gross");
  const auto* module = find(all, "prices");
  ASSERT_TRUE(script && module);
  EXPECT_THAT(script->ran, ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(module->ran, ::testing::Contains(3));
  EXPECT_THAT(module->ran, ::testing::Not(::testing::Contains(6)));
  EXPECT_THAT(module->lines, ::testing::Contains(6));
}

TEST(Coverage, IsThereForAScriptThatWasCheckedBefore) {
  Metrics metrics;
  ScriptEngine engine(covered(), metrics);
  ASSERT_FALSE(engine.check(*make_script(ScriptKind::filter, "s", "return new.id == 42")));
  const auto result = run_one(engine, ScriptKind::filter, "return new.id == 42");
  ASSERT_EQ(result.coverage.size(), 1U);
  EXPECT_THAT(result.coverage[0].ran, ElementsAre(1));
}

TEST(Coverage, LeavesLimitsAndRefusalsAsTheyAre) {
  Metrics metrics;
  ScriptEngine engine(covered(), metrics);
  EXPECT_EQ(run_one(engine, ScriptKind::filter, "while true do end").error->type,
            ScriptError::Type::time_limit);
  EXPECT_EQ(run_one(engine, ScriptKind::filter, "jit.on() return true").error->type,
            ScriptError::Type::refused);
  EXPECT_EQ(
      run_one(engine, ScriptKind::filter, "return ('x').rep == string.rep and getmetatable('') == false")
          .pass,
      true);
  EXPECT_EQ(run_one(engine, ScriptKind::filter, "debug.sethook() return true").error->type,
            ScriptError::Type::refused);
}

TEST(Coverage, IsNotThereUnlessAskedFor) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  EXPECT_TRUE(run_one(engine, ScriptKind::filter, "new.id == 42").coverage.empty());
  EXPECT_TRUE(engine.coverage().empty());
}

TEST(Costs, CountCallsErrorsAndMemoryOfEachScript) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  for (int i = 0; i < 3; ++i) run_one(engine, ScriptKind::filter, "new.id == 42", order_event(), "good");
  run_one(engine, ScriptKind::filter, "new.nothing == 42", order_event(), "bad");
  engine.check(*make_script(ScriptKind::filter, "checked", "true"));
  const auto costs = engine.costs();
  ASSERT_EQ(costs.size(), 2U) << "what is only compiled costs nothing";
  EXPECT_EQ(costs[0].script, "bad");
  EXPECT_EQ(costs[0].errors, 1U);
  EXPECT_EQ(costs[1].calls, 3U);
  EXPECT_EQ(costs[1].errors, 0U);
  EXPECT_GT(costs[1].memory_bytes, 0U);
  EXPECT_LE(costs[1].p50, costs[1].p99);
}

}  // namespace
}  // namespace rowhook::testing
