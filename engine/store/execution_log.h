#pragma once

#include "engine/execution/execution.h"
#include "engine/store/database.h"

namespace rowhook {

// The table execution_logs. One transaction per write(): a prepared upsert per row on SQLite, one statement
// over arrays on PostgreSQL. Where an execution does not say when it finished although its status is an end,
// its creation counts. Text that is not UTF-8 is stored with U+FFFD in place of what is wrong, and without
// NUL on PostgreSQL. Thread safety: as ExecutionLog.
class SqlExecutionLog final : public ExecutionLog {
 public:
  explicit SqlExecutionLog(Database& database);  // must outlive this

  void write(const std::vector<Execution>& executions, std::uint64_t low_water) override;
  std::uint64_t low_water() override;
  std::vector<std::string> ids_from(std::uint64_t from_seq) override;
  std::vector<Execution> due(Micros now, std::size_t limit) override;
  // Never cuts through the executions of one event: may return a few more than `limit`.
  std::vector<Execution> parked(std::uint64_t after_seq, std::size_t limit) override;
  std::vector<Execution> parked_of(const ParkedRange& range) override;
  Changes changes() override;
  std::vector<Execution> changed(std::uint64_t from, std::size_t limit) override;
  std::optional<Execution> find(const std::string& id) override;
  std::vector<Execution> list(const ExecutionFilter& filter) override;
  std::uint64_t count(const ExecutionFilter& filter, std::uint64_t limit = INT64_MAX) override;

 private:
  std::vector<Execution> select(const std::string& rest, const SqlParams& params);
  void upsert_rows(Connection& connection, const std::vector<Execution>& executions);
  void upsert_arrays(Connection& connection, const std::vector<Execution>& executions);
  // Executions with the changes of their scripts' state; forgets which were done without a row below the
  // mark.
  void apply_states(Connection& connection, const std::vector<Execution>& executions,
                    std::uint64_t low_water);

  Database& database_;
  const std::string upsert_;
  bool done_without_rows_ = true;  // script_state_done may hold rows; known to the writer alone
};

}  // namespace rowhook
