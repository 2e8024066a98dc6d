// D29: kill -9 at any moment, again and again, under load on PostgreSQL and with a flaky sink. Afterwards: nothing lost, nothing
// invented, first deliveries of a key in commit order, the same ids on every delivery of a change.
// ROWHOOK_CRASH_ROUNDS says how often (200 by default).
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/flaky_http_server.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/rowhook_process.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

constexpr int keys = 40;
constexpr int undone = 2'000'000;  // written behind a savepoint that is rolled back

int rounds() {
  const char* text = std::getenv("ROWHOOK_CRASH_ROUNDS");
  return text ? std::atoi(text) : 200;
}

// What arrived, by change: (key, n).
class Sink {
 public:
  Sink() : server_([this](const SeenRequest& request, FlakyHttpServer::Exchange& exchange) { take(request, exchange); }) {}
  std::string url() const { return server_.url("/hook"); }

  struct Delivery {
    std::string event_id, webhook_id;
    std::size_t times = 0, first_at = 0;
    bool accepted = false;
  };
  std::map<std::pair<int, int>, Delivery> deliveries() const { return seen_.with([](const Seen& seen) { return seen.deliveries; }); }
  std::string trouble() const { return seen_.with([](const Seen& seen) { return seen.trouble; }); }

 private:
  struct Seen {
    std::map<std::pair<int, int>, Delivery> deliveries;
    std::size_t arrivals = 0;
    std::minstd_rand random{7};
    std::string trouble;
  };

  void take(const SeenRequest& request, FlakyHttpServer::Exchange& exchange) {
    const json body = json::parse(request.body);
    const json& row = body.at("new_values");
    enum { accept, refuse, cut } fate = accept;
    seen_.with([&](Seen& seen) {
      Delivery& delivery = seen.deliveries[{row.at("key").get<int>(), row.at("n").get<int>()}];
      const std::string event_id = body.at("event_id"), webhook_id = request.headers.at("webhook-id");
      if (delivery.times++ == 0) {
        delivery.event_id = event_id;
        delivery.webhook_id = webhook_id;
        delivery.first_at = seen.arrivals;
      } else if (delivery.event_id != event_id || delivery.webhook_id != webhook_id) {
        seen.trouble = "another id on redelivery: " + delivery.event_id + " / " + event_id + ", " + delivery.webhook_id + " / " + webhook_id;
      }
      ++seen.arrivals;
      const auto dice = seen.random() % 50;
      fate = dice == 0 ? refuse : dice == 1 ? cut : accept;
      delivery.accepted = delivery.accepted || fate == accept;
    });
    if (fate == accept) exchange.answer(204);
    if (fate == refuse) exchange.answer(500);
    if (fate == cut) exchange.reset();
  }

  Guarded<Seen> seen_;
  FlakyHttpServer server_;
};

// The users' own programs: transactions of one and of several rows, some rolled back, some with savepoints.
class Writers {
 public:
  Writers(const std::string& url, int count) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this, url, i] { write(url, i); });
  }
  ~Writers() { stop(); }
  // Everything that was committed: per key the highest n; each from 1 on.
  std::map<int, int> stop() {
    stopping_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    return committed_.with([](const auto& committed) { return committed; });
  }

 private:
  void write(const std::string& url, int writer) {
    PostgresSession session(url);
    std::minstd_rand random(static_cast<unsigned>(writer) + 1);
    std::map<int, int> next;  // this writer's keys: disjoint, so that the order of n is the commit order
    while (!stopping_) {
      const int rows = random() % 4 == 0 ? 5 : 1;
      const bool roll_back = random() % 7 == 0, savepoint = random() % 5 == 0;
      std::map<int, int> in_transaction = next;
      std::string sql = "BEGIN;";
      if (savepoint) sql += "SAVEPOINT s;" + set(writer, undone) + "ROLLBACK TO s;";
      for (int i = 0; i < rows; ++i) {
        const int key = writer + 2 * static_cast<int>(random() % (keys / 2));
        sql += set(key, ++in_transaction[key]);
      }
      session.sql(sql);
      session.sql(roll_back ? "ROLLBACK" : "COMMIT");
      if (!roll_back) {
        next = in_transaction;
        committed_.with([&](auto& committed) {
          for (const auto& [key, n] : next) committed[key] = n;
        });
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{3});  // some 500 changes a second in all
    }
  }

  static std::string set(int key, int n) {
    return "UPDATE ledger SET n = " + std::to_string(n) + " WHERE key = " + std::to_string(key) + ";";
  }

  std::atomic<bool> stopping_{false};
  Guarded<std::map<int, int>> committed_;
  std::vector<std::thread> threads_;
};

