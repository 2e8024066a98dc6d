// kill -9 of a process that journals, routes and runs, again and again, against a sink that fails before and
// after it has taken a delivery. ROWHOOK_CRASH_ROUNDS sets how often (default 40).
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>
#include <set>

#include "engine/base/log.h"
#include "engine/execution/scheduler.h"
#include "engine/store/store.h"
#include "tests/support/sample_events.h"
#include "tests/support/temp_dir.h"
#include "workflows/services.h"

namespace rowhook {
namespace {

// The sample events are of a fixed day long ago.
const Retention for_ever{std::chrono::hours{24 * 36500}, 10ULL << 30};
constexpr std::int64_t keys = 23;
constexpr std::uint64_t events_each_round = 60;

Trigger trigger(std::int64_t id, const char* config) {
  Trigger made;
  made.id = id;
  made.name = "trigger " + std::to_string(id);
  made.workflow_id = "w";
  made.source = "shop";
  made.event_type = "record_inserted";
  made.config = nlohmann::json::parse(config);
  return made;
}

Definition workflow() {
  std::vector<Problem> problems;
  return definition_from_json(
      nlohmann::json::parse(R"({"id":"w","name":"w","nodes":[{"node_id":"in","node_type":"input"},
      {"node_id":"l","node_type":"log","config":{"message":"{{ new.id }}"}}],
      "connections":[{"from_node_id":"in","to_node_id":"l"}]})"),
      problems);
}

