// Calls of scripts per second, through the engine and its host process. Two clocks: `Time` is wall time, and
// `cpu_us` the processor time of engine and hosts together per call.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <lua.hpp>
#include <thread>

#include "scripting/host/deadline.h"
#include "scripting/host/sandbox.h"
#include "scripting/script_engine.h"

namespace rowhook {
namespace {

EventPtr sample_event() {
  Shape shape;
  shape.source = shape.connection = "shop";
  shape.table = "orders";
  shape.columns = {{"id", "bigint", true},
                   {"customer_id", "bigint", false},
                   {"status", "text", false},
                   {"total_amount", "numeric", false},
                   {"currency", "text", false},
                   {"created_at", "timestamptz", false},
                   {"updated_at", "timestamptz", false},
                   {"note", "text", false}};
  Event event;
  event.shape = seal(std::move(shape));
  event.seq = 4711;
  event.id = "shop:00000000016b3748:0";
  event.type = event_type::updated;
  event.position = "0/16B3748";
  event.transaction_id = "7341";
  event.timestamp = event.captured_at = 1'754'388'000'123'456;
  for (const bool fresh : {false, true}) {
    RowWriter row;
    row.add(ValueKind::number, "421177");
    row.add(ValueKind::number, "1881");
    row.add(ValueKind::text, fresh ? "paid" : "pending");
    row.add(ValueKind::number, "149.95");
    row.add(ValueKind::text, "EUR");
    row.add(ValueKind::text, "2025-08-05T10:00:00.123456Z");
    row.add(ValueKind::text, "2025-08-05T10:00:00.123456Z");
    row.add(ValueKind::null);
    (fresh ? event.new_row : event.old_row) = row.take();
  }
  event.key = "421177";
  return std::make_shared<const Event>(std::move(event));
}

// Processor time of this process and of its children, which are the script hosts.
double processor_seconds() {
  timespec own{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  double total = static_cast<double>(own.tv_sec) + 1e-9 * static_cast<double>(own.tv_nsec);
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream children(task.path() / "children");
    for (pid_t pid = 0; children >> pid;) {
      clockid_t clock{};
      timespec used{};
      if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &used) == 0)
        total += static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
    }
  }
  return total;
}

void run_calls(benchmark::State& state, ScriptKind kind, const std::string& text) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::vector<ScriptCall> calls(size,
                                      ScriptCall{make_script(kind, "bench", text), sample_event(), nullptr});
  const auto check = engine.run(calls);
  if (check.front().error) return state.SkipWithError(check.front().error->message.c_str());
  const double before = processor_seconds();
  for (auto step : state) benchmark::DoNotOptimize(engine.run(calls));
  const auto total = static_cast<double>(state.iterations()) * static_cast<double>(size);
  state.counters["cpu_us"] = 1e6 * (processor_seconds() - before) / total;
  state.SetItemsProcessed(static_cast<std::int64_t>(total));
}

constexpr const char* filter_text = "new.status == 'paid' and old.status ~= 'paid'";
constexpr const char* transform_text =
    "return { order_id = new.id, total = new.total_amount, big = new.total_amount > 100 }";

void filter(benchmark::State& state) { run_calls(state, ScriptKind::filter, filter_text); }
void filter_number(benchmark::State& state) {
  run_calls(state, ScriptKind::filter, "new.total_amount > 100");
}
void filter_nothing(benchmark::State& state) { run_calls(state, ScriptKind::filter, "true"); }
void transform(benchmark::State& state) { run_calls(state, ScriptKind::transform, transform_text); }
void transform_row(benchmark::State& state) { run_calls(state, ScriptKind::transform, "return new"); }
void transform_copy(benchmark::State& state) {
  run_calls(state, ScriptKind::transform, "local row = copy(new) row.status = row.status:upper() return row");
}

// The same Lua on the same rows in this process: no host, no protocol, no batches. What isolation costs.
void in_process(benchmark::State& state, ScriptKind kind, const char* text) {
  auto bundle = std::make_shared<ScriptBundle>();
  bundle->script = make_script(kind, "bench", text);
  Sandbox sandbox(bundle, false);
  const EventPtr event = sample_event();
  HostShape shape(event->shape);
  std::string area(1 << 16, '\0');
  RequestWriter writer({area.data(), area.size()});
  writer.add_call(1, *event, nullptr);
  std::string_view rest(area.data(), writer.size());
  Record record{};
  next_record(rest, record);
  const CallView call = read_call(record.body);
  HostResponse response;
  sandbox.run(call, shape, {}, response);
  if (response.error) return state.SkipWithError(response.error->message.c_str());
  for (auto step : state) {
    sandbox.run(call, shape, {}, response);
    benchmark::DoNotOptimize(response);
  }
  state.SetItemsProcessed(state.iterations());
}
void in_process_filter(benchmark::State& state) { in_process(state, ScriptKind::filter, filter_text); }
void in_process_transform(benchmark::State& state) {
  in_process(state, ScriptKind::transform, transform_text);
}

// Bare LuaJIT with its compiler on: a table per row, made anew for each event, as a program would that embeds
// Lua without further thought.
void push_row_table(lua_State* L, const Shape& shape, const std::string& row) {
  lua_createtable(L, 0, static_cast<int>(shape.columns.size()));
  RowReader reader(row);
  for (const auto& column : shape.columns) {
    const Value value = reader.next();
    if (value.kind == ValueKind::null) continue;
    if (value.kind == ValueKind::number) {
      lua_pushnumber(L, std::strtod(std::string(value.text).c_str(), nullptr));
    } else {
      lua_pushlstring(L, value.text.data(), value.text.size());
    }
    lua_setfield(L, -2, column.name.c_str());
  }
}

