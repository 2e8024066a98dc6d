#include <gmock/gmock.h>

#include "engine/base/metrics.h"
#include "engine/db/postgres_connection.h"
#include "engine/db/sqlite_connection.h"
#include "tests/support/eventually.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/temp_dir.h"
#include "tests/support/workflow_runs.h"
#include "workflows/sql_apply.h"
#include "workflows/sql_pools.h"

using namespace rowhook;
using rowhook::testing::context_for;
using rowhook::testing::one_node;
using rowhook::testing::order_paid;
using rowhook::testing::TempDir;
using ::testing::HasSubstr;
using Kind = RunOutcome::Kind;

namespace {

// Every behaviour on both databases.
class SqlNode : public ::testing::TestWithParam<Dialect> {
 protected:
  static void TearDownTestSuite() { cluster_.reset(); }

  void SetUp() override {
    if (is_postgres() && !cluster_) cluster_ = std::make_unique<rowhook::testing::PostgresCluster>();
    direct_ = open();
    if (is_postgres()) direct_->query("DROP TABLE IF EXISTS rowhook_applied");
    direct_->query("DROP TABLE IF EXISTS shipped");
    direct_->query(
        "CREATE TABLE shipped (order_id bigint NOT NULL, status text, total numeric(30, 22), seen boolean)");
    pools_ = std::make_unique<SqlPools>(std::vector<std::string>{"shop", "other"},
                                        [this](const std::string& name) {
                                          if (name == "other")
                                            throw TransientError("the server cannot be reached");
                                          return open();
                                        });
    services_.sql = pools_.get();
  }

  bool is_postgres() const { return GetParam() == Dialect::postgres; }
  std::unique_ptr<Connection> open() {
    return is_postgres() ? open_postgres(cluster_->url()) : open_sqlite(directory_ / "target.db");
  }
  WorkflowPtr compile(const std::string& sql, const std::string& rest = "") {
    return compile_workflow(one_node("sql", R"({"connection":"shop","sql":")" + sql + "\"" +
                                                (rest.empty() ? "" : "," + rest) + "}"),
                            services_);
  }
  RunOutcome run(const WorkflowPtr& workflow) { return rowhook::testing::run(workflow, state_, event_); }
  std::string output() const { return state_.steps.back().outputs.at(0).item->json(); }
  std::int64_t count(const std::string& table) {
    return as_int(direct_->query("SELECT count(*) FROM " + table).rows[0][0]);
  }
  bool has_applied_table() {
    const char* sql = is_postgres() ? "SELECT count(*) FROM pg_class WHERE relname = 'rowhook_applied'"
                                    : "SELECT count(*) FROM sqlite_master WHERE name = 'rowhook_applied'";
    return as_int(direct_->query(sql).rows[0][0]) > 0;
  }

  static std::unique_ptr<rowhook::testing::PostgresCluster> cluster_;
  TempDir directory_;
  std::unique_ptr<Connection> direct_;
  std::unique_ptr<SqlPools> pools_;
  NodeServices services_;
  RunState state_;
  EventPtr event_ = order_paid();
};
std::unique_ptr<rowhook::testing::PostgresCluster> SqlNode::cluster_;

constexpr auto insert = "INSERT INTO shipped VALUES ($1, $2, $3, $4)";
constexpr auto insert_params =
    R"("params":["{{ new.id }}","{{ new.status }}","{{ new.total }}","{{ new.is_new }}"])";

TEST_P(SqlNode, WritesParametersAndGivesTheResult) {
  const auto outcome = run(compile(insert, insert_params));
  ASSERT_EQ(outcome.kind, Kind::completed) << outcome.error_message;
  EXPECT_EQ(output(), R"({"rows":[],"affected":1})");
  const auto rows = direct_->query("SELECT order_id, status, total, seen FROM shipped").rows;
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(as_int(rows[0][0]), 7);
  EXPECT_EQ(as_text(rows[0][1]), "paid");
  EXPECT_TRUE(as_bool(rows[0][3]));
  if (is_postgres()) {
    EXPECT_EQ(as_text(rows[0][2]), "99.9900000000000000000010");
  }
}

