// The commands of those who write scripts and workflows, on a running engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <set>
#include <thread>

#include "tests/integration/app/files.h"
#include "tests/support/eventually.h"
#include "tests/support/rowhook_process.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// An engine over the user's own SQLite database.
class AuthorEngine : public ::testing::Test {
 protected:
  AuthorEngine() : engine_(config()) {
    if (sqlite3_open((dir_ / "shop.db").c_str(), &db_) != SQLITE_OK) throw std::runtime_error("open");
    sqlite3_busy_timeout(db_, 5000);
    sql("PRAGMA journal_mode=WAL; CREATE TABLE orders(id INTEGER PRIMARY KEY, total INTEGER)");
    engine_.define("scripts/big.lua", "return { revision = 1, total = new.total }\n");
    engine_.define("workflows/w.json", R"({"id":"w","name":"W","nodes":[{"node_id":"in","node_type":"input"},
      {"node_id":"out","node_type":"log","config":{"level":"debug","message":"{{ item.revision }}"}}],
      "connections":[{"from_node_id":"in","to_node_id":"out"}]})");
    engine_.define("triggers/t.json",
                   R"({"name":"all orders","source":"shop","event_type":"record_inserted","workflow_id":"w",
      "config":{"transform_script":"big"}})");
    engine_.start();
    if (!eventually([&] { return engine_.get("/sources/shop")["state"] == "running"; }))
      throw std::runtime_error("not running");
  }
  ~AuthorEngine() override { sqlite3_close(db_); }
  json config() const {
    return {{"connections",
             {{{"name", "shop"},
               {"type", "sqlite"},
               {"database", dir_ / "shop.db"},
               {"monitoring", {{"method", "triggers"}}}}}},
            {"tables", {{{"table", "orders"}}}}};
  }
  void sql(const std::string& text) {
    char* message = nullptr;
    if (sqlite3_exec(db_, text.c_str(), nullptr, nullptr, &message) != SQLITE_OK)
      throw std::runtime_error(message);
  }
  bool executions_reach(std::size_t count) {
    return eventually([&] { return engine_.get("/executions?status=completed&limit=1")["total"] == count; });
  }

  TempDir dir_;
  RowhookProcess engine_;
  sqlite3* db_ = nullptr;
};

TEST_F(AuthorEngine, ALiveEventBecomesAFixtureThatTestsAndRunsUnderstand) {
  sql("INSERT INTO orders VALUES (1, 9007199254740993)");
  ASSERT_TRUE(executions_reach(1));
  const std::string file = dir_ / "fixtures/order.json";
  ASSERT_EQ(engine_.command({"tail", "--from", "1", "--table", "orders", "--save", file}).status, 0);
  EXPECT_THAT(read(file), HasSubstr("\"total\": 9007199254740993"));
  write(dir_ / "scripts/big.lua", "return { revision = 2, total = new.total }\n");
  const auto from_file = run_rowhook({"script", "run", dir_ / "scripts/big.lua", "--event", file});
  EXPECT_THAT(from_file.out, HasSubstr(R"("total":9007199254740993)")) << from_file.err;
  const std::string id = json::parse(read(file))["event_id"];
  const auto recorded = engine_.command({"script", "run", dir_ / "scripts/big.lua", "--event", id});
  EXPECT_EQ(recorded.status, 0) << recorded.err;
  EXPECT_THAT(recorded.out, HasSubstr(R"("total":9007199254740993)"));
  write(
      dir_ / "test.lua",
      "it(\"works\", function() expect(run.transform(\"big\", fixture(\"order\")).revision).to_be(2) end)\n");
  EXPECT_EQ(run_rowhook({"test", dir_.path().string()}).status, 0);
}

