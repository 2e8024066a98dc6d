// CASES "Scripts": every script under hostile/ ends as its first line says, and the next event is fine.
//
//   --: OUTCOME [or OUTCOME...] [, line N] [, transform] [, without this line]
//
// OUTCOME is a type of ScriptError, or `ok` for scripts that must simply work. The line counts in the file.
// Scripts whose first byte matters are run `without this line`.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

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

struct HostileScript {
  std::string name, text = {}, outcomes = {};  // outcomes: "|stack|ok|"
  ScriptKind kind = ScriptKind::filter;
  int line = 0;  // where the error must be; 0: not checked
};

HostileScript read_hostile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  HostileScript script{.name = path.stem().string()};
  std::string head;
  std::getline(file, head);
  std::stringstream rest;
  rest << file.rdbuf();
  script.text = head + "\n" + rest.str();
  if (!head.starts_with("--: ")) throw std::runtime_error(path.string() + " does not say how it must end");
  std::istringstream words(head.substr(4) + ",");
  for (std::string part; std::getline(words, part, ',');) {
    part.erase(0, part.find_first_not_of(' '));
    if (part == "transform") {
      script.kind = ScriptKind::transform;
    } else if (part == "without this line") {
      script.text = rest.str();
    } else if (part.starts_with("line ")) {
      script.line = std::stoi(part.substr(5));
    } else {
      for (std::size_t at = part.find(" or "); at != std::string::npos; at = part.find(" or "))
        part.replace(at, 4, "|");
      script.outcomes = "|" + part + "|";
    }
  }
  return script;
}

std::vector<HostileScript> hostile_scripts() {
  std::vector<HostileScript> all;
  for (const auto& entry : std::filesystem::directory_iterator("tests/integration/scripting/hostile"))
    if (entry.path().extension() == ".lua") all.push_back(read_hostile(entry.path()));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

class HostileScripts : public ::testing::TestWithParam<HostileScript> {};

TEST_P(HostileScripts, EndsAsItMust) {
  const HostileScript& hostile = GetParam();
  const ScriptResult result = run_one(engine(), hostile.kind, hostile.text, order_event(), "hostile");
  const std::string ended = result.error ? std::string(to_string(result.error->type)) : "ok";
  const std::string allowed = hostile.outcomes + (sanitized ? "killed|" : "");
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

INSTANTIATE_TEST_SUITE_P(Cases, HostileScripts, ::testing::ValuesIn(hostile_scripts()),
                         [](const auto& test) { return test.param.name; });

TEST(HostileScriptsTogether, AreMany) { EXPECT_GE(hostile_scripts().size(), 200U); }

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
  int killed = 0;
  for (const auto& hostile : hostile_scripts()) {
    if (hostile.outcomes == "|killed|" && ++killed > 3) continue;  // three of them are enough
    calls.push_back({.script = make_script(hostile.kind, "hostile", hostile.text), .event = order_event()});
    calls.push_back(
        {.script = honest, .event = make_event({{"id", ValueKind::number, std::to_string(number++)}})});
  }
  const auto results = engine().run(calls);
  ASSERT_EQ(results.size(), calls.size());
  for (std::size_t i = 1; i < results.size(); i += 2)
    EXPECT_EQ(outcome(results[i]), "ok: {\"id\":" + std::to_string(i / 2) + "}");
}

}  // namespace
}  // namespace rowhook::testing
