// The engine and its hosts: isolation, kills and respawns, fairness, errors with lines, require, limits of
// size.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/base/errors.h"

#include "scripting/host/sanitized.h"
#include "scripting/library_spec.h"
#include "tests/integration/scripting/script_support.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

ScriptLimits limits(std::chrono::milliseconds time = std::chrono::milliseconds{60}) {
  ScriptLimits short_time;
  short_time.time_limit = time;
  return short_time;
}

constexpr const char* hangs = "return string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40))";

std::string run_text(ScriptEngine& engine, ScriptKind kind, const std::string& text,
                     const std::string& name = "s") {
  return outcome(run_one(engine, kind, text, order_event(), name));
}

// Pids of the script hosts of this process.
std::vector<pid_t> hosts() {
  std::vector<pid_t> pids;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream children(task.path() / "children");
    for (pid_t pid = 0; children >> pid;) pids.push_back(pid);
  }
  return pids;
}

std::string status_line(pid_t pid, const std::string& key) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key + ":")) return line.substr(key.size() + 2);
  return {};
}

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

TEST(ScriptHosts, HaveGivenUpEverything) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  EXPECT_EQ(run_text(engine, ScriptKind::filter, "true"), "ok: true");
  const auto pids = hosts();
  ASSERT_FALSE(pids.empty());
  for (const pid_t pid : pids) {
    EXPECT_TRUE(eventually([&] {
      const bool closed =
          status_line(pid, "NoNewPrivs") == "1" && (sanitized || status_line(pid, "Seccomp") == "2");
      return closed || status_line(pid, "Name").empty();
    }));
    const std::string proc = "/proc/" + std::to_string(pid);
    if (!std::filesystem::exists(proc)) continue;
    EXPECT_EQ(status_line(pid, "NoNewPrivs"), "1");
    if (::geteuid() == 0) {
      EXPECT_EQ(status_line(pid, "Uid"), "65534\t65534\t65534\t65534");
      std::size_t open = 0;
      for ([[maybe_unused]] const auto& fd : std::filesystem::directory_iterator(proc + "/fd")) ++open;
      EXPECT_LE(open, 3U);
      std::ifstream environment(proc + "/environ");
      EXPECT_EQ(environment.get(), std::ifstream::traits_type::eof());
    }
  }
}

TEST(ScriptHosts, AKilledCallFailsAloneAndTheRestRunsAgain) {
  Metrics metrics;
  ScriptEngine engine(limits(), metrics);
  std::vector<ScriptCall> calls;
  const auto echo = make_script(ScriptKind::transform, "echo", "return { id = new.id }");
  for (int i = 0; i < 300; ++i) {
    const auto event = make_event({{"id", ValueKind::number, std::to_string(i)}});
    calls.push_back({i == 100 ? make_script(ScriptKind::filter, "hangs", hangs) : echo, event, nullptr});
  }
  const auto results = engine.run(calls);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i == 100) {
      ASSERT_TRUE(results[i].error);
      EXPECT_EQ(results[i].error->type, ScriptError::Type::killed);
      EXPECT_EQ(results[i].error->script, "hangs");
    } else {
      EXPECT_EQ(outcome(results[i]), "ok: {\"id\":" + std::to_string(i) + "}");
    }
  }
  EXPECT_GE(metrics.counter("rowhook_script_hosts_killed_total", "").value(), 1);
  EXPECT_EQ(metrics.counter("rowhook_script_errors_total", "", {{"type", "killed"}}).value(), 1);
}

// What a batch brings after the point where it was stopped is known to the host all the same.
TEST(ScriptHosts, AStoppedBatchTeachesItsScripts) {
  Metrics metrics;
  ScriptEngine engine(limits(), metrics);
  std::vector<ScriptCall> calls;
  calls.push_back({make_script(ScriptKind::filter, "slow", "while true do end"), order_event(), nullptr});
  for (int i = 0; i < 100; ++i) {
    const auto event =
        make_event({{"id", ValueKind::number, "1"}, {"c" + std::to_string(i), ValueKind::null, ""}});
    calls.push_back(
        {make_script(ScriptKind::filter, "f" + std::to_string(i), "new.id == 1"), event, nullptr});
  }
  for (int round = 0; round < 5; ++round) {
    const auto results = engine.run(calls);
    for (std::size_t i = 1; i < results.size(); ++i) EXPECT_EQ(outcome(results[i]), "ok: true");
  }
  if (!sanitized) {
    EXPECT_EQ(metrics.counter("rowhook_script_hosts_killed_total", "").value(), 0);
  }
}

