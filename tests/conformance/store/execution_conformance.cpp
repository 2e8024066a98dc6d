#include "tests/conformance/store/store_fixture.h"

namespace rowhook {
namespace {

ROWHOOK_STORE_SUITE(ExecutionStoreTest);

Execution retrying(Execution execution, Micros at) {
  execution.status = ExecutionStatus::retrying;
  execution.finished_at = 0;
  execution.next_attempt_at = at;
  execution.error_message = "HTTP 500";
  return execution;
}

std::vector<std::uint64_t> seqs(const std::vector<Execution>& list) {
  std::vector<std::uint64_t> result;
  for (const Execution& one : list) result.push_back(one.seq);
  return result;
}

TEST_P(ExecutionStoreTest, AnExecutionComesBackAsItWas) {
  Execution written = execution(7, 3);
  written.trigger_revision = 4;
  written.error_message = "tab\t \"quotes\" \\ {brace} ü😀";
  written.key = R"({"a":1,"b":"x"})";
  written.edited_input = R"({"edited":true})";
  store().executions().write({written}, 5);
  const auto read = store().executions().find("7-3");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->trigger_id, 3);
  EXPECT_EQ(read->trigger_revision, 4);
  EXPECT_EQ(read->workflow_id, written.workflow_id);
  EXPECT_EQ(read->event_id, written.event_id);
  EXPECT_EQ(read->seq, 7U);
  EXPECT_EQ(read->source, written.source);
  EXPECT_EQ(read->event_type, written.event_type);
  EXPECT_EQ(read->table, "orders");
  EXPECT_EQ(read->key, written.key);
  EXPECT_EQ(read->target_node_id, "in");
  EXPECT_EQ(read->status, ExecutionStatus::completed);
  EXPECT_EQ(read->attempt, 1U);
  EXPECT_EQ(read->error_message, written.error_message);
  EXPECT_EQ(read->created_at, written.created_at);
  EXPECT_EQ(read->started_at, written.started_at);
  EXPECT_EQ(read->finished_at, written.finished_at);
  EXPECT_EQ(read->next_attempt_at, 0);
  EXPECT_EQ(read->execution_time_ms, 0.25);
  EXPECT_EQ(read->steps, written.steps);
  EXPECT_EQ(read->edited_input, written.edited_input);
  EXPECT_EQ(store().executions().low_water(), 5U);
  EXPECT_FALSE(store().executions().find("8-3"));
  reopen();
  EXPECT_TRUE(store().executions().find("7-3"));
}

TEST_P(ExecutionStoreTest, ARowIsReplacedById) {
  ExecutionLog& log = store().executions();
  log.write({retrying(execution(1), clock_.now())}, 1);
  // Both states in one batch: the later one counts.
  log.write({retrying(execution(1), clock_.now()), execution(2), execution(1)}, 3);
  EXPECT_EQ(log.count({}), 2U);
  EXPECT_EQ(log.find("1-1")->status, ExecutionStatus::completed);
  EXPECT_TRUE(log.parked(0, 10).empty());
  log.write({}, 9);
  EXPECT_EQ(log.low_water(), 9U);
}

TEST_P(ExecutionStoreTest, ABatchIsAllOrNothing) {
  ExecutionLog& log = store().executions();
  Execution impossible = execution(2);
  impossible.steps = "no JSON";
  EXPECT_THROW(log.write({execution(1), impossible}, 7), PermanentError);
  EXPECT_EQ(log.count({}), 0U);
  EXPECT_EQ(log.low_water(), 0U);
}

TEST_P(ExecutionStoreTest, StrangeTextsDoNotStopTheLog) {
  Execution strange = execution(1);
  strange.error_message = std::string("bad \xff byte, NUL \0, end", 22);
  strange.key = "\"\xed\xa0\x80\"";  // a surrogate
  strange.steps = R"([{"n":"in","t":"input","s":"completed","ms":1,"o":[["output",{"a":"\u0000"}]]}])";
  store().executions().write({strange}, 1);
  const auto read = store().executions().find("1-1");
  EXPECT_EQ(read->error_message, "bad \xef\xbf\xbd byte, NUL \xef\xbf\xbd, end");
  EXPECT_EQ(read->steps, strange.steps);
  const SqlResult steps =
      other_program()->query("SELECT node_id, status, execution_time_ms FROM execution_steps");
  ASSERT_EQ(steps.rows.size(), 1U);
  EXPECT_EQ(as_text(steps.rows[0][0]), "in");
}

TEST_P(ExecutionStoreTest, ParkedExecutionsAreFoundBySeqAndByTime) {
  ExecutionLog& log = store().executions();
  const Micros now = clock_.now();
  Execution waiting = execution(4, 1);  // behind a failing one of its lane
  waiting.status = ExecutionStatus::pending;
  waiting.finished_at = 0;
  log.write({execution(1), retrying(execution(2), now + 1000), retrying(execution(3), now - 1000), waiting},
            1);
  EXPECT_EQ(seqs(log.parked(0, 10)), (std::vector<std::uint64_t>{2, 3, 4}));
  EXPECT_EQ(seqs(log.parked(2, 10)), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(seqs(log.due(now, 10)), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(seqs(log.due(now, 1)), (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(seqs(log.due(now + 1000, 10)), (std::vector<std::uint64_t>{2, 3, 4}));
  EXPECT_EQ(log.parked(0, 10).at(0).next_attempt_at, now + 1000);
}

TEST_P(ExecutionStoreTest, PagesOfParkedExecutionsNeverCutThroughAnEvent) {
  ExecutionLog& log = store().executions();
  std::vector<Execution> batch;
  for (std::int64_t trigger_id = 1; trigger_id <= 5; ++trigger_id)
    batch.push_back(retrying(execution(1, trigger_id), clock_.now()));
  batch.push_back(retrying(execution(2), clock_.now()));
  log.write(batch, 1);
  const auto page = log.parked(0, 2);
  EXPECT_EQ(seqs(page), (std::vector<std::uint64_t>{1, 1, 1, 1, 1}));
  EXPECT_EQ(seqs(log.parked(page.back().seq, 2)), (std::vector<std::uint64_t>{2}));
}

TEST_P(ExecutionStoreTest, ParkedExecutionsOfATriggerAndOfALane) {
  ExecutionLog& log = store().executions();
  std::vector<Execution> batch;
  for (std::uint64_t seq = 1; seq <= 8; ++seq) {
    batch.push_back(retrying(execution(seq, seq % 2 ? 1 : 2), clock_.now()));
    batch.back().key = seq > 4 ? "7" : "42";
  }
  batch.push_back(execution(9));  // ended
  log.write(batch, 1);
  EXPECT_EQ(seqs(log.parked_of({.trigger_id = 1})), (std::vector<std::uint64_t>{1, 3, 5, 7}));
  EXPECT_EQ(seqs(log.parked_of({.trigger_id = 1, .after_seq = 1, .through_seq = 5})),
            (std::vector<std::uint64_t>{3, 5}));
  EXPECT_EQ(seqs(log.parked_of({.trigger_id = 2, .table_and_key = {{"orders", "7"}}})),
            (std::vector<std::uint64_t>{6, 8}));
  EXPECT_EQ(seqs(log.parked_of({.trigger_id = 2, .limit = 1})), (std::vector<std::uint64_t>{2}));
}

TEST_P(ExecutionStoreTest, IdsFromASeqForTheRestart) {
  ExecutionLog& log = store().executions();
  log.write({execution(8), execution(9), execution(10), retrying(execution(11), 1)}, 9);
  auto ids = log.ids_from(9);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids, (std::vector<std::string>{"10-1", "11-1", "9-1"}));
}

// State and row in one transaction; who changed its state without a row is remembered until the mark passes
// it.
TEST_P(ExecutionStoreTest, KeepsTheStateOfScripts) {
  ExecutionLog& log = store().executions();
  Execution counted = execution(8), filtered = execution(9);
  counted.state_changes = {{"orders", "n", StateChange::Kind::add, "9007199254740993"},
                           {"orders", "last", StateChange::Kind::set, R"({"id":"é😀"})"},
                           {"orders", "gone", StateChange::Kind::set, "1"},
                           {"orders", "gone", StateChange::Kind::remove, ""}};
  filtered.state_changes = {{"orders", "n", StateChange::Kind::add, "0.5"},
                            {"other", "n", StateChange::Kind::add, "1"}};
  filtered.without_row = true;
  log.write({counted, filtered}, 8);
  EXPECT_EQ(store().script_state("orders"),
            (ScriptState{{"last", R"({"id":"é😀"})"}, {"n", "9007199254740993.5"}}));
  EXPECT_EQ(store().script_state("other"), (ScriptState{{"n", "1"}}));
  EXPECT_TRUE(store().script_state("nobody").empty());
  EXPECT_FALSE(log.find("9-1"));
  auto ids = log.ids_from(8);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids, (std::vector<std::string>{"8-1", "9-1"})) << "neither is to run again";
  log.write({}, 10);
  EXPECT_TRUE(log.ids_from(9).empty()) << "the mark has passed it";
}

TEST_P(ExecutionStoreTest, ListsNewestFirstWithFilters) {
  ExecutionLog& log = store().executions();
  std::vector<Execution> batch;
  for (std::uint64_t seq = 1; seq <= 12; ++seq) {
    batch.push_back(execution(seq, seq % 2 ? 1 : 2));
    batch.back().created_at = clock_.now() + static_cast<Micros>(seq / 4);  // several at the same instant
  }
  batch[3].status = ExecutionStatus::dead_letter;
  batch[3].error_message = "HTTP 500 from 100% of_them";
  batch[4].table = "items";
  log.write(batch, 1);
  EXPECT_EQ(seqs(log.list({.limit = 5})), (std::vector<std::uint64_t>{12, 11, 10, 9, 8}));
  EXPECT_EQ(seqs(log.list({.skip = 10, .limit = 5})), (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(seqs(log.list({.trigger_id = 1, .limit = 2})), (std::vector<std::uint64_t>{11, 9}));
  EXPECT_EQ(seqs(log.list({.status = "dead_letter"})), (std::vector<std::uint64_t>{4}));
  EXPECT_EQ(seqs(log.list({.error = "100% of_"})), (std::vector<std::uint64_t>{4}));
  EXPECT_EQ(log.count({.error = "100_"}), 0U);
  EXPECT_EQ(seqs(log.list({.table = "items"})), (std::vector<std::uint64_t>{5}));
  EXPECT_EQ(seqs(log.list({.event_id = "main-postgres:0/1:6"})), (std::vector<std::uint64_t>{6}));
  EXPECT_EQ(log.count({.from = clock_.now() + 1, .to = clock_.now() + 2}), 4U);
  EXPECT_EQ(log.count({.source = "main-postgres", .event_type = "record_updated", .workflow_id = "w"}), 12U);
  EXPECT_THROW(log.list({.status = "lost"}), InvalidInput);
}

TEST_P(ExecutionStoreTest, CursorsAreStableWhileNewOnesArrive) {
  ExecutionLog& log = store().executions();
  std::vector<Execution> batch;
  for (std::uint64_t seq = 1; seq <= 9; ++seq) {
    batch.push_back(execution(seq));
    batch.back().created_at = clock_.now();
  }
  log.write(batch, 1);
  const auto first = log.list({.limit = 4});
  EXPECT_EQ(seqs(first), (std::vector<std::uint64_t>{9, 8, 7, 6}));
  log.write({execution(10)}, 1);
  const auto second = log.list({.before_id_cursor = cursor_of(first.back()), .limit = 4});
  EXPECT_EQ(seqs(second), (std::vector<std::uint64_t>{5, 4, 3, 2}));
  EXPECT_EQ(seqs(log.list({.before_id_cursor = "2-1"})), (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(problems_of([&] { log.list({.before_id_cursor = "99-1"}); }).at(0).pointer, "/cursor");
}

TEST_P(ExecutionStoreTest, TheStateMachineIsKeptByTheSchema) {
  store().executions().write({execution(1)}, 1);
  auto psql = other_program();
  const auto refused = [&](const std::string& change) {
    try {
      psql->query("UPDATE execution_logs SET " + change);
    } catch (const ConstraintError& error) {
      return error.constraint();
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refused("status = 'lost', finished_at = NULL"), "chk_execution_status");
  EXPECT_EQ(refused("finished_at = NULL"), "chk_execution_finished");
  EXPECT_EQ(refused("next_attempt_at = created_at"), "chk_execution_next_attempt");
  EXPECT_EQ(refused("status = 'retrying', finished_at = NULL"), "chk_execution_next_attempt");
  EXPECT_EQ(refused("attempt = -1"), "chk_execution_attempt");
  EXPECT_EQ(refused("steps = '{}'"), "chk_execution_steps_is_array");
  EXPECT_EQ(refused("status = 'running', finished_at = NULL"), "accepted");
}

TEST_P(ExecutionStoreTest, SweepingKeepsDeadLettersAndWhatARestartNeeds) {
  ExecutionLog& log = store().executions();
  Execution dead = execution(2);
  dead.status = ExecutionStatus::dead_letter;
  log.write(
      {execution(1), dead, execution(3), retrying(execution(4), 1), execution(5), execution(6), execution(7)},
      6);
  EXPECT_EQ(store().sweep(clock_.now(), 100), 0U);  // nothing is that old
  EXPECT_EQ(store().sweep(clock_.now() + 1000, 2), 2U);
  EXPECT_EQ(store().sweep(clock_.now() + 1000, 100), 1U);
  EXPECT_EQ(seqs(log.list({})), (std::vector<std::uint64_t>{7, 6, 4, 2}));
}

TEST_P(ExecutionStoreTest, PingAnswers) { EXPECT_NO_THROW(store().ping()); }

}  // namespace
}  // namespace rowhook