TEST_P(SqlNode, D26_RunsExactlyOnceHoweverOftenItIsTried) {
  const auto workflow = compile(insert, insert_params);
  ASSERT_EQ(run(workflow).kind, Kind::completed);
  const std::string first = output();
  // The engine crashed before its own commit: the same execution runs again from the beginning.
  state_ = {};
  const auto again = run(workflow);
  ASSERT_EQ(again.kind, Kind::completed) << again.error_message;
  EXPECT_EQ(output(), first);
  EXPECT_EQ(count("shipped"), 1);
  // Another event is not the same, even under the same execution id.
  auto other = std::make_shared<Event>(*event_);
  other->id = "shop:other:0";
  state_ = {};
  rowhook::testing::run(workflow, state_, other);
  EXPECT_EQ(count("shipped"), 2);
}

TEST_P(SqlNode, D26_ARepetitionGivesTheRowsOfTheFirstTime) {
  const auto workflow = compile("INSERT INTO shipped (order_id) VALUES ($1) RETURNING order_id",
                                R"("params":["{{ new.id }}"])");
  const auto outcome = run(workflow);
  ASSERT_EQ(outcome.kind, Kind::completed) << outcome.error_message;
  EXPECT_THAT(output(), HasSubstr(R"("rows":[{"order_id":7}])"));
  const std::string first = output();
  state_ = {};
  run(workflow);
  EXPECT_EQ(output(), first);
}

TEST_P(SqlNode, AFailedStatementLeavesNothingAndRunsAgain) {
  direct_->query("CREATE UNIQUE INDEX shipped_once ON shipped (order_id)");
  direct_->query("INSERT INTO shipped (order_id) VALUES (7)");
  const auto workflow = compile(insert, insert_params);
  const auto outcome = run(workflow);
  EXPECT_EQ(outcome.kind, Kind::failed);
  direct_->query("DELETE FROM shipped");
  EXPECT_EQ(run(workflow).kind, Kind::completed);  // the mark was rolled back with it
  EXPECT_EQ(count("shipped"), 1);
}

TEST_P(SqlNode, WithoutExactlyOnceItRunsEachTime) {
  const auto workflow = compile(insert, std::string(insert_params) + R"(,"exactly_once":false)");
  run(workflow);
  state_ = {};
  run(workflow);
  EXPECT_EQ(count("shipped"), 2);
  EXPECT_FALSE(has_applied_table());
}

TEST_P(SqlNode, ReadingNeedsNoTableOfOurs) {
  direct_->query("INSERT INTO shipped (order_id, status) VALUES (1, 'a'), (2, 'b')");
  const auto outcome = run(compile("SELECT order_id, status FROM shipped ORDER BY 1"));
  ASSERT_EQ(outcome.kind, Kind::completed) << outcome.error_message;
  EXPECT_THAT(output(), HasSubstr(R"("rows":[{"order_id":1,"status":"a"},{"order_id":2,"status":"b"}])"));
  EXPECT_FALSE(has_applied_table());
}

TEST_P(SqlNode, RowsCanGoOnOneByOneOrTheItemItself) {
  direct_->query("INSERT INTO shipped (order_id) VALUES (1), (2)");
  run(compile("SELECT order_id FROM shipped ORDER BY 1", R"("output":"rows")"));
  ASSERT_EQ(state_.steps.back().outputs.size(), 2U);
  EXPECT_EQ(state_.steps.back().outputs[1].item->json(), R"({"order_id":2})");
  state_ = {};
  run(compile("SELECT order_id FROM shipped WHERE order_id = 99", R"("output":"rows")"));
  EXPECT_EQ(state_.steps.back().status, StepStatus::filtered);
  state_ = {};
  run(compile("SELECT 1", R"("output":"item")"));
  EXPECT_EQ(state_.steps.back().outputs[0].item->event(), event_);
  state_ = {};
  const auto outcome = run(compile("SELECT order_id FROM shipped", R"("max_rows":1)"));
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.error_message, HasSubstr("more rows than are allowed, which are 1"));
}

TEST_P(SqlNode, OfAnEndlessResultNoMoreIsReadThanAllowed) {
  const std::string endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n; -- for ever";
  for (const char* once : {"true", "false"}) {
    state_ = {};
    const auto outcome = run(compile(endless, std::string(R"("max_rows":5,"exactly_once":)") + once));
    EXPECT_EQ(outcome.kind, Kind::failed);
    EXPECT_THAT(outcome.error_message, HasSubstr("more rows than are allowed, which are 5"));
  }
  direct_->query("INSERT INTO shipped (order_id) VALUES (1), (2)");
  state_ = {};
  const auto whole = run(compile("SELECT order_id FROM shipped ORDER BY order_id DESC -- newest first"));
  ASSERT_EQ(whole.kind, Kind::completed) << whole.error_message;
  EXPECT_THAT(output(), HasSubstr(R"("rows":[{"order_id":2},{"order_id":1}])"));
}