// The process that is killed: goes on journaling where the journal ends, and runs what it finds. With `drain`
// it journals nothing, and ends when everything has ended.
int child(const std::string& directory, bool drain) {
  log::set_level(log::Level::off);
  Metrics metrics;
  ScriptEngine scripts({}, metrics);
  const auto journal = open_sqlite_journal(directory + "/journal", for_ever, system_clock());
  const auto store = open_store("", directory, true, system_clock());
  const int sink = ::open((directory + "/sink").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::mt19937 random(static_cast<unsigned>(::getpid()));
  std::mutex mutex;
  NodeServices services;
  services.scripts = &scripts;
  services.clock = &system_clock();
  services.random = system_random();
  services.metrics = &metrics;
  services.log = [&](std::string_view, std::string_view message, const std::string& execution_id) {
    const std::lock_guard<std::mutex> hold(mutex);
    const auto fate = random() % 10;
    if (fate < 2) throw TransientError("the sink does not answer");
    const std::string line = execution_id + " " + std::string(message) + "\n";
    if (::write(sink, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
    if (fate == 2) throw TransientError("its answer was lost");
  };
  const auto compiled = compile_workflow(workflow(), services);
  Scheduler::Parts parts{};
  parts.journal = journal.get();
  parts.log = &store->executions();
  parts.scripts = &scripts;
  parts.clock = &system_clock();
  parts.random = system_random();
  parts.metrics = &metrics;
  parts.workflow = [&](const std::string&) { return compiled; };
  SchedulerSettings settings;
  settings.retry = {1'000'000, std::chrono::milliseconds{4}, false, std::chrono::milliseconds{4}};
  settings.max_in_flight = 100;
  settings.max_blocked_lanes = 8;
  Scheduler scheduler(std::move(parts), settings);
  scheduler.set_router(std::make_shared<const Router>(
      std::vector<Trigger>{trigger(1, "{}"), trigger(2, R"({"where":"id < 5","ordering":"source"})"),
                           trigger(3, R"({"filter":"new.id % 2 == 0"})")},
      Router::ScriptText{}));
  scheduler.start();
  const ShapePtr shape = testing::orders_shape();
  const std::string last = journal->resume("shop").last_order;
  std::uint64_t commit = last.empty() ? 0 : std::stoull(last, nullptr, 16);
  for (std::uint64_t i = 0; !drain && i < events_each_round; ++i) {
    ++commit;
    Batch batch;
    batch.events.push_back(
        testing::order_inserted(shape, commit, 0, static_cast<std::int64_t>(commit) % keys));
    batch.position = testing::order_of(commit);
    journal->append("shop", batch);
  }
  const auto parked = [&] {
    return store->executions().parked(0, 1).empty() && scheduler.in_flight(1).empty();
  };
  while (!drain || !scheduler.wait_idle(journal->last_seq(), std::chrono::seconds{1}) || !parked())
    ::usleep(2000);
  scheduler.stop(std::chrono::seconds{10});
  return 0;
}

pid_t start_child(const std::string& directory, bool drain) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl("/proc/self/exe", "execution_crash_test", drain ? "--drain" : "--child", directory.c_str(),
            nullptr);
    ::_exit(127);
  }
  return pid;
}

struct Delivery {
  std::uint64_t seq = 0;
  std::int64_t trigger = 0, key = 0;
};

std::vector<Delivery> deliveries(const std::string& file) {
  std::vector<Delivery> out;
  std::ifstream in(file);
  std::string id;
  Delivery delivery;
  while (in >> id >> delivery.key) {
    delivery.seq = std::stoull(id);
    delivery.trigger = std::stoll(id.substr(id.find('-') + 1));
    out.push_back(delivery);
  }
  return out;
}

bool fires(std::int64_t trigger, std::int64_t key) {
  return trigger == 1 || (trigger == 2 && key < 5) || (trigger == 3 && key % 2 == 0);
}

TEST(ExecutionCrash, D29_KilledAtAnyMomentNothingIsLostInventedRenamedOrOutOfOrder) {
  const char* wanted = std::getenv("ROWHOOK_CRASH_ROUNDS");
  const int rounds = wanted ? std::atoi(wanted) : 40;
  testing::TempDir directory;
  std::mt19937 random(29);
  for (int round = 0; round < rounds; ++round) {
    const pid_t pid = start_child(directory.path().string(), false);
    ::usleep(
        static_cast<useconds_t>(60'000 + random() % 250'000));  // the moment of death is chance: no condition
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status)) << "round " << round << ": ended by itself with " << WEXITSTATUS(status);
  }
  const pid_t pid = start_child(directory.path().string(), true);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);

  const auto journal = open_sqlite_journal(directory / "journal", for_ever, system_clock());
  const std::uint64_t last = journal->last_seq();
  ASSERT_GT(last, static_cast<std::uint64_t>(rounds));
  std::map<std::uint64_t, std::int64_t> key_of;
  for (std::uint64_t seq = 1; seq <= last; ++seq) {
    const auto event = journal->at(seq);
    ASSERT_TRUE(event) << seq << " of " << last;
    key_of[seq] = std::stoll(event->key);
  }
  std::set<std::pair<std::int64_t, std::uint64_t>> delivered;
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t>
      newest;  // trigger, key (0 under ordering source)
  std::size_t again = 0;
  for (const auto& [seq, trigger_id, key] : deliveries(directory / "sink")) {
    ASSERT_TRUE(key_of.contains(seq)) << "invented: " << seq;
    EXPECT_EQ(key_of[seq], key) << "renamed: " << seq << "-" << trigger_id;
    EXPECT_TRUE(fires(trigger_id, key)) << "invented: " << seq << "-" << trigger_id;
    if (!delivered.emplace(trigger_id, seq).second) {
      ++again;
      continue;
    }
    auto& before = newest[{trigger_id, trigger_id == 2 ? 0 : key}];
    EXPECT_LT(before, seq) << "out of order: trigger " << trigger_id << " key " << key;
    before = seq;
  }
  const auto store = open_store("", directory.path().string(), false, system_clock());
  for (const auto& [seq, key] : key_of)
    for (const std::int64_t trigger_id : {1, 2, 3}) {
      if (!fires(trigger_id, key)) continue;
      EXPECT_TRUE(delivered.contains({trigger_id, seq})) << "lost: " << seq << "-" << trigger_id;
      const auto row = store->executions().find(std::to_string(seq) + "-" + std::to_string(trigger_id));
      ASSERT_TRUE(row) << seq << "-" << trigger_id;
      EXPECT_EQ(row->status, ExecutionStatus::completed) << row->id;
    }
  EXPECT_EQ(store->executions().low_water(), last + 1);
  std::printf("%d rounds, %llu events, %zu deliveries, %zu of them again\n", rounds,
              static_cast<unsigned long long>(last), delivered.size() + again, again);
}

}  // namespace
}  // namespace rowhook

int main(int argc, char** argv) {
  rowhook::run_script_host_if_asked(argc, argv);
  if (argc == 3 && std::string_view(argv[1]) == "--child") return rowhook::child(argv[2], false);
  if (argc == 3 && std::string_view(argv[1]) == "--drain") return rowhook::child(argv[2], true);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
