// Errors in full, ends on purpose, kv state, limits of single scripts, trusted scripts.
#include <atomic>

#include "scripting/host/sanitized.h"
#include "tests/integration/scripting/script_support.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

TEST(ScriptErrors, SayWhereAndWithWhat) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  const auto error =
      *run_one(engine, ScriptKind::transform,
               "local function tax(row)\n  return row.total * old.note\nend\n\nlocal t = tax(new)\nreturn "
               "{ t = t, s = new.status }",
               order_event(), "taxes")
           .error;
  EXPECT_EQ(error.message, "taxes:2: attempt to perform arithmetic on field 'note' (a nil value)");
  EXPECT_EQ(error.traceback, "taxes:2: in function 'tax'\ntaxes:5: in the script");
  EXPECT_THAT(error.fields, ::testing::ElementsAre(::testing::Pair("new.total", "149.90"),
                                                   ::testing::Pair("old.note", "null")));
  EXPECT_EQ(full_text(error, "shop:01:0"),
            "taxes:2: attempt to perform arithmetic on field 'note' (a nil value)\n  event shop:01:0\n"
            "  new.total = 149.90\n  old.note = null\n  at taxes:2: in function 'tax'\n  at taxes:5: in the "
            "script");
}

TEST(ScriptFields_, AreToldToWhoAsks) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  ScriptCall call{.script = make_script(ScriptKind::filter, "f", "new.status == 'sent' and old.total > 1"),
                  .event = order_event()};
  EXPECT_TRUE(engine.run({&call, 1}).front().fields.empty());
  call.tell_fields = true;
  EXPECT_THAT(engine.run({&call, 1}).front().fields,
              ::testing::ElementsAre(::testing::Pair("new.status", "\"paid\"")));
}

TEST(ScriptEndings, AskForARetryOrReject) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  const auto later = *run_one(engine, ScriptKind::filter, "event.retry_after(1.5)").error;
  EXPECT_EQ(later.type, ScriptError::Type::retry);
  EXPECT_EQ(later.retry_after, std::chrono::milliseconds{1500});
  const auto never = *run_one(engine, ScriptKind::transform, "\nevent.reject('no such customer')").error;
  EXPECT_EQ(never.type, ScriptError::Type::rejected);
  EXPECT_EQ(never.message, "s:2: no such customer");
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "true"), "ok: true");
}

TEST(ScriptState, IsReadFromTheStatesAndHandedBackAsChanges) {
  Metrics metrics;
  ScriptStates states([](const std::string& scope) {
    return scope == "orders/seen" ? ScriptState{{"n", "41"}, {"big", "9007199254740993"}} : ScriptState{};
  });
  ScriptEngine engine({}, metrics, {}, &states);
  const std::string text =
      "local n = kv.add('n') kv.set('last', {id = new.id}) return { n = n, big = kv.get('big') }";
  ScriptCall call{.script = make_script(ScriptKind::transform, "t", text), .event = order_event()};
  call.scope = "orders/seen";
  for (int i = 0; i < 2; ++i) {  // nothing is kept until somebody applies it
    const auto result = engine.run({&call, 1}).front();
    EXPECT_EQ(outcome(result), "ok: {\"big\":9007199254740993,\"n\":42}");
    ASSERT_EQ(result.changes.size(), 2U);
    EXPECT_EQ(result.changes[0].scope, "orders/seen");
    EXPECT_EQ(result.changes[1].value, "{\"id\":42}");
    if (i == 1) states.apply(result.changes);
  }
  call.pending = std::make_shared<const StateChanges>(StateChanges{
      {"orders/seen", "n", StateChange::Kind::add, "100"}, {"other", "n", StateChange::Kind::set, "0"}});
  EXPECT_EQ(outcome(engine.run({&call, 1}).front()), "ok: {\"big\":9007199254740993,\"n\":143}");
  std::atomic<bool> done{false};
  engine.start(call, [&](const ScriptResult& result) {
    EXPECT_EQ(result.changes.at(0).scope, "orders/seen");
    done = true;
  });
  EXPECT_TRUE(eventually([&] { return done.load(); }));
  EXPECT_EQ(add_state_numbers("0.1", "9007199254740993.2"), "9007199254740993.3");
  const auto failed = run_one(engine, ScriptKind::filter, "kv.set('a', 1) error('x')");
  EXPECT_TRUE(failed.changes.empty());
}

