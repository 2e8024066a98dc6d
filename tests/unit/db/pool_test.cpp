#include "engine/db/pool.h"

#include <gtest/gtest.h>

#include "engine/db/sqlite_connection.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;

struct PoolTest : ::testing::Test {
  testing::TempDir directory;
  std::atomic<int> opened = 0;
  Pool::Open open = [this] {
    ++opened;
    return open_sqlite(directory / "pool.db");
  };
};

TEST_F(PoolTest, OpensLazilyAndUsesASessionAgain) {
  Pool pool(open);
  EXPECT_EQ(opened, 0);
  { auto lease = pool.borrow(); }
  { auto lease = pool.borrow(); }
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(pool.open_sessions(), 1U);
}

TEST_F(PoolTest, IsBoundedAndNamesTheRemedy) {
  Pool pool(open, {.size = 2, .wait = milliseconds{1}});
  auto first = pool.borrow();
  auto second = pool.borrow();
  try {
    pool.borrow();
    FAIL();
  } catch (const TransientError& error) {
    EXPECT_EQ(std::string(error.what()).rfind("connection pool exhausted", 0), 0U);
    EXPECT_EQ(error.hint(), "raise connection_pool_size or lower max_concurrent_tables");
  }
}

TEST_F(PoolTest, AWaiterGetsTheSessionThatComesBack) {
  Pool pool(open, {.size = 1});
  auto first = std::make_unique<Pool::Lease>(pool.borrow());
  std::atomic<bool> got = false;
  std::thread waiter([&] {
    auto lease = pool.borrow();
    got = true;
  });
  EXPECT_FALSE(got);
  first.reset();
  EXPECT_TRUE(testing::eventually([&] { return got.load(); }));
  waiter.join();
  EXPECT_EQ(opened, 1);
}

TEST_F(PoolTest, RollsBackWhatALeaseLeftOpen) {
  Pool pool(open, {.size = 1});
  {
    auto lease = pool.borrow();
    lease->execute_script("CREATE TABLE t (a)");
    lease->begin();
    lease->query("INSERT INTO t VALUES (1)");
  }
  auto lease = pool.borrow();
  EXPECT_TRUE(lease->query("SELECT * FROM t").empty());
  lease->begin();
}

TEST_F(PoolTest, ClosesWhatWasIdleTooLong) {
  Pool pool(open, {.size = 2, .idle_expiry = milliseconds{0}});
  { auto lease = pool.borrow(); }
  pool.expire();
  EXPECT_EQ(pool.open_sessions(), 0U);
  { auto lease = pool.borrow(); }
  EXPECT_EQ(opened, 2);
}

TEST_F(PoolTest, AFailedOpenGivesItsPlaceBack) {
  bool broken = true;
  Pool pool(
      [&]() -> std::unique_ptr<Connection> {
        if (broken) throw TransientError("no server");
        return open();
      },
      {.size = 1, .wait = milliseconds{1}});
  EXPECT_THROW(pool.borrow(), TransientError);
  EXPECT_EQ(pool.open_sessions(), 0U);
  broken = false;
  EXPECT_NO_THROW(pool.borrow());
}

}  // namespace
}  // namespace rowhook
