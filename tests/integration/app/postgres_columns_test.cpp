// Scripts are checked against the columns that PostgreSQL's catalogue says a watched table has: of triggers,
// of stored scripts, of nodes, with an engine and without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/postgres_cluster.h"
#include "tests/support/rowhook_process.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

PostgresCluster& cluster() {
  static PostgresCluster server;
  return server;
}

std::string new_database() {
  static int count = 0;
  const std::string name = "shop" + std::to_string(++count);
  cluster().create_database(name);
  cluster().sql(
      R"(CREATE TABLE orders (id bigint PRIMARY KEY, status text NOT NULL, gone text, total numeric(12,2),
                     gross numeric(12,2) GENERATED ALWAYS AS (total * 2) STORED, card text);
                   ALTER TABLE orders DROP COLUMN gone;
                   CREATE SCHEMA stock;
                   CREATE TABLE stock.items (sku text PRIMARY KEY, amount int);
                   CREATE TABLE stock.orders (wrong int))",
      name);
  return name;
}

json config(const std::string& database) {
  return {{"connections",
           {{{"name", "shop"},
             {"type", "postgresql"},
             {"host", "127.0.0.1"},
             {"port", cluster().port()},
             {"database", database},
             {"username", "postgres"},
             {"ssl_mode", "disable"},
             {"monitoring", {{"method", "log_based"}}}}}},
          {"tables",
           {{{"table", "orders"}, {"filters", {{"exclude_columns", json::array({"card"})}}}},
            {{"schema", "stock"}, {"table", "items"}}}}};
}

json workflow(const std::string& filter) {
  return {{"id", "w"},
          {"name", "W"},
          {"nodes",
           {{{"node_id", "in"}, {"node_type", "input"}},
            {{"node_id", "big"}, {"node_type", "filter"}, {"config", {{"filter", filter}}}}}},
          {"connections", {{{"from_node_id", "in"}, {"to_node_id", "big"}}}}};
}

json trigger(const std::string& name, const json& config) {
  return {{"name", name},
          {"source", "shop"},
          {"event_type", "record_updated"},
          {"workflow_id", "w"},
          {"config", config}};
}

class PostgresColumns : public ::testing::Test {
 protected:
  PostgresColumns() : database_(new_database()), engine_(config(database_)) {}
  RowhookProcess::Answer post(const std::string& route, const json& body) {
    return engine_.call("POST", "/api/v1/" + route, body.dump());
  }
  // Of a request that was refused: pointer and detail of its first problem.
  static std::string refusal(const RowhookProcess::Answer& answer) {
    EXPECT_EQ(answer.status, 422) << answer.body;
    const json problem = answer.json()["errors"][0];
    return problem["pointer"].get<std::string>() + " " + problem["detail"].get<std::string>();
  }
  std::string script(const std::string& name, const std::string& text) {
    const std::string file = directory_ / name;
    std::ofstream(file) << text;
    return file;
  }
  const std::string database_;
  TempDir directory_;
  RowhookProcess engine_;
};

constexpr const char* no_total = "table 'orders' has no column 'totl'; did you mean 'total'?";

TEST_F(PostgresColumns, AreThoseOfTheCatalogue) {
  engine_.start();
  const json library = engine_.get("/scripts/library?source=shop&table=orders");
  EXPECT_EQ(library["tables"].size(), 1U);
  std::vector<std::string> seen;
  for (const auto& column : library["tables"][0]["columns"])
    seen.push_back(column["name"].get<std::string>() + ": " + column["type"].get<std::string>());
  EXPECT_THAT(seen, ::testing::ElementsAre("id: bigint", "status: text", "total: numeric(12,2)"))
      << "no dropped column, none that is excluded, none that the log does not carry";
  const auto check = [&](const std::string& text, const std::string& table) {
    return post("scripts/check", {{"source", text}, {"event_source", "shop"}, {"table", table}}).json();
  };
  EXPECT_EQ(check("new.amount > 1", "stock.items")["ok"], true);
  EXPECT_EQ(check("new.wrong > 1", "orders")["ok"], false) << "a table of another schema";
  EXPECT_THAT(check("new.card == ''", "orders")["error"]["message"].get<std::string>(),
              HasSubstr("is excluded"));
}

TEST_F(PostgresColumns, OfTriggersAndTheScriptsTheyName) {
  engine_.start();
  ASSERT_EQ(post("workflows", workflow("true")).status, 201);
  const json inline_filter = {{"tables", json::array({"orders"})}, {"filter", "return\n  new.totl > 1"}};
  EXPECT_EQ(refusal(post("triggers", trigger("big", inline_filter))),
            std::string("/config/filter line 2, column 7: trigger filter:2: ") + no_total);
  const json valid = post("triggers/validate", trigger("big", inline_filter)).json();
  EXPECT_EQ(valid["valid"], false);

  ASSERT_EQ(engine_.call("PUT", "/api/v1/scripts/big", R"({"source":"new.totl > 1"})").status, 201)
      << "nobody uses it yet";
  const json named = {{"tables", json::array({"orders"})}, {"filter_script", "big"}};
  EXPECT_THAT(refusal(post("triggers", trigger("big", named))),
              AllOf(HasSubstr("/config/filter_script line 1, column 5"), HasSubstr(no_total)));
  ASSERT_EQ(
      engine_.call("PUT", "/api/v1/scripts/big", R"({"source":"new.total > 1"})", {"If-Match: \"1\""}).status,
      200);
  ASSERT_EQ(post("triggers", trigger("big", named)).status, 201);
  EXPECT_THAT(refusal(engine_.call("PUT", "/api/v1/scripts/big", R"({"source":"\nreturn new.totl > 1"})",
                                   {"If-Match: \"2\""})),
              AllOf(HasSubstr("/source line 2, column 12"), HasSubstr(no_total)))
      << "a trigger uses it now";
}