TEST(ScriptLimits_, OfSingleScripts) {
  Metrics metrics;
  ScriptLimits all = limits(std::chrono::milliseconds{2000});
  ScriptLimits::Own strict{.scripts = "strict_*", .limits = {}};
  strict.limits.time_limit = std::chrono::milliseconds{120};
  strict.limits.memory_limit = 2 << 20;
  strict.limits.output_limit = 1024;
  strict.limits.depth_limit = 2;
  all.own.push_back(strict);
  ScriptEngine engine(all, metrics);
  const auto run = [&](const std::string& name, const std::string& text) {
    return outcome(run_one(engine, ScriptKind::transform, text, order_event(), name));
  };
  EXPECT_EQ(run("strict_a", "while true do end"), "time_limit: strict_a:1: time limit of 120 ms exceeded");
  EXPECT_EQ(run("strict_a", "local s = ('x'):rep(3e6) return {}"),
            "memory_limit: strict_a:1: not enough memory: the limit is 2 MiB");
  EXPECT_EQ(run("strict_a", "return {s = ('x'):rep(2000)}"),
            "result: strict_a: result.s is larger than 1024 bytes of JSON");
  EXPECT_EQ(run("strict_a", "return {a = {b = {}}}"),
            "result: strict_a: result.a.b is nested deeper than 2 levels");
  EXPECT_EQ(run("free", "local s = ('x'):rep(3e6) return {a = {b = {}}}"), "ok: {\"a\":{\"b\":{}}}");
}

TEST(ScriptLimits_, OfSingleScriptsHoldForOnesThatWereCheckedBefore) {
  Metrics metrics;
  ScriptLimits all = limits(std::chrono::milliseconds{2000});
  ScriptLimits::Own strict{.scripts = "strict", .limits = {}};
  strict.limits.time_limit = std::chrono::milliseconds{120};
  strict.limits.output_limit = 1024;
  all.own.push_back(strict);
  ScriptEngine engine(all, metrics);
  const auto endless = make_script(ScriptKind::transform, "strict", "while true do end");
  const auto large = make_script(ScriptKind::transform, "strict", "return {s = ('x'):rep(2000)}");
  for (const auto& script : {endless, large}) ASSERT_FALSE(engine.check(*script));
  EXPECT_EQ(run_text(engine, ScriptKind::transform, endless->text, "strict"),
            "time_limit: strict:1: time limit of 120 ms exceeded");
  EXPECT_EQ(run_text(engine, ScriptKind::transform, large->text, "strict"),
            "result: strict: result.s is larger than 1024 bytes of JSON");
}

// What a script requires may be that of another time: neither takes the place of the other.
TEST(ScriptModules_, MayBePinned) {
  Metrics metrics;
  ScriptEngine engine({}, metrics, [](const std::string& name) {
    return name == "limits" ? std::optional<std::string>("return 100") : std::nullopt;
  });
  const auto script = make_script(ScriptKind::transform, "s", "return { limit = require('limits') }");
  const auto pinned = with_pinned_modules(
      script, [](const std::string&) { return std::optional<std::string>("return kv and 7"); });
  const auto without =
      with_pinned_modules(script, [](const std::string&) { return std::optional<std::string>(); });
  EXPECT_FALSE(script->uses_state);
  EXPECT_TRUE(pinned->uses_state);
  std::vector<std::string> seen;
  for (const auto& run : {script, pinned, without, script}) {
    const ScriptCall call{.script = run, .event = order_event()};
    seen.push_back(outcome(engine.run({&call, 1}).front()));
  }
  EXPECT_EQ(seen[0], "ok: {\"limit\":100}");
  EXPECT_EQ(seen[1], "ok: {\"limit\":7}");
  EXPECT_THAT(seen[2], ::testing::StartsWith("runtime: s:1: "));
  EXPECT_EQ(seen[3], seen[0]);
}

// Machine code for scripts somebody trusts, in a host of their own; everything else about them is the same.
TEST(ScriptLimits_, TrustedScriptsAreCompiled) {
  if (sanitized) GTEST_SKIP() << "the sanitizers' hosts have no filter of system calls to test";
  Metrics metrics;
  ScriptLimits all = limits(std::chrono::milliseconds{200});
  ScriptLimits::Own trusted{.scripts = "trusted", .limits = all, .jit = true};
  all.own.push_back(trusted);
  ScriptEngine engine(all, metrics);
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "true", "plain"), "ok: true");
  const std::string sum = "local n = 0 for i = 1, 1e6 do n = n + i % 7 end return { n = n, id = new.id }";
  std::vector<ScriptCall> calls;
  for (int i = 0; i < 40; ++i)
    calls.push_back({.script = make_script(ScriptKind::transform, i % 2 == 0 ? "trusted" : "plain", sum),
                     .event = order_event()});
  const std::size_t before = hosts().size();
  for (const auto& result : engine.run(calls)) EXPECT_EQ(outcome(result), "ok: {\"id\":42,\"n\":2999998}");
  EXPECT_GT(hosts().size(), before) << "trusted scripts have hosts of their own";
  // A hook does not fire in machine code: such a loop ends with its host, if the compiler got hold of it.
  EXPECT_THAT(run_text(engine, ScriptKind::filter, "local n = 0 while true do n = n + 1 end", "trusted"),
              ::testing::AnyOf(::testing::StartsWith("killed"), ::testing::StartsWith("time_limit")));
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "return ffi == nil", "trusted").substr(0, 7), "refused");
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "new.id == 42", "trusted"), "ok: true");
}

}  // namespace
}  // namespace rowhook::testing
