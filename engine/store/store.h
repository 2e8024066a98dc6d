#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/execution/execution.h"
#include "engine/router/trigger.h"
#include "workflows/definition.h"

namespace rowhook {

struct StoredScript {
  std::string name, text, updated_by;
  std::int64_t revision = 1;
  Micros created_at = 0, updated_at = 0;
};

// A text that a script had, and the journal's seqs for which it was in force: [from_seq, until_seq).
struct ScriptVersion {
  std::string text, updated_by;
  std::int64_t revision = 1;
  Micros created_at = 0;
  std::uint64_t from_seq = 0, until_seq = UINT64_MAX;
  std::optional<std::int64_t> restored_from;  // the revision whose text a roll-back brought back
};

struct Token {
  std::string id, name, role;  // viewer, operator, author, admin
  std::string hash;            // SHA-256 of the secret, hex; the secret itself is never stored
  Micros created_at = 0;
  std::optional<Micros> last_used_at, revoked_at;
};

// A remembered answer to a POST with an Idempotency-Key. Kept 24 hours.
struct RememberedAnswer {
  std::string request_hash;
  int status = 0;
  std::string content_type, body;
};

// Who changed what, when and from where.
struct AuditEntry {
  std::int64_t id = 0;
  Micros at = 0;
  std::string who, token_id;   // the token's name and id
  std::string address;         // where the request came from; "" for the command line of the engine's host
  std::string action, object;  // "triggers.save", "/triggers/7"
  std::string detail;          // JSON; never what a secret could stand in
};

struct AuditFilter {
  std::string who, action, object;  // "" = any; object: that, or what stands below it
  std::optional<Micros> from, to;   // [from, to)
};

struct ListRange {
  std::size_t skip = 0, limit = 100;
  std::optional<std::string> after;  // cursor: opaque, cursor_of() the last item of the page before
};

// Where a listing goes on behind an item. A cursor whose item is gone is refused (InvalidInput, /cursor)
// where its place is not known any more.
std::string cursor_of(const Trigger& trigger);
std::string cursor_of(const Definition& definition);
std::string cursor_of(const StoredScript& script);
std::string cursor_of(
    const Execution& execution);  // for ExecutionFilter::before_id_cursor, which takes a bare id as well

struct TriggerFilter {
  std::string source, event_type, workflow_id, name;  // "" = any; name: substring
  std::optional<bool> is_active;
};

// Everything of Rowhook's own that is kept but the journal: the only SQL on our own tables. One set of
// queries runs on SQLite and PostgreSQL; the schema's CHECKs are the last word on what may be stored. Errors:
// InvalidInput with pointers where a constraint refuses (the pointer of its column), NotFound, Conflict,
// TransientError. Thread safety: safe to share (a writer connection under a lock, a pool of readers).
class Store {
 public:
  virtual ~Store() = default;

  // Triggers. The id is given by the store. `head_seq` is the journal's last seq: the new revision holds for
  // events behind it.
  virtual Trigger create_trigger(const Trigger& trigger, std::uint64_t head_seq) = 0;
  // `expected_revision` 0: do not check; else Conflict when another revision is stored.
  virtual Trigger update_trigger(const Trigger& trigger, std::int64_t expected_revision,
                                 std::uint64_t head_seq) = 0;
  virtual void delete_trigger(std::int64_t id, std::int64_t expected_revision, std::uint64_t head_seq) = 0;
  virtual std::optional<Trigger> trigger(std::int64_t id) = 0;
  virtual std::vector<Trigger> triggers(const TriggerFilter& filter,
                                        const ListRange& range) = 0;  // newest first
  virtual std::uint64_t count_triggers(const TriggerFilter& filter) = 0;
  // Every revision that holds for some seq >= from_seq, for the router.
  virtual std::vector<Trigger> trigger_revisions(std::uint64_t from_seq) = 0;
  // Rows that were changed by other programs (psql) get their revision, in force behind head_seq. True if
  // there were any.
  virtual bool adopt_foreign_changes(std::uint64_t head_seq) = 0;
  // Cheap: a number that differs whenever triggers, workflows or scripts may have changed, whoever changed
  // them.
  virtual std::uint64_t change_marker() = 0;

  // Inserts or updates. expected_revision here and for scripts: 0: do not check; > 0: that one must be stored
  // (else Conflict or NotFound); < 0: there must be none (else Conflict).
  virtual Definition save_workflow(const Definition& definition, std::int64_t expected_revision) = 0;
  virtual void delete_workflow(const std::string& id, std::int64_t expected_revision,
                               std::uint64_t head_seq) = 0;
  virtual std::optional<Definition> workflow(const std::string& id) = 0;
  virtual std::vector<Definition> workflows(const ListRange& range) = 0;
  virtual std::uint64_t count_workflows() = 0;

  // The new version holds for events behind head_seq. `restored_from`: the older revision whose text this is.
  virtual StoredScript save_script(const std::string& name, const std::string& text,
                                   std::int64_t expected_revision, const std::string& who,
                                   std::uint64_t head_seq = 0,
                                   std::optional<std::int64_t> restored_from = {}) = 0;
  virtual void delete_script(const std::string& name, std::uint64_t head_seq = 0) = 0;
  virtual std::optional<StoredScript> script(const std::string& name) = 0;
  virtual std::vector<StoredScript> scripts(const ListRange& range) = 0;
  virtual std::uint64_t count_scripts() = 0;
  virtual std::vector<ScriptVersion> script_versions(
      const std::string& name) = 0;  // newest first; also of a deleted one
  // The text in force for an event: nullopt when there was no such script then.
  virtual std::optional<std::string> script_text_at(const std::string& name, std::uint64_t seq) = 0;

  // What a script keeps with kv. Changed by ExecutionLog::write() alone.
  virtual ScriptState script_state(const std::string& scope) = 0;

  virtual void add_token(const Token& token) = 0;  // the same hash again changes nothing
  virtual std::optional<Token> token_by_hash(
      const std::string& hash) = 0;  // absent, too, when it was revoked
  virtual std::vector<Token> tokens() = 0;
  virtual bool revoke_token(const std::string& id) = 0;

  virtual std::optional<RememberedAnswer> remembered(const std::string& key, const std::string& who) = 0;
  virtual void remember(const std::string& key, const std::string& who, const RememberedAnswer& answer) = 0;

  virtual void add_audit(const AuditEntry& entry) = 0;  // id and, where it is 0, at are given by the store
  virtual std::vector<AuditEntry> audit_log(const AuditFilter& filter,
                                            const ListRange& range) = 0;  // newest first
  virtual std::uint64_t count_audit_log(const AuditFilter& filter, std::uint64_t limit) = 0;

  virtual nlohmann::json trigger_metrics() = 0;       // rows of the view trigger_metrics
  virtual nlohmann::json node_targeting_stats() = 0;  // rows of the view node_targeting_stats

  virtual ExecutionLog& executions() = 0;
  // Drops audit entries of more than 400 days, ended executions (no dead letters, and nothing at or behind
  // the low-water mark) and what else is outdated; returns the executions dropped, `limit` at most.
  virtual std::uint64_t sweep(Micros older_than, std::size_t limit) = 0;
  virtual void ping() = 0;  // throws TransientError when unreachable
};

// `where`: "sqlite" or "" (DATA_DIR/rowhook.db), a path ending in .db, or a postgresql:// URL. Runs pending
// migrations when `migrate`, else throws ConfigError with the command that does when the schema is not
// current.
std::unique_ptr<Store> open_store(const std::string& where, const std::string& data_dir, bool migrate,
                                  const Clock& clock);

}  // namespace rowhook