TEST(ScriptHosts, AHostKilledFromOutsideCostsNoCallItsResult) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  const auto script =
      make_script(ScriptKind::filter, "f", "local n = 0 for i = 1, 2e4 do n = n + i end return n > 0");
  const std::vector<ScriptCall> calls(200, ScriptCall{script, order_event(), nullptr});
  std::atomic<bool> done{false};
  std::thread killer([&] {
    // Once per host that is seen, and at most three times: a call is run again once.
    std::vector<pid_t> seen;
    eventually([&] {
      for (const pid_t pid : hosts()) {
        if (seen.size() >= 3 || std::find(seen.begin(), seen.end(), pid) != seen.end()) continue;
        seen.push_back(pid);
        ::kill(pid, SIGKILL);
        break;
      }
      return done.load();
    });
  });
  for (int round = 0; round < 5; ++round)
    for (const auto& result : engine.run(calls)) EXPECT_EQ(outcome(result), "ok: true");
  done = true;
  killer.join();
}

TEST(ScriptHosts, EndWithTheEngine) {
  std::vector<pid_t> before;
  {
    Metrics metrics;
    ScriptEngine engine({}, metrics);
    EXPECT_EQ(run_text(engine, ScriptKind::filter, "true"), "ok: true");
    before = hosts();
    EXPECT_FALSE(before.empty());
  }
  for (const pid_t pid : before) EXPECT_NE(::kill(pid, 0), 0);
}

