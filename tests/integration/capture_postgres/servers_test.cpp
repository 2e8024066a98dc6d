// What needs a server of its own: time-outs, crashes, lost slots, other servers and histories, TLS, large
// transactions.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <thread>

#include "engine/base/errors.h"
#include "engine/capture/postgres_logical/lsn.h"
#include "tests/integration/capture_postgres/capture.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr const char* marker_and_table =
    "CREATE TABLE rowhook_marker(id int PRIMARY KEY); CREATE TABLE t(id int PRIMARY KEY, a text)";

// A server of its own with a database "shop" and a capture of its table t.
struct OwnServer {
  explicit OwnServer(PostgresCluster::Settings settings = {})
      : cluster(settings), capture(prepare(), "shop", {watch("t"), watch("rowhook_marker")}) {}
  PostgresCluster& prepare() {
    cluster.create_database("shop");
    cluster.sql(marker_and_table, "shop");
    return cluster;
  }
  SqlRows sql(const std::string& text) { return cluster.sql(text, "shop"); }
  std::string value(const std::string& text) { return cluster.value(text, "shop"); }
  std::string sender() {
    return value("SELECT coalesce(active_pid, 0) FROM pg_replication_slots WHERE slot_name = 'rowhook_shop'");
  }
  bool slot_is_free() {
    return eventually([&] { return sender() == "0"; });
  }
  PostgresCluster cluster;
  Capture capture;
};

std::string gap_reason(Capture& capture) {
  try {
    capture.open();
    capture.until_holds([] { return false; });
  } catch (const GapError& gap) {
    return gap.what();
  }
  return "no gap";
}

void run(const std::string& command) { ASSERT_EQ(::system(command.c_str()), 0) << command; }

TEST(PostgresServers, D6_ABlockedEngineOutlastsWalSenderTimeout) {
  OwnServer server({{"wal_sender_timeout", "'1s'"}});
  server.capture.open();
  server.sql("INSERT INTO t VALUES (0, 'first')");
  EXPECT_EQ(server.capture.drain().size(), 1U);
  const std::string sender = server.sender();
  // More than the sockets hold, so that the server is in the middle of sending all the time.
  server.sql("INSERT INTO t SELECT n, repeat('x', 1000) FROM generate_series(1, 30000) n");
  for (int i = 0; i < 15; ++i) server.capture.source().idle(milliseconds{100});  // the journal is full
  std::this_thread::sleep_for(milliseconds{2500});  // an append hangs: no call at all
  server.capture.until(30000);
  EXPECT_EQ(server.sender(), sender) << "the connection is the same";
}

TEST(PostgresServers, D9_ALargeTransactionComesInBoundedBatchesAndMovesThePositionOnlyAtItsEnd) {
  OwnServer server;
  server.capture.open();
  server.capture.until_holds([&] { return !server.capture.resume.position.empty(); });
  server.sql("INSERT INTO t SELECT n, repeat('x', 200) FROM generate_series(1, 60000) n");
  std::size_t events = 0;
  while (events < 60000) {
    const Batch batch = server.capture.source().read(milliseconds{1000});
    events += batch.events.size();
    ASSERT_LE(batch.events.size(), 1000U);
    ASSERT_LE(batch.bytes, std::size_t{5} << 20);
    if (batch.position && events > 0 && events < 60000) {
      ASSERT_LT(*parse_lsn(*batch.position), *parse_lsn(batch.events.at(0).position))
          << "only what lies before the transaction";
    }
  }
  // It ends without having been saved: the whole transaction comes again.
  server.capture.open();
  server.capture.until(60000);
  EXPECT_EQ(server.capture.events.size(), 60000U);
}

TEST(PostgresServers, ACrashOfTheServerLosesAndInventsNothing) {
  OwnServer server;
  server.capture.open();
  server.sql("INSERT INTO t SELECT n, 'x' FROM generate_series(1, 100) n");
  server.capture.until(100);
  server.cluster.kill9();
  EXPECT_THROW(server.capture.until_holds([] { return false; }), TransientError);
  EXPECT_THROW(server.capture.open(), TransientError);
  server.cluster.start();
  server.capture.open();
  server.sql("INSERT INTO t VALUES (101, 'after')");
  server.capture.until(101);
  EXPECT_EQ(server.capture.events.size(), 101U);
  EXPECT_EQ(server.capture.events.back().key, "101");
}

TEST(PostgresServers, AStoppedServerStopsPromptlyAndCaptureGoesOn) {
  OwnServer server;
  server.capture.open();
  server.sql("INSERT INTO t VALUES (1, 'x')");
  server.capture.until(1);
  std::atomic<bool> stopped = false;
  std::thread reader([&] {
    try {
      while (!stopped) server.capture.step();
    } catch (const TransientError&) {
    }
  });
  server.cluster.stop();
  stopped = true;
  reader.join();
  EXPECT_EQ(server.cluster.log().find("immediate shutdown"), std::string::npos)
      << "a fast shutdown is enough";
  server.cluster.start();
  server.capture.open();
  server.sql("INSERT INTO t VALUES (2, 'y')");
  server.capture.until(2);
}