TEST_F(AuthorEngine, AChangedTriggerIsTriedOnTheJournalAndExplained) {
  sql("INSERT INTO orders VALUES (1, 50), (2, 150), (3, 250)");
  ASSERT_TRUE(executions_reach(3));
  write(dir_ / "triggers/t.json",
        R"({"name":"all orders","source":"shop","event_type":"record_inserted","workflow_id":"w",
      "config":{"where":"total > 100","transform_script":"big"}})");
  write(dir_ / "scripts/big.lua",
        "if new.total > 200 then error(\"too big\") end\nreturn { revision = 1, total = new.total }\n");
  const auto output = engine_.command({"backtest", "--trigger", dir_ / "triggers/t.json", "-o", "json"});
  EXPECT_EQ(output.status, 1) << "it fails on an event: " << output.err;
  const json result = json::parse(output.out);
  EXPECT_EQ(result["complete"], true);
  EXPECT_EQ(result["candidate"], json::parse(R"({"fires":1,"fails":1})"));
  EXPECT_EQ(result["active"]["fires"], 3);
  EXPECT_EQ(result["differ"], 2);
  EXPECT_EQ(result["failures"][0]["message"], "big:1: too big");
  const auto table = engine_.command({"backtest", "--trigger", "1", "-o", "table"});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("fires 3 times, fails 0 times"));
  const std::string event = result["differing"][0]["event_id"];
  const auto explained = engine_.command({"explain", event, "--trigger", "1", "-o", "json"});
  EXPECT_EQ(json::parse(explained.out)["verdicts"][0]["verdict"], "matched");
}

TEST_F(AuthorEngine, ChangedModulesBesideTheTriggersFileTakePartInABackTest) {
  sql("INSERT INTO orders VALUES (1, 50), (2, 150), (3, 250)");
  ASSERT_TRUE(executions_reach(3));
  write(dir_ / "triggers/t.json",
        R"({"name":"over the limit","source":"shop","event_type":"record_inserted","workflow_id":"w",
      "config":{"filter_script":"over"}})");
  write(dir_ / "scripts/over.lua", "return new.total > require('limits').big\n");
  write(dir_ / "scripts/limits.lua", "return { big = require('unit') * 2 }\n");
  write(dir_ / "scripts/unit.lua", "return 100\n");
  const auto output = engine_.command({"backtest", "--trigger", dir_ / "triggers/t.json", "-o", "table"});
  EXPECT_EQ(output.status, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("fires 1 times, fails 0 times"));
  EXPECT_THAT(output.out, Not(HasSubstr("kv")));
  write(dir_ / "scripts/unit.lua", "return kv.add('n') * 100\n");
  EXPECT_THAT(engine_.command({"backtest", "--trigger", dir_ / "triggers/t.json", "-o", "table"}).out,
              HasSubstr("scripts of it use kv: for every event they saw what it holds now"));
}

TEST_F(AuthorEngine, ExplainReadsLikeASentencePerTrigger) {
  write(dir_ / "more/triggers/big.json",
        R"({"name":"big","source":"shop","event_type":"record_inserted","workflow_id":"w",
      "config":{"filter":"local limit = 100\nreturn new.total > limit"}})");
  ASSERT_EQ(engine_.command({"apply", dir_ / "more"}).status, 0);
  sql("INSERT INTO orders VALUES (1, 50)");
  ASSERT_TRUE(executions_reach(1));
  const std::string event = engine_.get("/events")["items"][0]["event_id"];
  EXPECT_EQ(engine_.command({"explain", event, "-o", "table"}).out,
            "1  all orders: matched\n"
            "    because    every condition holds\n"
            "    execution  1-1, completed\n"
            "2  big: filtered\n"
            "    because    the filter returned false\n"
            "    predicate  local limit = 100\n"
            "               return new.total > limit\n"
            "    saw        new.total = 50\n");
}

TEST_F(AuthorEngine, WhatAScriptKeepsIsShownAndCleared) {
  write(dir_ / "more/scripts/counting.lua", "return kv.add('orders') > 0\n");
  write(dir_ / "more/triggers/c.json",
        R"({"name":"count","source":"shop","event_type":"record_inserted","workflow_id":"w",
      "config":{"filter_script":"counting","transform_script":"big"}})");
  ASSERT_EQ(engine_.command({"apply", dir_ / "more"}).status, 0);
  sql("INSERT INTO orders VALUES (1, 50), (2, 60)");
  ASSERT_TRUE(executions_reach(4));
  const std::vector<std::string> state{"script", "state", "counting", "-o", "table"};
  EXPECT_EQ(engine_.command(state).out, "orders = 2\n1 keys, 7 bytes\n");
  EXPECT_EQ(engine_.command({"script", "state", "counting", "--clear", "-o", "table"}).out,
            "orders = 2\n1 keys, 7 bytes: cleared\n");
  EXPECT_EQ(engine_.command(state).out, "0 keys, 0 bytes\n");
  sql("INSERT INTO orders VALUES (3, 70)");
  ASSERT_TRUE(executions_reach(6));
  EXPECT_EQ(engine_.stop(), 0);
  EXPECT_EQ(engine_.command(state).out, "orders = 1\n1 keys, 7 bytes\n") << "also without an engine";
  EXPECT_EQ(engine_.command({"script", "state", "counting", "--clear"}).status, 0);
  EXPECT_EQ(engine_.command(state).out, "0 keys, 0 bytes\n");
}