TEST(ScriptIsolation, NothingOutlivesTheCall) {
  Metrics metrics;
  ScriptEngine::Library library = [](const std::string& name) -> std::optional<std::string> {
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
  ScriptEngine::Library library = [&](const std::string& name) -> std::optional<std::string> {
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

TEST(ScriptQueue, StartDeliversEachResultOnce) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  constexpr int per_thread = 2000, threads = 4;
  std::atomic<int> right{0}, answered{0};
  const auto script = make_script(ScriptKind::transform, "echo", "return { id = new.id }");
  std::vector<std::thread> callers;
  for (int t = 0; t < threads; ++t)
    callers.emplace_back([&, t] {
      for (int i = 0; i < per_thread; ++i) {
        const int id = t * per_thread + i;
        engine.start({script, make_event({{"id", ValueKind::number, std::to_string(id)}}), nullptr},
                     [&, id](ScriptResult result) {
                       if (result.result == "{\"id\":" + std::to_string(id) + "}") ++right;
                       ++answered;
                     });
      }
    });
  for (auto& caller : callers) caller.join();
  EXPECT_TRUE(eventually([&] { return answered == per_thread * threads; }));
  EXPECT_EQ(right, per_thread * threads);
}

TEST(ScriptQueue, RunAndStartFromManyThreadsWithSeveralHosts) {
  Metrics metrics;
  ScriptLimits several;
  several.hosts = 3;
  ScriptEngine engine(several, metrics);
  std::atomic<int> answered{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&, t] {
      const auto script = make_script(ScriptKind::filter, "f" + std::to_string(t), "new.id == 42");
      const std::vector<ScriptCall> calls(700, ScriptCall{script, order_event(), nullptr});
      for (int round = 0; round < 3; ++round) {
        for (const auto& result : engine.run(calls)) EXPECT_EQ(outcome(result), "ok: true");
        engine.start(calls.front(), [&](const ScriptResult& result) {
          EXPECT_TRUE(result.pass);
          ++answered;
        });
      }
    });
  for (auto& caller : callers) caller.join();
  EXPECT_TRUE(eventually([&] { return answered == 12; }));
}

TEST(ScriptQueue, WhatWaitsAtTheEndIsAnswered) {
  std::atomic<int> answered{0};
  {
    Metrics metrics;
    ScriptEngine engine(limits(std::chrono::milliseconds{2000}), metrics);
    const auto script = make_script(ScriptKind::filter, "hangs", hangs);
    for (int i = 0; i < 20; ++i)
      engine.start({script, order_event(), nullptr}, [&](const ScriptResult& result) {
        EXPECT_TRUE(result.error);
        ++answered;
      });
  }
  EXPECT_EQ(answered, 20);
}

// D30: while hostile scripts hang one after another, honest calls go on. Without that, each would wait for
// hundreds of milliseconds of somebody else's script: all of them together would need minutes.
TEST(ScriptQueue, D30_AHostileScriptDoesNotHoldUpTheOthers) {
  Metrics metrics;
  ScriptEngine engine(limits(std::chrono::milliseconds{1000}), metrics);
  const auto hostile = make_script(ScriptKind::filter, "hostile", "while true do end");
  const auto honest = make_script(ScriptKind::filter, "honest", "new.id == 42");
  std::atomic<int> hostile_answered{0}, honest_answered{0};
  for (int i = 0; i < 12; ++i)
    engine.start({hostile, order_event(), nullptr}, [&](const ScriptResult&) { ++hostile_answered; });
  for (int i = 0; i < 500; ++i) {
    const ScriptCall call{honest, order_event(), nullptr};
    EXPECT_EQ(outcome(engine.run({&call, 1}).front()), "ok: true");
    engine.start(call, [&](const ScriptResult&) { ++honest_answered; });
  }
  EXPECT_TRUE(eventually([&] { return honest_answered == 500; }));
  EXPECT_LT(hostile_answered, 12) << "the honest calls waited for all of the hostile ones";
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

TEST(ScriptMany, AThousandScriptsStaySmall) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  std::vector<ScriptCall> calls;
  for (int i = 0; i < 1000; ++i)
    calls.push_back({make_script(ScriptKind::filter, "f" + std::to_string(i),
                                 "new.id == 42 and " + std::to_string(i) + " >= 0"),
                     order_event(), nullptr});
  for (int round = 0; round < 2; ++round)
    for (const auto& result : engine.run(calls)) ASSERT_EQ(outcome(result), "ok: true");
  if (sanitized) return;
  std::size_t largest = 0;
  for (const pid_t pid : hosts())
    largest = std::max<std::size_t>(largest, std::strtoul(status_line(pid, "VmRSS").c_str(), nullptr, 10));
  EXPECT_LT(largest, 150U * 1024) << "KiB";
}

// The declaration and the sandbox name the same things.
TEST(ScriptLibrary, IsWhatItsDeclarationSays) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  for (const auto& entry : script_library()) {
    const std::string name(entry.name);
    EXPECT_EQ(run_text(engine, ScriptKind::filter, "local _ = " + name + " return true"), "ok: true") << name;
    if (entry.is_function()) {
      EXPECT_EQ(run_text(engine, ScriptKind::filter, "type(" + name + ") == 'function'"), "ok: true") << name;
    }
  }
}

