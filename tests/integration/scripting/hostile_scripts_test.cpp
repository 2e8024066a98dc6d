// CASES "Scripts": every hostile script ends as it must, and the next event is fine.
#include "tests/integration/scripting/hostile_scripts.h"

#include "scripting/host/sanitized.h"
#include "tests/integration/scripting/script_support.h"

namespace rowhook::testing {
namespace {

ScriptLimits short_limits() {
  ScriptLimits limits;
  limits.time_limit = std::chrono::milliseconds{60};
  return limits;
}

ScriptEngine& engine() {
  static Metrics metrics;
  static ScriptEngine shared(short_limits(), metrics);
  return shared;
}

class HostileScripts : public ::testing::TestWithParam<HostileScript> {};

TEST_P(HostileScripts, EndsAsItMust) {
  const HostileScript& hostile = GetParam();
  const auto kind = hostile.transform ? ScriptKind::transform : ScriptKind::filter;
  const ScriptResult result = run_one(engine(), kind, hostile.text, order_event(), "hostile");
  const std::string ended = result.error ? std::string(to_string(result.error->type)) : "ok";
  const std::string allowed = "|" + std::string(hostile.outcome) + (sanitized ? "|killed" : "") + "|";
  EXPECT_THAT(allowed, ::testing::HasSubstr("|" + ended + "|")) << outcome(result);
  if (result.error) {
    EXPECT_EQ(result.error->script, "hostile");
    EXPECT_TRUE(result.error->message.starts_with("hostile:")) << result.error->message;
    if (hostile.line > 0 && ended != "killed") {
      EXPECT_EQ(result.error->line, hostile.line) << result.error->message;
    }
  }
  EXPECT_EQ(outcome(run_one(engine(), ScriptKind::filter, "new.id == 42")), "ok: true");
}

INSTANTIATE_TEST_SUITE_P(Cases, HostileScripts, ::testing::ValuesIn(hostile_scripts),
                         [](const auto& test) { return std::string(test.param.name); });

// A state that was at its limit goes on with the next event.
TEST(HostileScriptsTogether, TheSameSandboxIsUsableAfterwards) {
  for (const char* text : {"if new.id == 42 then while true do end end return true",
                           "if new.id == 42 then local s = 'x' while true do s = s .. s end end return true",
                           "if new.id == 42 then local function f() return 1 + f() end f() end return true",
                           "if new.id == 42 then error('no') end return true"}) {
    EXPECT_TRUE(run_one(engine(), ScriptKind::filter, text).error.has_value()) << text;
    const auto other = make_event({{"id", ValueKind::number, "7"}});
    EXPECT_EQ(outcome(run_one(engine(), ScriptKind::filter, text, other)), "ok: true") << text;
  }
}

// All of them in one run beside honest ones: each gets its own result.
TEST(HostileScriptsTogether, NoneDisturbsTheOthersInItsBatch) {
  std::vector<ScriptCall> calls;
  const auto honest = make_script(ScriptKind::transform, "honest", "return { id = new.id }");
  int number = 0;
  for (const auto& hostile : hostile_scripts) {
    if (std::string_view(hostile.outcome) == "killed" && number > 60) continue;  // three of them are enough
    const auto kind = hostile.transform ? ScriptKind::transform : ScriptKind::filter;
    calls.push_back({make_script(kind, "hostile", hostile.text), order_event(), nullptr});
    calls.push_back({honest, make_event({{"id", ValueKind::number, std::to_string(number++)}}), nullptr});
  }
  const auto results = engine().run(calls);
  ASSERT_EQ(results.size(), calls.size());
  for (std::size_t i = 1; i < results.size(); i += 2)
    EXPECT_EQ(outcome(results[i]), "ok: {\"id\":" + std::to_string(i / 2) + "}");
}

}  // namespace
}  // namespace rowhook::testing
