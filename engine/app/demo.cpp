#include "engine/app/demo.h"

#include <stdlib.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "engine/app/api_client.h"
#include "engine/app/cli.h"
#include "engine/app/definitions_dir.h"
#include "engine/app/engine.h"
#include "engine/app/private_postgres.h"
#include "engine/app/shop.h"
#include "engine/app/signals.h"
#include "engine/base/errors.h"
#include "engine/db/postgres_connection.h"
#include "engine/db/sqlite_connection.h"
#include "engine/execution/scheduler.h"
#include "engine/journal/journal.h"
#include "engine/app/own_directory.h"
#include "engine/app/sources.h"

namespace rowhook {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// The shop's database: a file of its own, or a private PostgreSQL that ends with the demo.
class ShopDatabase {
 public:
  ShopDatabase(const fs::path& directory, bool postgres) : directory_(directory) {
    if (!postgres) return;
    if (::geteuid() == 0) fs::permissions(directory, fs::perms::others_exec, fs::perm_options::add);
    fs::create_directories(directory / "postgres");
    server_ = std::make_unique<PrivatePostgres>(directory / "postgres");
    connect()->execute_script("CREATE DATABASE ecommerce");
    database_ = "ecommerce";
  }
  std::unique_ptr<Connection> connect() const {
    if (server_) return open_postgres(server_->url(database_), PostgresOptions{});
    return open_sqlite((directory_ / "shop.db").string(), SqliteOptions{});
  }
  nlohmann::json connection_settings() const {
    if (!server_)
      return {{"name", "shop"}, {"type", "sqlite"}, {"database", (directory_ / "shop.db").string()},
              {"monitoring", {{"method", "triggers"}}}};
    return {{"name", "shop"}, {"type", "postgresql"}, {"host", "127.0.0.1"}, {"port", server_->port()},
            {"database", database_}, {"username", "postgres"}, {"monitoring", {{"method", "log_based"}}},
            {"slot_name", "ecommerce_cdc_slot"}, {"publication_name", "ecommerce_publication"}};
  }

