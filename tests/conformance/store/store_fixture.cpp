#include "tests/conformance/store/store_fixture.h"

#include "engine/store/migrator.h"
#include "tests/support/postgres_cluster.h"

namespace rowhook {

void StoreTest::SetUp() {
  if (sqlite()) return;
  static testing::PostgresCluster cluster;
  static int count = 0;
  where_ = cluster.create_database("store" + std::to_string(++count));
}

Store& StoreTest::store() {
  if (!store_) store_ = open_store(where_, directory_.path().string(), true, clock_);
  return *store_;
}

std::unique_ptr<Connection> StoreTest::other_program() const {
  return open_store_connection(where_, directory_.path().string());
}

Definition StoreTest::workflow(const std::string& id) {
  Definition definition;
  definition.id = id;
  definition.name = "Workflow " + id;
  definition.nodes = {{"in", "input", "", nlohmann::json::object(), nlohmann::json::object()},
                      {"out", "log", "", {{"message", "9007199254740993"}}, nlohmann::json::object()}};
  definition.connections = {{"in", "output", "out", "input"}};
  definition.tags = {"shop"};
  return store().save_workflow(definition, 0);
}

Trigger StoreTest::draft(const std::string& name) const {
  Trigger trigger;
  trigger.name = name;
  trigger.workflow_id = "w";
  trigger.source = "main-postgres";
  trigger.event_type = "record_updated";
  trigger.config = {{"where", "status = 'paid'"}, {"secret", "whsec_abc"}};
  return trigger;
}

Trigger StoreTest::trigger(const std::string& name, std::uint64_t head_seq) {
  if (!store().workflow("w")) workflow();
  return store().create_trigger(draft(name), head_seq);
}

Execution StoreTest::execution(std::uint64_t seq, std::int64_t trigger_id) const {
  Execution execution;
  execution.id = std::to_string(seq) + "-" + std::to_string(trigger_id);
  execution.trigger_id = trigger_id;
  execution.workflow_id = "w";
  execution.event_id = "main-postgres:0/1:" + std::to_string(seq);
  execution.seq = seq;
  execution.source = "main-postgres";
  execution.event_type = "record_updated";
  execution.table = "orders";
  execution.key = "42";
  execution.target_node_id = "in";
  execution.status = ExecutionStatus::completed;
  execution.attempt = 1;
  execution.created_at = clock_.now() + static_cast<Micros>(seq);
  execution.started_at = execution.created_at + 1;
  execution.finished_at = execution.created_at + 2;
  execution.execution_time_ms = 0.25;
  execution.steps = R"([{"n":"in","t":"input","s":"completed","o":[["output",{"$event":true}]],"ms":0.1}])";
  return execution;
}

}  // namespace rowhook
