// What the journal costs: appending with durability on, reading from memory and from disk, look-ups,
// rendering.
//   ninja -C build/release journal_bench && build/release/tests/bench/journal/journal_bench
#include <benchmark/benchmark.h>
#include <time.h>

#include "engine/base/log.h"
#include "engine/event/json_writer.h"
#include "engine/journal/sqlite_journal.h"
#include "tests/support/sample_events.h"
#include "tests/support/temp_dir.h"

namespace rowhook::testing {
namespace {

double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// The events are made outside of what is measured. "cpu_ns": of the appending thread, per event, without
// waiting for fsync; "wall_ns": with it.
void append(benchmark::State& state) {
  log::set_level(log::Level::off);
  const TempDir directory;
  const auto journal = open_sqlite_journal(directory / "journal", Retention{}, system_clock());
  const ShapePtr shape = orders_shape();
  const auto count = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t next = 1;
  double cpu = 0;
  std::chrono::duration<double> wall{0};
  for (auto _ : state) {
    state.PauseTiming();
    Batch batch = orders_batch(shape, next, next + count - 1);
    for (auto& event : batch.events) event.captured_at = system_clock().now();
    next += count;
    state.ResumeTiming();
    const auto started = std::chrono::steady_clock::now();
    const double before = thread_seconds();
    journal->append("shop", batch);
    cpu += thread_seconds() - before;
    wall += std::chrono::steady_clock::now() - started;
  }
  const auto events = static_cast<double>(next - 1);
  state.counters["cpu_ns"] = cpu / events * 1e9;
  state.counters["wall_ns"] = wall.count() / events * 1e9;
}
BENCHMARK(append)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime();

struct Filled {
  TempDir directory;
  ShapePtr shape = orders_shape();
  std::unique_ptr<Journal> journal;
  Filled() {
    log::set_level(log::Level::off);
    SqliteJournalOptions options;
    options.log.recent_bytes = 1 << 20;
    options.segment_events = 100'000;
    journal = open_sqlite_journal(directory / "journal", options, system_clock());
    for (std::uint64_t first = 1; first <= 500'000; first += 1000) {
      Batch batch = orders_batch(shape, first, first + 999);
      journal->append("shop", batch);
    }
  }
};
Filled& filled() {
  static Filled journal;
  return journal;
}

void read(benchmark::State& state, std::uint64_t from) {
  std::size_t events = 0;
  filled();
  for (auto _ : state) events += filled().journal->read(from, 256, 4 << 20).size();
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
}
BENCHMARK_CAPTURE(read, from_disk, 100'000);
BENCHMARK_CAPTURE(read, from_memory, 499'700);

void find(benchmark::State& state) {
  std::uint64_t commit = 1;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled().journal->find(make_event_id(*filled().shape, order_of(commit), 0)));
    commit = commit % 500'000 + 7919;
    commit = (commit - 1) % 500'000 + 1;
  }
}
BENCHMARK(find);

void list_of_a_key(benchmark::State& state) {
  EventFilter filter;
  filter.table = "orders";
  filter.record_id = "1234";
  for (auto _ : state) benchmark::DoNotOptimize(filled().journal->list(filter));
}
BENCHMARK(list_of_a_key);

void event_to_json(benchmark::State& state) {
  const Event event = order_inserted(orders_shape(), 7, 0, 42);
  std::string out;
  for (auto _ : state) {
    out.clear();
    write_json_event(out, event);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(event_to_json);

}  // namespace
}  // namespace rowhook::testing

BENCHMARK_MAIN();
