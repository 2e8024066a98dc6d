#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/clock.h"
#include "engine/capture/postgres_logical/captured_table.h"
#include "engine/capture/postgres_logical/pgoutput.h"
#include "engine/capture/postgres_logical/stream_state.h"
#include "engine/event/batch.h"

namespace rowhook {

// The watched tables of a connection, schemas filled in ("public" where neither table nor connection names
// one) and conditions parsed. Throws InvalidInput for a condition that does not parse and PermanentError for
// a table that is named twice.
std::vector<TableWatch> table_watches(const SourceSettings& settings);

// Turns pgoutput messages into events: the pure part of capture by logical replication, without a connection.
//
// ordinal counts every change of the transaction that the server sends, also those that `events` or
// `where_clause` leave out, and schema changes: a redelivered transaction has the same ids whatever the
// filters are by then. A position is given only at a commit, and StreamState only with it. Thread safety:
// none; confined to its source.
class ChangeDecoder {
 public:
  // `settings`, `watches`, `state` and `clock` must outlive the decoder. `lookup` is asked once per version
  // of a watched table.
  ChangeDecoder(const SourceSettings& settings, const std::vector<TableWatch>& watches, StreamState& state,
                RelationLookup lookup, const Clock& clock);

  // Takes one message and appends what it gives to `batch`. Throws PermanentError when the message is not
  // pgoutput's or a watched table is not what it was (renamed; an excluded column renamed): capture must stop
  // in front of it, and a person decide.
  void decode(std::string_view message, Batch& batch);

  bool in_transaction() const { return in_transaction_; }
  Lsn committed() const { return committed_; }  // end of the last commit; 0 before the first

 private:
  void on(const pgoutput::Begin& begin, Batch& batch);
  void on(const pgoutput::Commit& commit, Batch& batch);
  void on(const pgoutput::Origin& origin, Batch& batch);
  void on(const pgoutput::Relation& relation, Batch& batch);
  void on(const pgoutput::Insert& insert, Batch& batch);
  void on(const pgoutput::Update& update, Batch& batch);
  void on(const pgoutput::Delete& removed, Batch& batch);
  void on(const pgoutput::Truncate& truncate, Batch& batch);
  void on(const pgoutput::Ignored&, Batch&) {}

  CapturedTable* table(std::uint32_t oid);  // nullptr: not watched
  const TableWatch* watch_of(const pgoutput::Relation& relation) const;
  void refuse_rename(const pgoutput::Relation& relation) const;
  void refuse_hidden_rename(const TableWatch& watch, const std::vector<ColumnChange>& changes) const;
  void report_changes(const CapturedTable& table, const KnownTable& before, const KnownTable& after,
                      const std::vector<ColumnChange>& changes, Batch& batch);
  Event& new_event(Batch& batch, const CapturedTable& table, std::string_view type,
                   std::uint32_t ordinal) const;

  const SourceSettings& settings_;
  const std::vector<TableWatch>& watches_;
  StreamState& state_;
  RelationLookup lookup_;
  const Clock& clock_;

  std::unordered_map<std::uint32_t, std::unique_ptr<CapturedTable>> tables_;  // null: not watched
  std::unordered_map<std::uint32_t, std::string> relation_messages_;  // as received: most are repetitions
  std::uint32_t last_oid_ = 0;
  CapturedTable* last_table_ = nullptr;

  bool in_transaction_ = false;
  bool state_changed_ = false;
  Lsn committed_ = 0;
  std::uint32_t next_ordinal_ = 0;
  std::string order_, position_, transaction_id_, extra_;
  Micros committed_at_ = 0, captured_at_ = 0;
};

}  // namespace rowhook
