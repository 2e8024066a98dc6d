#include <gmock/gmock.h>

#include "tests/support/postgres_cluster.h"

namespace rowhook::testing {
namespace {

TEST(PostgresCluster, ServesDatabasesAndSurvivesRestartAndCrash) {
  PostgresCluster cluster({{"wal_sender_timeout", "'5s'"}});
  EXPECT_EQ(cluster.value("SHOW wal_level"), "logical");
  EXPECT_EQ(cluster.value("SHOW wal_sender_timeout"), "5s");
  const std::string url = cluster.create_database("shop");
  cluster.sql("CREATE TABLE t(a int, b text); INSERT INTO t VALUES (1, NULL), (2, 'x')", "shop");
  EXPECT_EQ(cluster.sql("SELECT * FROM t ORDER BY a", "shop"), (SqlRows{{"1", ""}, {"2", "x"}}));
  cluster.restart();
  EXPECT_EQ(cluster.value("SELECT count(*) FROM t", "shop"), "2");
  {
    PostgresSession session(cluster.url("shop"));
    session.copy_in("t", "3\tc\n4\td\n");
  }
  cluster.kill9();
  cluster.start();
  EXPECT_EQ(cluster.value("SELECT count(*) FROM t", "shop"), "4");
  EXPECT_THROW(cluster.sql("SELECT nonsense"), std::runtime_error);
}

}  // namespace
}  // namespace rowhook::testing
