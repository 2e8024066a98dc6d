// The whole engine over SQLite: capture, routing, execution, API, restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "tests/support/eventually.h"
#include "tests/support/rowhook_process.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

// The user's own database and program.
class Shop {
 public:
  explicit Shop(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) throw std::runtime_error("open");
    sqlite3_busy_timeout(db_, 5000);
    sql("PRAGMA journal_mode=WAL; CREATE TABLE orders(id INTEGER PRIMARY KEY, status TEXT, total "
        "DECIMAL(20,4))");
  }
  ~Shop() { sqlite3_close(db_); }
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;
  void sql(const std::string& text) {
    char* message = nullptr;
    if (sqlite3_exec(db_, text.c_str(), nullptr, nullptr, &message) != SQLITE_OK)
      throw std::runtime_error(message);
  }

 private:
  sqlite3* db_ = nullptr;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : shop_(directory_ / "shop.db"), engine_(config()) {
    engine_.define("workflows/w.json", R"({"id":"w","name":"W","is_active":true,
      "nodes":[{"node_id":"in","node_type":"input"},{"node_id":"shape","node_type":"transform","config":{"transform":"return { id = new.id, total = new.total }"}},
               {"node_id":"out","node_type":"log","config":{"message":"order {{ item.id }}"}}],
      "connections":[{"from_node_id":"in","from_port":"output","to_node_id":"shape","to_port":"input"},
                     {"from_node_id":"shape","from_port":"output","to_node_id":"out","to_port":"input"}]})");
    engine_.define("triggers/t.json",
                   R"({"name":"paid orders","source":"shop","event_type":"record_inserted","workflow_id":"w",
      "config":{"where":"status = 'paid'"}})");
  }
  json config() const {
    return {{"connections",
             {{{"name", "shop"},
               {"type", "sqlite"},
               {"database", directory_ / "shop.db"},
               {"monitoring", {{"method", "triggers"}}}}}},
            {"tables", {{{"table", "orders"}}}}};
  }
  bool executions_reach(std::size_t count) {
    return eventually([&] { return engine_.get("/executions?status=completed")["total"] == count; });
  }
  TempDir directory_;
  Shop shop_;
  RowhookProcess engine_;
};

TEST_F(EngineTest, ARowBecomesAnExecutionAndExplainSaysWhy) {
  engine_.start();
  ASSERT_TRUE(eventually([&] { return engine_.get("/sources/shop")["state"] == "running"; }));
  shop_.sql("INSERT INTO orders VALUES (1, 'paid', 9007199254740993), (2, 'open', 1)");
  ASSERT_TRUE(executions_reach(1));
  const json execution = engine_.get("/executions")["items"][0];
  EXPECT_EQ(execution["status"], "completed");
  EXPECT_EQ(execution["table"], "orders");
  const auto whole = engine_.call("GET", "/api/v1/executions/" + execution["id"].get<std::string>());
  EXPECT_THAT(whole.body, ::testing::HasSubstr("9007199254740993"));
  EXPECT_EQ(whole.json()["steps"].size(), 3U);

  const json events = engine_.get("/events");
  ASSERT_EQ(events["total"], 2);
  const std::string open_order = events["items"][0]["event_id"];
  const json verdict = engine_.get("/events/" + open_order + "/explain")["verdicts"][0];
  EXPECT_EQ(verdict["verdict"], "filtered");
  EXPECT_EQ(verdict["predicate"], "status = 'paid'");
  EXPECT_EQ(verdict["values"]["status"], "open");
}

TEST_F(EngineTest, WhatHappensWhileTheEngineIsDownIsCapturedWhenItComesBack) {
  engine_.start();
  ASSERT_TRUE(eventually([&] { return engine_.get("/sources/shop")["state"] == "running"; }));
  shop_.sql("INSERT INTO orders VALUES (1, 'paid', 1)");
  ASSERT_TRUE(executions_reach(1));
  EXPECT_EQ(engine_.stop(), 0);
  shop_.sql("INSERT INTO orders VALUES (2, 'paid', 1)");
  engine_.start();
  ASSERT_TRUE(executions_reach(2));
  EXPECT_EQ(engine_.get("/events")["total"], 2) << "nothing twice";
}

TEST_F(EngineTest, ATriggerChangedThroughTheApiActsAtOnce) {
  engine_.start();
  ASSERT_TRUE(eventually([&] { return engine_.get("/sources/shop")["state"] == "running"; }));
  const std::string id = engine_.get("/triggers")["items"][0]["id"].dump();
  ASSERT_EQ(engine_.call("POST", "/api/v1/triggers/" + id + "/deactivate").status, 200);
  shop_.sql("INSERT INTO orders VALUES (1, 'paid', 1)");
  ASSERT_TRUE(eventually([&] { return engine_.get("/events")["total"] == 1; }));
  const std::string event = engine_.get("/events")["items"][0]["event_id"];
  EXPECT_EQ(engine_.get("/events/" + event + "/explain")["verdicts"][0]["verdict"], "inactive");
  ASSERT_EQ(engine_.call("POST", "/api/v1/triggers/" + id + "/activate").status, 200);
  shop_.sql("INSERT INTO orders VALUES (2, 'paid', 1)");
  ASSERT_TRUE(executions_reach(1));
}