 private:
  fs::path directory_;
  std::unique_ptr<PrivatePostgres> server_;
  std::string database_ = "postgres";
};

Config demo_config(const ShopDatabase& shop, const std::string& listen) {
  const nlohmann::json document{{"connections", {shop.connection_settings()}},
                                {"tables", {{{"table", "orders"}, {"tags", {"shop"}}},
                                            {{"table", "order_items"}, {"events", {"INSERT"}}, {"tags", {"shop"}}},
                                            {{"table", "inventory"}, {"events", {"UPDATE"}}, {"tags", {"shop"}}}}},
                                {"logging", {{"log_level", "WARNING"}}},
                                {"retry", {{"retry_delay_seconds", 1}}},
                                {"server", {{"listen", listen}}},
                                {"egress", {{"allow", {"127.0.0.0/8", "::1/128"}}}}};
  return parse_config(document.dump(), "", {});
}

// Lines from log nodes, to standard output as they come; kept, so that --once can check them.
class Printed {
 public:
  void line(std::string_view level, std::string_view message) {
    if (level == "debug") return;
    const std::lock_guard<std::mutex> hold(mutex_);
    lines_.emplace_back(message);
    std::printf("%s%.*s\n", level == "warning" ? "⚠️  " : "", static_cast<int>(message.size()), message.data());
    std::fflush(stdout);
  }
  bool has(const std::string& part) const {
    const std::lock_guard<std::mutex> hold(mutex_);
    for (const auto& line : lines_)
      if (line.find(part) != std::string::npos) return true;
    return false;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

void wait_for_capture(Engine& engine) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  for (;;) {
    const auto sources = engine.sources().list();
    if (!sources.empty() && sources.front().state == IntakeState::running) return;
    if (std::chrono::steady_clock::now() > deadline)
      throw TransientError("the shop's database is not captured: " + (sources.empty() ? "" : sources.front().reason),
                           sources.empty() ? "" : sources.front().remedy);
    std::this_thread::sleep_for(milliseconds{2});
  }
}

// What the reference example prints for its test data, and that it is on record.
int check_outcome(Engine& engine, const Printed& printed) {
  const char* const expected[] = {
      "Processed UPDATE on orders: {'action': 'status_change', 'order_id': 1, 'old_status': 'pending', 'new_status': 'paid'}",
      "Processed UPDATE on orders: {'action': 'status_change', 'order_id': 1, 'old_status': 'paid', 'new_status': 'shipped'}",
      "Processed UPDATE on inventory: {'action': 'inventory_updated', 'product_id': 1, 'old_stock': 100, 'new_stock': 3}",
      "Low stock alert: Product 1, Stock: 3"};
  int missing = 0;
  for (const char* line : expected)
    if (!printed.has(line)) {
      std::fprintf(stderr, "rowhook: missing: %s\n", line);
      ++missing;
    }
  const auto answer =
      nlohmann::json::parse(engine.client()->call("GET", "/api/v1/executions?status=completed&limit=1000").body);
  if (answer.at("total") != 3) {
    std::fprintf(stderr, "rowhook: expected 3 completed executions, found %s\n", answer.at("total").dump().c_str());
    ++missing;
  }
  if (missing > 0) return exit_status::findings;
  std::printf("\n✔ 3 changes captured, journaled, routed and run; the outcome is as expected\n");
  return exit_status::done;
}

int completed(Engine& engine) {
  return nlohmann::json::parse(engine.client()->call("GET", "/api/v1/executions?status=completed&limit=1").body).at("total");
}

// One change after the other, each once the one before has been run: different rows have no order among them otherwise.
void play_changes(const ShopDatabase& shop, Engine& engine) {
  const auto connection = shop.connect();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  for (const auto& statement : shop_changes()) {
    const int before = completed(engine);
    connection->query(statement);
    while (completed(engine) == before && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(milliseconds{2});
  }
}

void live(const ShopDatabase& shop, const StopSignals& signals) {
  auto connection = shop.connect();
  for (std::uint64_t step = 0; !signals.wait(milliseconds{700}); ++step) {
    try {
      live_shop_step(*connection, step);
    } catch (const TransientError&) {
      --step;  // the database was busy: the same step again
    }
  }
}

// The demo begins with a fresh shop: what an earlier one left in the directory goes, and nothing else does.
void start_anew(const fs::path& directory) {
  const fs::path mark = directory / ".rowhook-demo";
  if (fs::exists(mark)) {
    for (const char* name : {"data", "postgres", "shop.db", "shop.db-wal", "shop.db-shm"}) fs::remove_all(directory / name);
  } else if (fs::exists(directory) && !fs::is_empty(directory)) {
    throw PermanentError(directory.string() + " is not empty and not a demo's", "name a new directory with --data-dir");
  }
  fs::create_directories(directory);
  std::ofstream(mark).flush();
}

}  // namespace

int run_demo(const DemoOptions& options) {
  std::optional<OwnDirectory> own;
  if (options.data_dir.empty()) own.emplace("demo");
  const fs::path directory = own ? own->path() : fs::absolute(options.data_dir);
  if (!own) start_anew(directory);
  const StopSignals signals;  // before any thread starts
  Printed printed;
  const ShopDatabase shop(directory, options.postgres);
  create_shop(*shop.connect());

  EngineOptions engine_options;
  const std::string listen = !options.listen.empty() ? options.listen : options.once ? "127.0.0.1:0" : "127.0.0.1:8088";
  engine_options.config = demo_config(shop, listen);
  engine_options.data_dir = (directory / "data").string();
  engine_options.node_log = [&](std::string_view level, std::string_view message, const std::string&) {
    printed.line(level, message);
  };
  Engine engine(std::move(engine_options));
  apply_definitions(*engine.client(), parse_definitions(shop_files()), false);
  engine.start();
  wait_for_capture(engine);

  std::printf("🚀 E-commerce CDC Worker started\n📊 Monitoring: orders, order_items, inventory\n"
              "📧 Features: Email confirmation, inventory tracking, analytics\n");
  std::printf("🌐 The page, signed in (once, within 15 minutes): %s\n", engine.page_link().c_str());
  std::printf("🔌 API on %s/api/v1, token in %s/data/admin-token\nPress Ctrl+C to stop...\n\n", engine.base_url().c_str(),
              directory.c_str());
  std::fflush(stdout);
  play_changes(shop, engine);
  int status = exit_status::done;
  if (options.once) {
    status = check_outcome(engine, printed);
  } else {
    live(shop, signals);
    std::printf("\n🛑 Worker stopped by user\n");
  }
  engine.stop(std::chrono::seconds{10});
  std::printf("👋 CDC Worker stopped\n");
  return status;
}

}  // namespace rowhook