TEST(PostgresServers, D7_ALostSlotIsAGapAndIsReplacedWhenAcceptedByAPerson) {
  OwnServer server({{"max_slot_wal_keep_size", "'16MB'"}});
  server.capture.open();
  server.sql("INSERT INTO t VALUES (1, 'x')");
  server.capture.until(1);
  server.capture.close();
  ASSERT_TRUE(server.slot_is_free());
  const auto lost = [&] {
    server.sql("INSERT INTO t SELECT coalesce(max(id), 0) + 1, 'lost' FROM t; SELECT pg_switch_wal()");
    server.sql("CHECKPOINT");
    return server.value("SELECT wal_status FROM pg_replication_slots") == "lost";
  };
  ASSERT_TRUE(eventually(lost));
  EXPECT_THAT(gap_reason(server.capture), HasSubstr("is lost"));
  server.capture.resume.position.clear();
  server.capture.resume.state.clear();
  server.capture.open();
  server.sql("INSERT INTO t VALUES (1000, 'new beginning')");
  EXPECT_TRUE(server.capture.until_holds([&] { return server.capture.events.back().key == "1000"; }));
}

TEST(PostgresServers, D7_AnotherServerBehindTheAddress) {
  OwnServer server, other;
  server.capture.open();
  server.sql("INSERT INTO t VALUES (1, 'x')");
  server.capture.until(1);
  server.capture.settings.port = other.cluster.port();
  EXPECT_THAT(gap_reason(server.capture), HasSubstr("is another cluster"));
  EXPECT_EQ(other.value("SELECT count(*) FROM pg_publication"), "0") << "nothing was made there";
}

TEST(PostgresServers, D7_AServerRestoredFromABackup) {
  OwnServer server;
  server.capture.open();
  server.sql("INSERT INTO t VALUES (1, 'x')");
  server.capture.until(1);
  server.capture.close();
  const std::string data = server.cluster.data_directory();
  server.cluster.stop();
  run("cp -a " + data + " " + data + ".backup");
  server.cluster.start();
  server.capture.open();
  server.sql("INSERT INTO t SELECT n, repeat('y', 1000) FROM generate_series(2, 3000) n");
  server.capture.until(3000);
  server.capture.close();
  server.cluster.stop();
  run("rm -rf " + data + " && mv " + data + ".backup " + data);
  server.cluster.start();
  EXPECT_THAT(gap_reason(server.capture), HasSubstr("restored from a backup"));
}

TEST(PostgresServers, ANewTimelineThatContinuesOursIsNoGap) {
  OwnServer server;
  server.capture.open();
  server.sql("INSERT INTO t VALUES (1, 'x')");
  server.capture.until(1);
  server.capture.close();
  ASSERT_TRUE(server.slot_is_free());
  server.cluster.stop();
  run("cp -p " + server.cluster.data_directory().string() + "/PG_VERSION " +
      server.cluster.data_directory().string() + "/recovery.signal");
  server.cluster.configure({{"restore_command", "'/bin/false'"}});
  server.cluster.start();
  ASSERT_TRUE(eventually([&] { return server.value("SELECT pg_is_in_recovery()") == "f"; }));
  ASSERT_EQ(server.value("SELECT timeline_id FROM pg_control_checkpoint()"), "2");
  server.capture.open();
  server.sql("INSERT INTO t VALUES (2, 'on timeline 2')");
  server.capture.until(2);
  EXPECT_EQ(server.capture.events.back().key, "2");
  EXPECT_THAT(server.capture.resume.state, HasSubstr("\"timeline\":2"));
}

TEST(PostgresServers, TlsBySslMode) {
  OwnServer server;
  const std::string data = server.cluster.data_directory();
  run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout " + data +
      "/server.key -out " + data + "/server.crt 2>/dev/null && chown --reference=" + data + "/PG_VERSION " +
      data + "/server.key " + data + "/server.crt && chmod 600 " + data + "/server.key");
  server.capture.settings.ssl_mode = "require";
  EXPECT_THROW(server.capture.open(), TransientError) << "the server has no TLS yet";
  server.cluster.configure({{"ssl", "on"}});
  server.cluster.restart();
  server.capture.open();
  EXPECT_EQ(server.value("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE "
                         "application_name LIKE 'rowhook%'"),
            "t");
  server.sql("INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(1, 20000) n");
  server.capture.until(20000);
  server.capture.close();
  server.capture.settings.ssl_mode = "verify-full";
  EXPECT_THROW(server.capture.open(), TransientError) << "nobody vouches for the certificate";
}

}  // namespace
}  // namespace rowhook::testing