json config_for(const PostgresCluster& cluster) {
  return {{"connections", {{{"name", "bank"}, {"type", "postgresql"}, {"host", "127.0.0.1"}, {"port", cluster.port()},
                            {"database", "postgres"}, {"username", "postgres"}, {"monitoring", {{"method", "log_based"}}}}}},
          {"tables", {{{"table", "ledger"}}}},
          {"egress", {{"allow", {"127.0.0.0/8"}}}},
          {"logging", {{"log_level", "ERROR"}}},
          {"retry", {{"retry_delay_seconds", 0.05}, {"max_retries", 1000}, {"max_delay_seconds", 0.2}}}};
}

void define_webhook(RowhookProcess& engine, const std::string& url) {
  engine.define("workflows/send.json", json{{"id", "send"}, {"name", "Send"}, {"is_active", true},
    {"nodes", {{{"node_id", "in"}, {"node_type", "input"}},
               {{"node_id", "post"}, {"node_type", "http_request"}, {"config", {{"url", url}, {"timeout", "5s"}}}}}},
    {"connections", {{{"from_node_id", "in"}, {"from_port", "output"}, {"to_node_id", "post"}, {"to_port", "input"}}}}}.dump());
  engine.define("triggers/send.json", json{{"name", "each entry"}, {"source", "bank"}, {"event_type", "record_updated"},
    {"workflow_id", "send"}, {"config", {{"tables", {"ledger"}}}}}.dump());
}

TEST(EngineCrash, D29_NothingLostInventedDisorderedOrRenamed) {
  PostgresCluster cluster;
  cluster.sql("CREATE TABLE ledger(key int PRIMARY KEY, n int)");
  cluster.sql("INSERT INTO ledger SELECT i, 0 FROM generate_series(0, " + std::to_string(keys - 1) + ") i");
  Sink sink;
  RowhookProcess engine(config_for(cluster));
  define_webhook(engine, sink.url());
  engine.start();
  ASSERT_TRUE(eventually([&] { return engine.get("/sources/bank")["state"] == "running"; }));

  Writers writers(cluster.url(), 2);
  std::minstd_rand random(42);
  for (int round = 0; round < rounds(); ++round) {
    // Any moment: while it starts, catches up, or idles. The pause only spreads the kills, nothing waits on it.
    std::this_thread::sleep_for(std::chrono::milliseconds{static_cast<int>(20 + random() % 400)});
    engine.kill9();
    engine.start();
  }
  const std::map<int, int> committed = writers.stop();

  const auto all_arrived = [&] {
    const auto deliveries = sink.deliveries();
    for (const auto& [key, last] : committed)
      for (int n = last; n > 0; --n) {
        const auto found = deliveries.find({key, n});
        if (found == deliveries.end() || !found->second.accepted) return false;
      }
    return true;
  };
  EXPECT_TRUE(eventually(all_arrived, std::chrono::seconds{120})) << "something is lost";

  EXPECT_EQ(sink.trouble(), "");
  const auto deliveries = sink.deliveries();
  std::size_t again = 0;
  for (const auto& [change, delivery] : deliveries) {
    const auto [key, n] = change;
    ASSERT_NE(n, undone) << "a change behind a savepoint that was rolled back";
    ASSERT_TRUE(committed.count(key) > 0 && n >= 1 && n <= committed.at(key)) << "invented: key " << key << ", n " << n;
    again += delivery.times - 1;
    if (const auto before = deliveries.find({key, n - 1}); before != deliveries.end()) {
      EXPECT_LT(before->second.first_at, delivery.first_at) << "disorder: key " << key << ", n " << n;
    }
  }
  std::printf("%d rounds of kill -9: %zu changes delivered, %zu deliveries repeated\n", rounds(), deliveries.size(), again);
}

}  // namespace
}  // namespace rowhook::testing
