// The engine: errors with lines, checks, isolation, require, limits of size, logs.
#include <atomic>

#include "engine/base/errors.h"
#include "tests/integration/scripting/script_support.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

TEST(ScriptErrors, NameScriptLineAndField) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  const auto result =
      run_one(engine, ScriptKind::transform, "local row = {}\nlocal a = 1\nreturn { x = row.total * 2 }",
              order_event(), "orders_filter");
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->type, ScriptError::Type::runtime);
  EXPECT_EQ(result.error->message,
            "orders_filter:3: attempt to perform arithmetic on field 'total' (a nil value)");
  EXPECT_EQ(result.error->script, "orders_filter");
  EXPECT_EQ(result.error->line, 3);
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "new.status ==", "f"),
            "syntax: f:1: unexpected symbol near '<eof>'");
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "local x = 1\nreturn x +", "f"),
            "syntax: f:2: unexpected symbol near '<eof>'");
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "\n\nreturn new.nope", "f").substr(0, 13), "runtime: f:3:");
  EXPECT_EQ(
      run_text(engine, ScriptKind::transform, "local s = '{'\nreturn json.decode(s)", "f").substr(0, 13),
      "runtime: f:2:");
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "error('stop')", "f"), "runtime: f:1: stop");
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "new.note + 1", "trigger 12 filter"),
            "runtime: trigger 12 filter:1: attempt to perform arithmetic on field 'note' (a nil value)");
  const std::string long_name(200, 'n');
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "error('x')", long_name), "runtime: " + long_name + ":1: x");
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "stauts == 'x'", "f"),
            "runtime: f:1: nothing is named 'stauts'; did you mean 'new.status'?");
  EXPECT_THAT(run_text(engine, ScriptKind::filter, "new.note == null", "f"),
              ::testing::HasSubstr("compare with nil"));
}

TEST(ScriptCheck, CompilesWithoutRunning) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  EXPECT_FALSE(engine.check(*make_script(ScriptKind::filter, "f", "while true do end")));
  const std::vector<ScriptTable> tables = {{.name = "orders", .columns = {{"total", "numeric"}}}};
  const auto missing = engine.check(*make_script(ScriptKind::filter, "f", "\nnew.totl > 1"), tables);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->message, "f:2: table 'orders' has no column 'totl'; did you mean 'total'?");
  EXPECT_EQ(missing->line, 2);
  EXPECT_EQ(missing->column, 5);
  EXPECT_EQ(engine.check(*make_script(ScriptKind::filter, "f", "os.exit() return true"))->type,
            ScriptError::Type::refused);
  const auto error = engine.check(*make_script(ScriptKind::filter, "f", "a b"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->type, ScriptError::Type::syntax);
  EXPECT_EQ(error->line, 1);
  EXPECT_EQ(error->column, 3);
}

TEST(ScriptIsolation, NothingOutlivesTheCall) {
  Metrics metrics;
  ScriptLibrary library = [](const std::string& name) -> std::optional<std::string> {
    if (name == "counter") return "local n = 0 return function() n = n + 1 return n end";
    return std::nullopt;
  };
  ScriptEngine engine({}, metrics, library);
  const auto call = [&](const std::string& text) { return run_text(engine, ScriptKind::transform, text); };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(call("local f = require('counter') f() return { n = f(), same = require('counter') == f }"),
              "ok: {\"n\":2,\"same\":true}");
    EXPECT_EQ(call("return { r = math.random(1000000) }"), call("return { r = math.random(1000000) }"));
  }
  const auto first = make_event({{"id", ValueKind::number, "1"}}, {}, "a:1:0");
  const auto second = make_event({{"id", ValueKind::number, "1"}}, {}, "a:2:0");
  const std::string draw = "return { r = math.random() }";
  EXPECT_NE(outcome(run_one(engine, ScriptKind::transform, draw, first)),
            outcome(run_one(engine, ScriptKind::transform, draw, second)));
}

