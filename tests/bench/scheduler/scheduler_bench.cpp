// How many executions per second come out of the journal, and how long one waits for its first node.
//   scheduler_bench [--events N] [--log memory|store] [--flow plain|where|filter|nodes] [--append
//   ahead|beside] scheduler_bench --latency [--rate N] [--events N]
// plain: every event runs input -> log. where: a condition lets nothing pass. filter: a Lua filter lets
// nothing pass. nodes: input -> Lua filter -> Lua transform -> log, the flow of ./bench (b).
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "engine/base/log.h"
#include "engine/execution/scheduler.h"
#include "engine/router/router.h"
#include "engine/store/store.h"
#include "tests/support/memory_execution_log.h"
#include "tests/support/sample_events.h"
#include "tests/support/temp_dir.h"
#include "workflows/services.h"

namespace rowhook {
namespace {

using testing::TempDir;
using SteadyTime = std::chrono::steady_clock::time_point;

struct Options {
  std::size_t events = 300'000, rate = 1000;
  std::string log = "memory", flow = "plain", append = "ahead";
  bool latency = false;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--latency") {
      options.latency = true;
      continue;
    }
    if (i + 1 == argc) break;
    const std::string value = argv[++i];
    if (name == "--events")
      options.events = std::stoul(value);
    else if (name == "--rate")
      options.rate = std::stoul(value);
    else if (name == "--log")
      options.log = value;
    else if (name == "--flow")
      options.flow = value;
    else if (name == "--append")
      options.append = value;
    else
      std::fprintf(stderr, "unknown option %s\n", name.c_str());
  }
  return options;
}

Definition flow(const std::string& name) {
  const bool nodes = name == "nodes";
  const char* text = nodes ? R"lua({"id":"w","name":"w","nodes":[{"node_id":"in","node_type":"input"},
      {"node_id":"f","node_type":"filter","config":{"filter":"new.total > 0"}},
      {"node_id":"t","node_type":"transform","config":{"transform":"return { id = new.id, total = new.total, big = new.total > 100 }"}},
      {"node_id":"l","node_type":"log","config":{"message":"order {{ item.id }}"}}],
      "connections":[{"from_node_id":"in","to_node_id":"f"},{"from_node_id":"f","to_node_id":"t"},
                     {"from_node_id":"t","to_node_id":"l"}]})lua"
                           : R"({"id":"w","name":"w","nodes":[{"node_id":"in","node_type":"input"},
      {"node_id":"l","node_type":"log","config":{"message":"order {{ new.id }}"}}],
      "connections":[{"from_node_id":"in","to_node_id":"l"}]})";
  std::vector<Problem> problems;
  Definition definition = definition_from_json(nlohmann::json::parse(text), problems);
  if (!problems.empty()) throw std::logic_error(problems.front().detail);
  return definition;
}

Trigger trigger(const std::string& flow) {
  Trigger made;
  made.id = 1;
  made.name = "bench";
  made.workflow_id = "w";
  made.source = "shop";
  made.event_type = "record_inserted";
  if (flow == "where") made.config["where"] = "status = 'paid' AND total > 10";
  if (flow == "filter") made.config["filter"] = "new.status == 'paid' and new.total > 10";
  return made;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}
double cpu_seconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {
    services_.scripts = &scripts_;
    services_.clock = &system_clock();
    services_.random = system_random();
    services_.metrics = &metrics_;
    services_.log = [this](std::string_view, std::string_view, const std::string& id) { first_node(id); };
    workflow_ = compile_workflow(flow(options_.flow), services_);
    journal_ = open_sqlite_journal(directory_ / "journal", {}, system_clock());
    if (options_.log == "store") store_ = open_store("", directory_.path().string(), true, system_clock());
    Scheduler::Parts parts{};
    parts.journal = journal_.get();
    parts.log = store_ ? &store_->executions() : &memory_;
    parts.scripts = &scripts_;
    parts.clock = &system_clock();
    parts.random = system_random();
    parts.metrics = &metrics_;
    parts.workflow = [this](const std::string&) { return workflow_; };
    scheduler_ = std::make_unique<Scheduler>(std::move(parts), SchedulerSettings{});
    scheduler_->set_router(
        std::make_shared<const Router>(std::vector<Trigger>{trigger(options_.flow)}, Router::ScriptText{}));
  }

  void throughput() {
    if (options_.append == "ahead") append_all();
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_before = cpu_seconds(RUSAGE_SELF);
    scheduler_->start();
    if (options_.append != "ahead") append_all();
    if (!scheduler_->wait_idle(journal_->last_seq(), std::chrono::minutes{10})) std::puts("not finished");
    const double time = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const double cpu = cpu_seconds(RUSAGE_SELF) - cpu_before;
    const auto count = static_cast<double>(options_.events);
    std::printf("%-7s %-7s %-7s %8.0f events/s  %6.2f us of CPU each\n", options_.flow.c_str(),
                options_.log.c_str(), options_.append.c_str(), count / time, cpu / count * 1e6);
    scheduler_->stop(std::chrono::seconds{5});
  }

  void latency() {
    scheduler_->start();
    started_.resize(options_.events + 1);
    std::vector<SteadyTime> appended(options_.events + 1);
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 1; i <= options_.events; ++i) {
      std::this_thread::sleep_until(begin + std::chrono::microseconds{1'000'000 * i / options_.rate});
      Batch batch = testing::orders_batch(shape_, i, i);
      appended[i] = std::chrono::steady_clock::now();
      journal_->append("shop", batch);
    }
    scheduler_->wait_idle(journal_->last_seq(), std::chrono::minutes{1});
    std::vector<double> waits;
    for (std::size_t i = 1; i <= options_.events; ++i)
      waits.push_back(std::chrono::duration<double, std::milli>(started_[i] - appended[i]).count());
    std::sort(waits.begin(), waits.end());
    std::printf("from append to first node: p50 %.3f ms, p99 %.3f ms, max %.3f ms\n", waits[waits.size() / 2],
                waits[waits.size() * 99 / 100], waits.back());
    scheduler_->stop(std::chrono::seconds{5});
  }

 private:
  void first_node(const std::string& id) {
    if (options_.latency) started_[std::stoul(id)] = std::chrono::steady_clock::now();
  }
  void append_all() {
    for (std::size_t i = 1; i <= options_.events; i += 1000) {
      Batch batch = testing::orders_batch(shape_, i, std::min(options_.events, i + 999));
      journal_->append("shop", batch);
    }
  }

  const Options options_;
  TempDir directory_;
  Metrics metrics_;
  ScriptEngine scripts_{{}, metrics_};
  NodeServices services_;
  WorkflowPtr workflow_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Store> store_;
  testing::MemoryExecutionLog memory_;
  ShapePtr shape_ = testing::orders_shape();
  std::vector<SteadyTime> started_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace
}  // namespace rowhook

int main(int argc, char** argv) {
  rowhook::run_script_host_if_asked(argc, argv);
  rowhook::log::set_level(rowhook::log::Level::warning);
  const auto options = rowhook::parse(argc, argv);
  rowhook::Bench bench(options);
  if (options.latency)
    bench.latency();
  else
    bench.throughput();
  return 0;
}