TEST_F(PostgresColumns, OfNodesByTheTriggersThatLeadToThem) {
  engine_.start();
  ASSERT_EQ(post("workflows", workflow("new.totl > 1")).status, 201) << "nothing leads there yet";
  const json of_orders = {{"tables", json::array({"orders"})}};
  EXPECT_THAT(
      refusal(post("triggers", trigger("orders", of_orders))),
      AllOf(HasSubstr("/workflow_id the workflow 'w' would fail: /nodes/1/config/filter: line 1, column 5"),
            HasSubstr(no_total)));
  const auto save = [&](const std::string& filter) {
    return engine_.call("PUT", "/api/v1/workflows/w", workflow(filter).dump(),
                        {"If-Match: \"" + engine_.get("/workflows/w")["revision"].dump() + "\""});
  };
  ASSERT_EQ(save("new.total > 1").status, 200);
  ASSERT_EQ(post("triggers", trigger("orders", of_orders)).status, 201);
  EXPECT_THAT(refusal(save("new.totl > 1")),
              AllOf(HasSubstr("/nodes/1/config/filter line 1, column 5"), HasSubstr(no_total)));
  EXPECT_THAT(refusal(save("new.amount > 1")), HasSubstr("has no column 'amount'"));
  ASSERT_EQ(post("triggers", trigger("items", {{"tables", json::array({"stock.items"})}})).status, 201);
  EXPECT_EQ(save("new.amount > 1").status, 200) << "rows of one of the triggers have it";
  EXPECT_EQ(refusal(save("new.totl > 1")).find("/nodes/1/config/filter"), 0U);
  ASSERT_EQ(post("triggers",
                 {{"name", "by hand"}, {"source", "web"}, {"event_type", "posted"}, {"workflow_id", "w"}})
                .status,
            201);
  EXPECT_EQ(save("new.anything > 1").status, 200) << "nobody knows what is posted";
}

TEST_F(PostgresColumns, OfEverythingThatIsAppliedTogether) {
  engine_.start();
  const auto apply = [&](const std::string& script_text, const std::string& node) {
    return post("definitions", {{"scripts", {{"big", script_text}}},
                                {"workflows", json::array({workflow(node)})},
                                {"triggers", json::array({trigger("big", {{"tables", json::array({"orders"})},
                                                                          {"filter_script", "big"}})})}});
  };
  EXPECT_THAT(refusal(apply("new.totl > 1", "true")),
              AllOf(HasSubstr("/triggers/0/config/filter_script line 1, column 5"), HasSubstr(no_total)));
  EXPECT_THAT(refusal(apply("new.total > 1", "new.totl > 1")),
              AllOf(HasSubstr("/workflows/0/nodes/1/config/filter line 1, column 5"), HasSubstr(no_total)));
  EXPECT_EQ(engine_.get("/triggers")["total"], 0) << "nothing is stored of what is refused";
  EXPECT_EQ(apply("new.total > 1", "new.total > 1").status, 200);
  EXPECT_THAT(refusal(post("definitions", {{"scripts", {{"big", "new.totl > 1"}}}})),
              AllOf(HasSubstr("/scripts/big line 1, column 5"), HasSubstr(no_total)));
}

TEST_F(PostgresColumns, OnTheCommandLineWithAnEngineAndWithout) {
  const std::string wrong = script("paid.lua", "return new.status == 'paid'\n   and new.totl > 1\n");
  const std::vector<std::string> check{"script", "check", "--source", "shop", "--table",
                                       "orders", wrong,   "-o",       "table"};
  const std::string expected = wrong + ":2:12: error: " + no_total + "\n";
  auto offline = check;
  const std::string file = directory_ / "config.json";
  std::ofstream(file) << config(database_);
  offline.insert(offline.end(), {"--config", file});
  const auto without = engine_.command(offline);
  EXPECT_EQ(without.status, 1) << without.err;
  EXPECT_EQ(without.out, expected);
  EXPECT_FALSE(std::filesystem::exists(engine_.data_dir())) << "checking leaves nothing behind";
  engine_.start();
  const auto with = engine_.command(check);
  EXPECT_EQ(with.status, 1) << with.err;
  EXPECT_EQ(with.out, expected);
}

TEST_F(PostgresColumns, AreNotCheckedWhileTheDatabaseIsAway) {
  engine_.start();
  ASSERT_EQ(post("workflows", workflow("true")).status, 201);
  cluster().stop();
  EXPECT_EQ(
      post("triggers", trigger("big", {{"tables", json::array({"orders"})}, {"filter", "new.totl > 1"}}))
          .status,
      201)
      << "a database that is away keeps nobody from saving";
  cluster().start();
}

}  // namespace
}  // namespace rowhook::testing
