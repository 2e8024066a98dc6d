// A store whose database goes away, is full or is busy: it says so, loses nothing it had acknowledged, and
// heals by itself.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>

#include "engine/db/sqlite_connection.h"
#include "engine/store/store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/temp_dir.h"

// libpqxx 6.4 loses libpq's result (2 KB) when a session breaks off under a statement.
extern "C" const char* __lsan_default_suppressions() { return "leak:libpq.so"; }

namespace rowhook {
namespace {

std::vector<Execution> batch(std::uint64_t first, std::size_t count) {
  std::vector<Execution> list(count);
  for (Execution& one : list) {
    one.seq = first++;
    one.id = std::to_string(one.seq) + "-1";
    one.trigger_id = 1;
    one.status = ExecutionStatus::completed;
    one.created_at = one.finished_at = 1'754'388'000'000'000;
    one.steps = "[\"" + std::string(500, 'x') + "\"]";
  }
  return list;
}

// Files of this process cannot grow beyond `bytes` while it lives: writes fail as they do on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    before_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small{bytes, limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    ::signal(SIGXFSZ, before_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit limit_{};
  void (*before_)(int) = nullptr;
};

TEST(StoreTrouble, D27_AFullDiskIsTransientAndLosesNothing) {
  testing::TempDir directory;
  testing::FakeClock clock;
  auto store = open_store("sqlite", directory.path().string(), true, clock);
  ExecutionLog& log = store->executions();
  log.write(batch(1, 100), 100);
  std::uint64_t written = 100;
  {
    const FullDisk full(2u << 20);
    EXPECT_THROW(
        for (int i = 0; i < 100; ++i) {
          log.write(batch(written + 1, 100), written + 100);
          written += 100;
        },
        TransientError);
    EXPECT_THROW(log.write(batch(written + 1, 1000), written + 1000), TransientError);
    EXPECT_EQ(log.low_water(), written);  // reading goes on
  }
  log.write(batch(written + 1, 100), written + 100);
  EXPECT_EQ(log.count({}), written + 100);
  EXPECT_EQ(log.low_water(), written + 100);
  store.reset();
  auto check = open_sqlite(directory / "rowhook.db");
  EXPECT_EQ(as_text(check->query("PRAGMA integrity_check").rows.at(0).at(0)), "ok");
}

TEST(StoreTrouble, AnotherProgramThatHoldsTheFileIsWaitedFor) {
  testing::TempDir directory;
  testing::FakeClock clock;
  auto store = open_store("sqlite", directory.path().string(), true, clock);
  auto other = open_sqlite(directory / "rowhook.db");
  other->begin();
  other->query("INSERT INTO workflows (id) VALUES ('w')");
  std::thread writer([&] { store->executions().write(batch(1, 1), 1); });
  EXPECT_FALSE(store->workflow("w"));  // readers wait for nobody
  other->commit();
  writer.join();
  EXPECT_TRUE(store->workflow("w"));
  EXPECT_TRUE(store->executions().find("1-1"));
}

TEST(StoreTrouble, ARestartedServerIsFoundAgain) {
  testing::PostgresCluster cluster;
  testing::FakeClock clock;
  auto store = open_store(cluster.url(), "", true, clock);
  store->executions().write(batch(1, 10), 10);
  store->ping();
  cluster.stop();
  EXPECT_THROW(store->ping(), TransientError);
  EXPECT_THROW(store->executions().write(batch(11, 10), 20), TransientError);
  EXPECT_THROW(store->executions().write(batch(11, 10), 20), TransientError);
  cluster.start();
  EXPECT_NO_THROW(store->ping());
  EXPECT_NO_THROW(store->executions().write(batch(11, 10), 20));
  EXPECT_EQ(store->executions().count({}), 20U);
}

TEST(StoreTrouble, ASessionThatWasEndedCostsOneTryOnly) {
  testing::PostgresCluster cluster;
  testing::FakeClock clock;
  auto store = open_store(cluster.url(), "", true, clock);
  store->executions().write(batch(1, 10), 10);
  cluster.sql(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'rowhook'");
  EXPECT_THROW(store->executions().write(batch(11, 10), 20), TransientError);
  store->executions().write(batch(11, 10), 20);
  EXPECT_EQ(store->executions().count({}), 20U);
}

TEST(StoreTrouble, AStoreThatCannotBeReachedIsATransientError) {
  testing::FakeClock clock;
  EXPECT_THROW(open_store("postgresql://postgres@127.0.0.1:1/rowhook", "", true, clock), TransientError);
}

}  // namespace
}  // namespace rowhook