TEST_F(AuthorEngine, CheckingColumnsOfAnUnknownSourceIsNoSuccess) {
  write(dir_ / "scripts/ok.lua", "return true\n");
  const auto output = engine_.command({"script", "check", "--source", "shpo", dir_ / "scripts/ok.lua"});
  EXPECT_EQ(output.status, 69);
  EXPECT_THAT(output.err, HasSubstr("the columns of source 'shpo' are not known"));
}

TEST_F(AuthorEngine, WhatATriggerMadeOfARangeRunsAgain) {
  sql("INSERT INTO orders VALUES (1, 50), (2, 150), (3, 250)");
  ASSERT_TRUE(executions_reach(3));
  const std::string path = "/executions/3-1", before = engine_.get(path)["started_at"];
  const auto dry = engine_.command({"replay", "--trigger", "1", "--from", "2", "--dry-run", "-o", "json"});
  EXPECT_EQ(dry.status, 0) << dry.err;
  EXPECT_EQ(json::parse(dry.out)["matched"], 2);
  EXPECT_EQ(json::parse(dry.out)["replayed"], 0);
  const auto done = engine_.command({"replay", "--trigger", "1", "--from", "2", "-o", "table"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("2 events read; 2 executions run again"));
  EXPECT_TRUE(eventually([&] {
    const json now = engine_.get(path);
    return now["status"] == "completed" && now["started_at"] != before;
  }));
  EXPECT_EQ(engine_.get("/executions")["total"], 3);
  EXPECT_EQ(engine_.command({"replay", "--trigger", "9", "--from", "1"}).status, 65);
  EXPECT_EQ(engine_.command({"replay", "--trigger", "1"}).status, 64);
}

TEST_F(AuthorEngine, AScriptsHistoryIsShownAndBroughtBack) {
  const auto stored = engine_.call("GET", "/api/v1/scripts/big");
  ASSERT_EQ(stored.status, 200);
  ASSERT_EQ(engine_
                .call("PUT", "/api/v1/scripts/big", R"({"source":"return { revision = 2 }\n"})",
                      {"If-Match: \"1\""})
                .status,
            200);
  const auto versions = engine_.command({"script", "versions", "big"});
  EXPECT_EQ(json::parse(versions.out)["total"], 2) << versions.err;
  EXPECT_THAT(engine_.command({"script", "versions", "big", "--diff", "-o", "table"}).out,
              HasSubstr("+return { revision = 2 }"));
  const auto back = engine_.command({"script", "rollback", "big", "1"});
  EXPECT_EQ(back.status, 0) << back.err;
  EXPECT_EQ(engine_.get("/scripts/big")["source"], "return { revision = 1, total = new.total }\n");
  EXPECT_EQ(engine_.command({"script", "rollback", "big", "17"}).status, 65);
}

TEST_F(AuthorEngine, ReloadingAScriptUnderLoadDropsNothing) {
  constexpr int rows = 1500;
  std::atomic<bool> inserting{true};
  std::thread changes([&] {
    for (int revision = 2; inserting; ++revision)
      engine_.call(
          "PUT", "/api/v1/scripts/big",
          json{{"source", "return { revision = " + std::to_string(revision) + ", total = new.total }"}}
              .dump(),
          {"If-Match: *"});
  });
  for (int i = 0; i < rows; ++i) sql("INSERT INTO orders VALUES (" + std::to_string(i + 1) + ", 1)");
  inserting = false;
  changes.join();
  EXPECT_TRUE(executions_reach(rows));
  EXPECT_EQ(engine_.get("/executions?limit=1")["total"], rows) << "one each, none failed";
  std::set<std::string> revisions;
  const json executions = engine_.get("/executions?limit=1000");
  for (const auto& execution : executions["items"]) {
    const json whole = engine_.get("/executions/" + execution["id"].get<std::string>());
    revisions.insert(whole["steps"][1]["notes"].dump());
    if (revisions.size() > 3) break;
  }
  EXPECT_GT(revisions.size(), 1U) << "changes were taken up while events came";
}

}  // namespace
}  // namespace rowhook::testing