// The columns of the watched table are known from the database: a slip is found when it is saved.
TEST_F(EngineTest, ScriptsAreCheckedAgainstTheColumnsOfTheTable) {
  engine_.start();
  const auto check = [&](const std::string& text) {
    const json body{{"source", text}, {"event_source", "shop"}, {"table", "orders"}};
    return engine_.call("POST", "/api/v1/scripts/check", body.dump()).json();
  };
  EXPECT_EQ(check("new.total > 100")["ok"], true);
  const json answer = check("\nnew.totl > 100");
  EXPECT_EQ(answer["ok"], false);
  EXPECT_EQ(answer["error"]["message"],
            "script:2: table 'orders' has no column 'totl'; did you mean 'total'?");
  EXPECT_EQ(answer["error"]["line"], 2);
  EXPECT_EQ(answer["error"]["column"], 5);
  EXPECT_EQ(answer["problems"][0]["severity"], "error");
  EXPECT_EQ(check("new.status == 5")["problems"][0]["severity"], "warning");

  const json library = engine_.get("/scripts/library?source=shop");
  EXPECT_EQ(library["tables"][0]["columns"][2]["lua_type"], "number");
  EXPECT_GT(library["entries"].size(), 100U);

  const std::string id = engine_.get("/triggers")["items"][0]["id"].dump();
  json trigger = engine_.get("/triggers/" + id);
  EXPECT_EQ(trigger["breaker"]["state"], "closed");
  trigger["config"]["filter"] = "new.totl > 1";
  const auto refused = engine_.call("PUT", "/api/v1/triggers/" + id, trigger.dump(), {"If-Match: \"1\""});
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.json()["errors"][0]["pointer"], "/config/filter");
  EXPECT_THAT(refused.json()["errors"][0]["detail"].get<std::string>(),
              ::testing::HasSubstr("line 1, column 5"));

  TempDir scripts;
  std::ofstream(scripts / "paid.lua") << "return new.status == 'paid'\n   and new.totl > 1\n";
  const auto output =
      engine_.command({"script", "check", "--source", "shop", scripts / "paid.lua", "-o", "table"});
  EXPECT_EQ(output.status, 1) << output.err;
  EXPECT_EQ(output.out, scripts / "paid.lua" +
                            ":2:12: error: table 'orders' has no column 'totl'; did you mean 'total'?\n");
  EXPECT_THAT(engine_.command({"script", "library", "--source", "shop"}).out,
              ::testing::HasSubstr("---@field total number? orders: DECIMAL(20,4)"));
}

// State of scripts and executions in one transaction: killed at any time, every event counts once.
TEST_F(EngineTest, StateOfScriptsIsExactAcrossCrashes) {
  engine_.define("triggers/t.json",
                 R"({"name":"paid orders","source":"shop","event_type":"record_inserted","workflow_id":"w",
      "config":{"ordering":"source","filter":"kv.add('seen') % 2 == 0"}})");
  int rows = 0;
  for (int round = 0; round < 4; ++round) {
    engine_.start();
    ASSERT_TRUE(eventually([&] { return engine_.get("/sources/shop")["state"] == "running"; }));
    std::string values;
    for (int i = 0; i < 100; ++i) values += (i > 0 ? ", (" : "(") + std::to_string(++rows) + ", 'paid', 1)";
    shop_.sql("INSERT INTO orders VALUES " + values);
    ASSERT_TRUE(eventually([&] { return engine_.get("/events")["total"] == rows; }));
    if (round < 3) engine_.kill9();
  }
  ASSERT_TRUE(executions_reach(200));
  // In order, the counter passes every second event: one count lost or doubled, and odd ones would pass.
  for (const auto& execution : engine_.get("/executions?limit=1000")["items"])
    EXPECT_EQ(std::stoi(execution["id"].get<std::string>()) % 2, 0) << execution["id"];
}

TEST_F(EngineTest, OneEnginePerDataDirectory) {
  engine_.start();
  const auto second =
      run_rowhook({"serve", "--config", engine_.config_file(), "--data-dir", engine_.data_dir()});
  EXPECT_EQ(second.status, 69);
  EXPECT_THAT(second.err, ::testing::HasSubstr(std::to_string(engine_.pid())));
  EXPECT_EQ(engine_.command({"triggers", "list"}).status, 0) << "commands talk to the running engine";
}

}  // namespace
}  // namespace rowhook::testing