void bare_tables_filter(benchmark::State& state) {
  lua_State* L = luaL_newstate();
  luaL_openlibs(L);
  const std::string chunk = std::string("return function(new, old) return ") + filter_text + " end";
  if (luaL_dostring(L, chunk.c_str()) != 0) return state.SkipWithError(lua_tostring(L, -1));
  const EventPtr event = sample_event();
  for (auto step : state) {
    lua_pushvalue(L, 1);
    push_row_table(L, *event->shape, event->new_row);
    push_row_table(L, *event->shape, event->old_row);
    if (lua_pcall(L, 2, 1, 0) != 0) return state.SkipWithError(lua_tostring(L, -1));
    benchmark::DoNotOptimize(lua_toboolean(L, -1));
    lua_settop(L, 1);
  }
  state.SetItemsProcessed(state.iterations());
  lua_close(L);
}

// From a call that was killed to the answer of the next one, which a fresh host gives.
void respawn(benchmark::State& state) {
  Metrics metrics;
  ScriptLimits limits;
  limits.time_limit = std::chrono::milliseconds{10};
  ScriptEngine engine(limits, metrics);
  const ScriptCall hangs{
      .script = make_script(ScriptKind::filter, "hangs",
                            "return string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40))"),
      .event = sample_event()};
  const ScriptCall honest{.script = make_script(ScriptKind::filter, "honest", filter_text),
                          .event = sample_event()};
  std::vector<double> times;
  for (auto step : state) {
    if (!engine.run({&hangs, 1}).front().error) return state.SkipWithError("it did not hang");
    const auto begin = std::chrono::steady_clock::now();
    if (!engine.run({&honest, 1}).front().pass) return state.SkipWithError("no answer");
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    state.SetIterationTime(times.back() / 1000);
  }
  std::sort(times.begin(), times.end());
  state.counters["p50_ms"] = times[times.size() / 2];
  state.counters["p99_ms"] = times[std::min(times.size() - 1, times.size() * 99 / 100)];
}

// p99 of single honest calls while hostile ones hang beside them, against the same without them.
void fairness(benchmark::State& state) {
  Metrics metrics;
  ScriptLimits limits;
  limits.time_limit = std::chrono::milliseconds{100};
  ScriptEngine engine(limits, metrics);
  const ScriptCall honest{.script = make_script(ScriptKind::filter, "honest", filter_text),
                          .event = sample_event()};
  const ScriptCall hostile{.script = make_script(ScriptKind::filter, "hostile", "while true do end"),
                           .event = sample_event()};
  const auto p99 = [&] {
    std::vector<double> times;
    for (int i = 0; i < 20000; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      benchmark::DoNotOptimize(engine.run({&honest, 1}));
      times.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
    }
    std::sort(times.begin(), times.end());
    return times[times.size() * 99 / 100];
  };
  for (auto step : state) {
    const double alone = p99();
    std::atomic<bool> done{false};
    std::thread crowd([&] {
      while (!done) benchmark::DoNotOptimize(engine.run({&hostile, 1}));
    });
    const double beside = p99();
    done = true;
    crowd.join();
    state.counters["alone_us"] = alone;
    state.counters["beside_us"] = beside;
    state.counters["ratio"] = beside / alone;
  }
}

// Resident memory of all hosts when 1000 different scripts are loaded.
void thousand_scripts(benchmark::State& state) {
  Metrics metrics;
  ScriptEngine engine({}, metrics);
  std::vector<ScriptCall> calls;
  for (int i = 0; i < 1000; ++i)
    calls.push_back({.script = make_script(ScriptKind::filter, "s" + std::to_string(i),
                                           std::string(filter_text) + " and new.id ~= " + std::to_string(i)),
                     .event = sample_event()});
  for (auto step : state) benchmark::DoNotOptimize(engine.run(calls));
  double kilobytes = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream children(task.path() / "children");
    for (pid_t pid = 0; children >> pid;) {
      std::ifstream status("/proc/" + std::to_string(pid) + "/status");
      for (std::string line; std::getline(status, line);)
        if (line.starts_with("RssAnon:")) kilobytes += std::stod(line.substr(8));
    }
  }
  state.counters["host_mb"] = kilobytes / 1024;
}

BENCHMARK(filter)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();
BENCHMARK(filter_number)->Arg(256)->UseRealTime();
BENCHMARK(filter_nothing)->Arg(1)->Arg(256)->UseRealTime();
BENCHMARK(transform)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();
BENCHMARK(transform_row)->Arg(256)->UseRealTime();
BENCHMARK(transform_copy)->Arg(256)->UseRealTime();
BENCHMARK(in_process_filter);
BENCHMARK(in_process_transform);
BENCHMARK(bare_tables_filter);
BENCHMARK(respawn)->Iterations(200)->UseManualTime();
BENCHMARK(fairness)->Iterations(1)->UseRealTime();
BENCHMARK(thousand_scripts)->Iterations(3);

}  // namespace
}  // namespace rowhook

int main(int argc, char** argv) {
  rowhook::run_script_host_if_asked(argc, argv);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
