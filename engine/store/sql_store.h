#pragma once

#include <memory>

#include "engine/store/database.h"
#include "engine/store/execution_log.h"
#include "engine/store/store.h"

namespace rowhook {

class Where;

// The one implementation of Store, over both databases. Its members stand in
// store_{triggers,workflows,scripts,access,audit}.cpp. Thread safety: as Store.
class SqlStore final : public Store {
 public:
  SqlStore(StoreAddress address, const Clock& clock);

  Trigger create_trigger(const Trigger& trigger, std::uint64_t head_seq) override;
  Trigger update_trigger(const Trigger& trigger, std::int64_t expected_revision,
                         std::uint64_t head_seq) override;
  void delete_trigger(std::int64_t id, std::int64_t expected_revision, std::uint64_t head_seq) override;
  std::optional<Trigger> trigger(std::int64_t id) override;
  std::vector<Trigger> triggers(const TriggerFilter& filter, const ListRange& range) override;
  std::uint64_t count_triggers(const TriggerFilter& filter) override;
  std::vector<Trigger> trigger_revisions(std::uint64_t from_seq) override;
  bool adopt_foreign_changes(std::uint64_t head_seq) override;
  std::uint64_t change_marker() override;

  Definition save_workflow(const Definition& definition, std::int64_t expected_revision) override;
  void delete_workflow(const std::string& id, std::int64_t expected_revision,
                       std::uint64_t head_seq) override;
  std::optional<Definition> workflow(const std::string& id) override;
  std::vector<Definition> workflows(const ListRange& range) override;
  std::uint64_t count_workflows() override;

  StoredScript save_script(const std::string& name, const std::string& text, std::int64_t expected_revision,
                           const std::string& who, std::uint64_t head_seq,
                           std::optional<std::int64_t> restored_from) override;
  void delete_script(const std::string& name, std::uint64_t head_seq) override;
  std::optional<StoredScript> script(const std::string& name) override;
  std::vector<StoredScript> scripts(const ListRange& range) override;
  std::uint64_t count_scripts() override;
  std::vector<ScriptVersion> script_versions(const std::string& name) override;
  std::optional<std::string> script_text_at(const std::string& name, std::uint64_t seq) override;
  ScriptState script_state(const std::string& scope) override;

  void add_token(const Token& token) override;
  std::optional<Token> token_by_hash(const std::string& hash) override;
  std::vector<Token> tokens() override;
  bool revoke_token(const std::string& id) override;

  std::optional<RememberedAnswer> remembered(const std::string& key, const std::string& who) override;
  void remember(const std::string& key, const std::string& who, const RememberedAnswer& answer) override;

  void add_audit(const AuditEntry& entry) override;
  std::vector<AuditEntry> audit_log(const AuditFilter& filter, const ListRange& range) override;
  std::uint64_t count_audit_log(const AuditFilter& filter, std::uint64_t limit) override;

  nlohmann::json trigger_metrics() override;
  nlohmann::json node_targeting_stats() override;

  ExecutionLog& executions() override { return executions_; }
  std::uint64_t sweep(Micros older_than, std::size_t limit) override;
  void ping() override;

 private:
  std::uint64_t count(const std::string& sql, const SqlParams& params = {});

  const Clock& clock_;
  Database database_;
  SqlExecutionLog executions_;
};

// " LIMIT $n OFFSET $m" for a listing; the parameters go to `where`.
std::string limit_text(Where& where, const ListRange& range);
// Throws InvalidInput for the pointer /cursor when `sql` finds nothing for `key`.
void require_row(Connection& connection, std::string_view sql, const SqlValue& key);

}  // namespace rowhook