TEST_P(SqlNode, ErrorsSayWhetherToTryAgain) {
  EXPECT_EQ(run(compile("INSERT INTO no_such_table VALUES (1)")).kind, Kind::failed);
  state_ = {};
  const auto unreachable =
      run(compile_workflow(one_node("sql", R"({"connection":"other","sql":"SELECT 1"})"), services_));
  EXPECT_EQ(unreachable.kind, Kind::retry);
  EXPECT_THAT(unreachable.error_message, HasSubstr("cannot be reached"));
  const auto problems =
      validate_workflow(one_node("sql", R"({"connection":"shpo","sql":"SELECT 1"})"), services_);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].pointer, "/nodes/1/config/connection");
  EXPECT_THAT(problems[0].detail, HasSubstr("did you mean 'shop'?"));
}

TEST_P(SqlNode, AStatementThatTakesTooLongIsCancelled) {
  const std::string slow =
      is_postgres() ? "SELECT pg_sleep(60)"
                    : "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
  const auto outcome = run(compile(slow, R"("timeout":"200ms")"));
  EXPECT_EQ(outcome.kind, Kind::retry) << outcome.error_message;
  state_ = {};
  EXPECT_EQ(run(compile("SELECT 1")).kind, Kind::completed);
}

TEST_P(SqlNode, ADryRunTouchesNothing) {
  RunContext context = context_for(event_);
  context.dry_run = true;
  rowhook::testing::run(compile(insert, insert_params), state_, context,
                        std::make_shared<const Item>(event_));
  EXPECT_EQ(count("shipped"), 0);
  EXPECT_THAT(state_.steps.back().notes, ::testing::ElementsAre(HasSubstr("would run in shop: INSERT")));
}

TEST_P(SqlNode, ManyExecutionsAtOnceEachApplyOnce) {
  const auto workflow = compile(insert, insert_params);
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        RunState state;
        RunContext context = context_for(event_);
        context.execution_id = std::to_string(i);  // every thread tries the same ten executions
        RunOutcome outcome;
        do {
          state = {};
          outcome = rowhook::testing::run(workflow, state, context, std::make_shared<const Item>(event_));
        } while (outcome.kind == Kind::retry);
        failed += outcome.kind == Kind::failed ? 1 : 0;
      }
      (void)t;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(count("shipped"), 10);
}

TEST_P(SqlNode, OldMarksAreRemoved) {
  run(compile(insert, insert_params));
  direct_->query(is_postgres() ? "UPDATE rowhook_applied SET applied_at = now() - interval '31 days'"
                               : "UPDATE rowhook_applied SET applied_at = datetime('now', '-31 days')");
  drop_old_applied(*direct_);
  EXPECT_EQ(count("rowhook_applied"), 0);
}

INSTANTIATE_TEST_SUITE_P(Databases, SqlNode, ::testing::Values(Dialect::sqlite, Dialect::postgres),
                         [](const auto& test) {
                           return test.param == Dialect::postgres ? "postgres" : "sqlite";
                         });

TEST(SqlPools, StoppingCancelsWhatRunsAndEndsWhatWaits) {
  TempDir directory;
  std::atomic<int> ended{0}, failed{0};
  {
    SqlPools pools({"a"}, [&](const std::string&) { return open_sqlite(directory / "a.db"); },
                   {.sessions = 1});
    std::atomic<bool> running{false};
    for (int i = 0; i < 3; ++i)
      pools.start(
          "a", {},
          [&](Connection& connection) {
            running = true;
            connection.query(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
          },
          [&](std::exception_ptr error) {
            ++ended;
            failed += error ? 1 : 0;
          });
    ASSERT_TRUE(rowhook::testing::eventually([&] { return running.load(); }));
    EXPECT_THROW(pools.start(
                     "b", {}, [](Connection&) {}, [](std::exception_ptr) {}),
                 NotFound);
  }
  EXPECT_EQ(ended, 3);
  EXPECT_EQ(failed, 3);
}

}  // namespace