TEST(ScriptRequire, FindsModulesAlsoThroughModules) {
  Metrics metrics;
  std::atomic<int> version{1};
  ScriptLibrary library = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "outer")
      return "local inner = require 'inner' return { twice = function(n) return inner.add(n, n) end }";
    if (name == "inner")
      return "return { add = function(a, b) return a + b end, version = " + std::to_string(version) + " }";
    if (name == "broken") return "\nlocal x = = 1";
    if (name == "raises") return "return { f = function(v)\n  return v.x.y\nend }";
    if (name == "left") return "return require('right')";
    if (name == "right") return "return require('left')";
    if (name == "throws") throw TransientError("the store is away");
    return std::nullopt;
  };
  ScriptEngine engine({}, metrics, library);
  const auto call = [&](const std::string& text) { return run_text(engine, ScriptKind::transform, text); };
  EXPECT_EQ(call("return { v = require('outer').twice(21) }"), "ok: {\"v\":42}");
  EXPECT_EQ(call("local x = require('missing')"),
            "runtime: s:1: require: there is no script 'missing' in the store (the name must be a literal: "
            "require(\"name\"))");
  EXPECT_EQ(call("local x = require('broken')"), "runtime: broken:2: unexpected symbol near '='");
  EXPECT_EQ(call("\nlocal v = require('raises').f({}) return v"),
            "runtime: raises:2: attempt to index field 'x' (a nil value)");
  EXPECT_THAT(call("return require('left')"), ::testing::HasSubstr("requires itself"));
  EXPECT_EQ(call("local x = require('throws')"),
            "runtime: s: the script store could not be read: the store is away");
  // A changed module is seen soon.
  EXPECT_EQ(call("return { v = require('inner').version }"), "ok: {\"v\":1}");
  version = 2;
  EXPECT_TRUE(eventually([&] { return call("return { v = require('inner').version }") == "ok: {\"v\":2}"; }));
}

TEST(ScriptLimits_, AreValidated) {
  Metrics metrics;
  ScriptLimits none;
  none.hosts = 0;
  EXPECT_THROW(ScriptEngine(none, metrics), InvalidInput);
  ScriptLimits tiny;
  tiny.memory_limit = 1000;
  EXPECT_THROW(ScriptEngine(tiny, metrics), InvalidInput);
}

TEST(ScriptLimits_, LargeEventsGoThroughOrAreRefused) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  const auto event = [](std::size_t size) {
    return make_event({{"id", ValueKind::number, "1"}, {"body", ValueKind::text, std::string(size, 'x')}});
  };
  EXPECT_EQ(outcome(run_one(engine, ScriptKind::filter, "#new.body == 20000000", event(20'000'000))),
            "ok: true");
  const auto refused = run_one(engine, ScriptKind::filter, "true", event(40'000'000));
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->type, ScriptError::Type::refused);
  EXPECT_THAT(refused.error->message, ::testing::HasSubstr("larger than 32 MiB"));
  const auto large = run_one(engine, ScriptKind::transform, "return new", event(2'000'000));
  ASSERT_TRUE(large.error);
  EXPECT_EQ(large.error->type, ScriptError::Type::result);
  // Many results near the limit do not fit into the response area at once: the batch is served in parts.
  const auto script = make_script(ScriptKind::transform, "big", "return { x = ('x'):rep(900000) }");
  const std::vector<ScriptCall> calls(40, ScriptCall{script, order_event(), nullptr});
  for (const auto& result : engine.run(calls)) EXPECT_EQ(result.result.size(), 900'008U);
  EXPECT_EQ(run_text(engine, ScriptKind::filter, std::string(300'000, ' ')),
            "refused: s: a script has at most 256 KiB");
}

TEST(ScriptLogs, AreKeptInOrderAndBounded) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  const auto result = run_one(engine, ScriptKind::filter,
                              "log.info('a', 1, nil, true) log.error({x = 1}) print(new.id) return true");
  ASSERT_EQ(result.logs.size(), 3U);
  EXPECT_EQ(result.logs[0].level + " " + result.logs[0].message, "info a 1 nil true");
  EXPECT_EQ(result.logs[1].level + " " + result.logs[1].message, "error {\"x\":1}");
  EXPECT_EQ(result.logs[2].level + " " + result.logs[2].message, "info 42");
  const auto many =
      run_one(engine, ScriptKind::filter, "for i = 1, 10000 do log.info(('x'):rep(1000)) end return true");
  EXPECT_EQ(outcome(many), "ok: true");
  EXPECT_LT(many.logs.size(), 202U);
  EXPECT_THAT(many.logs.back().message, ::testing::HasSubstr("left out"));
  const auto failed = run_one(engine, ScriptKind::filter, "log.info('before') error('x')");
  EXPECT_EQ(failed.logs.size(), 1U);
}

}  // namespace
}  // namespace rowhook::testing
