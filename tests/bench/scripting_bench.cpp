// Calls of scripts per second, through the engine and its host process. Two clocks: `Time` is wall time, and
// `cpu_us` the processor time of engine and hosts together per call.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

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

void filter(benchmark::State& state) {
  run_calls(state, ScriptKind::filter, "new.status == 'paid' and old.status ~= 'paid'");
}
void filter_number(benchmark::State& state) {
  run_calls(state, ScriptKind::filter, "new.total_amount > 100");
}
void filter_nothing(benchmark::State& state) { run_calls(state, ScriptKind::filter, "true"); }
void transform(benchmark::State& state) {
  run_calls(state, ScriptKind::transform,
            "return { order_id = new.id, total = new.total_amount, big = new.total_amount > 100 }");
}
void transform_row(benchmark::State& state) { run_calls(state, ScriptKind::transform, "return new"); }
void transform_copy(benchmark::State& state) {
  run_calls(state, ScriptKind::transform, "local row = copy(new) row.status = row.status:upper() return row");
}

BENCHMARK(filter)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();
BENCHMARK(filter_number)->Arg(256)->UseRealTime();
BENCHMARK(filter_nothing)->Arg(1)->Arg(256)->UseRealTime();
BENCHMARK(transform)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();
BENCHMARK(transform_row)->Arg(256)->UseRealTime();
BENCHMARK(transform_copy)->Arg(256)->UseRealTime();

}  // namespace
}  // namespace rowhook

int main(int argc, char** argv) {
  rowhook::run_script_host_if_asked(argc, argv);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
