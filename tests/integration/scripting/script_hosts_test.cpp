// Script hosts: what they have given up, kills and respawns, who waits for whom.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "scripting/host/sanitized.h"
#include "tests/integration/scripting/script_support.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

constexpr const char* hangs = "return string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40))";

std::string status_line(pid_t pid, const std::string& key) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key + ":")) return line.substr(key.size() + 2);
  return {};
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

}  // namespace
}  // namespace rowhook::testing