TEST(ScriptLibrary, DoesWhatItSays) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  for (const char* truth : {
           "text.trim('  a b\\n') == 'a b'",
           "#text.split('a,b,,c', ',') == 4 and text.split('', ',')[1] == ''",
           "text.join({1, 'a', exact('9007199254740993')}, '-') == '1-a-9007199254740993'",
           "text.starts_with('abc', 'ab') and text.ends_with('abc', 'bc') and text.contains('a.c', '.')",
           "not text.starts_with('a', 'ab') and text.replace('a.b.c', '.', '-') == 'a-b-c'",
           "text.length('é😀x') == 3 and text.truncate('é😀x', 2) == 'é😀' and text.truncate('ab', 9) == 'ab'",
           "time.now() == '2025-08-05T10:00:01.000000Z'",
           "time.parse('1970-01-02') == 86400 and time.parse('1970-01-01 01:00:00+01') == 0",
           "time.format(0) == '1970-01-01T00:00:00.000000Z'",
           "time.format('2025-08-05T10:00:00.5+02:00') == '2025-08-05T08:00:00.500000Z'",
           "time.format(1754388000.123456) == '2025-08-05T10:00:00.123456Z'",
           "time.format('2024-02-29', '%d.%m.%Y %H:%M:%S %j %a %b %%') == '29.02.2024 00:00:00 060 Thu Feb "
           "%'",
           "time.add('2025-08-05T10:00:00Z', '15m') == '2025-08-05T10:15:00.000000Z'",
           "time.add('2025-08-05T10:00:00Z', -0.5) == '2025-08-05T09:59:59.500000Z' and time.add(0, '-7d') "
           "== '1969-12-25T00:00:00.000000Z'",
           "time.diff('2025-08-05T10:00:00Z', '2025-08-05T09:00:00Z') == 3600",
           "time.parts('2025-08-05 10:20:30.5').second == 30.5 and time.parts('2025-08-05').weekday == 2",
           "hash.sha256('abc') == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'",
           "hash.md5('') == 'd41d8cd98f00b204e9800998ecf8427e'",
           "hash.sha1('abc') == 'a9993e364706816aba3e25717850c26c9cd0d89d' and #hash.sha512('') == 128",
           "hash.hmac_sha256('Jefe', 'what do ya want for nothing?') == "
           "'5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'",
           "hash.base64_decode(hash.base64_encode('\\0\\255')) == '\\0\\255' and hash.base64_decode('?') == "
           "nil",
           "json.encode({a = 1, b = array()}) == '{\"a\":1,\"b\":[]}'",
           "json.decode('{\"a\":[1,null]}').a[2] == null and json.decode('\"x\"') == 'x'",
           "json.encode(json.decode('{ \"a\" : 1.10 }')) == '{ \"a\" : 1.10 }'",
           "tostring(123456789012345) == '123456789012345' and tostring(1.5) == '1.5' and tostring(nil) == "
           "'nil'",
           "tonumber('0x10') == 16 and tonumber('ff', 16) == 255 and tonumber('x') == nil and tonumber(5) == "
           "5",
           "select(2, pcall(error, 'x')) == 'x' and select(2, xpcall(error, function(m) return m .. '!' end, "
           "'x')) == 'x!'",
           "('%d %5.2f %q'):format(3, 1.5, 'a') == '3  1.50 \"a\"' and ('a-b'):gsub('%-', '+') == 'a+b'",
           "decimal.round(exact('0.12345678901234567'), 3) == 0.123 and decimal.round(2.5) == 3",
           "decimal.divide(10, 3, 4) == 3.3333 and decimal.divide(-2, 3, 2) == -0.67",
           "decimal.format(2, 2) == '2.00' and decimal.floor(exact('-9007199254740993.5')) == "
           "-9007199254740994",
           "decimal.compare(new.id, 41) == 1 and decimal.nearest(exact('0.1000000000000000000001')) == 0.1",
           "kv.get('x') == nil and kv.add('n') == 1 and kv.add('n', 2.5) == 3.5 and kv.get('n') == 3.5",
           "(function() kv.set('t', {a = {1, 2}}) return kv.get('t').a[2] end)() == 2",
           "(function() kv.set('t', 1) kv.delete('t') return kv.get('t') end)() == nil",
           "math.max(1, 2) == 2 and bit.band(7, 3) == 3 and table.concat({1, 2}, ',') == '1,2'",
           "(function() local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t[1] "
           "end)() == 3",
           "(function() local r = math.random(3) return r >= 1 and r <= 3 end)()",
           "(function() local c = copy({a = {b = 1}}) c.a.b = 2 return c.a.b end)() == 2",
       })
    EXPECT_EQ(run_text(engine, ScriptKind::filter, truth), "ok: true") << truth;
  EXPECT_THAT(run_text(engine, ScriptKind::filter, "time.parse('yesterday') > 0"),
              ::testing::HasSubstr("is no time"));
  EXPECT_THAT(run_text(engine, ScriptKind::filter, "text.trimm('a') == ''"),
              ::testing::HasSubstr("did you mean 'text.trim'?"));
  EXPECT_THAT(run_text(engine, ScriptKind::filter, "json.decode('{') == 1"),
              ::testing::HasSubstr("s:1: not valid JSON"));
}

}  // namespace
}  // namespace rowhook::testing
