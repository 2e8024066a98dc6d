#include "engine/capture/postgres_logical/change_decoder.h"

#include <algorithm>
#include <set>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

std::string_view word(ColumnChange::Kind kind) {
  switch (kind) {
    case ColumnChange::Kind::added:
      return "added";
    case ColumnChange::Kind::dropped:
      return "dropped";
    case ColumnChange::Kind::renamed:
      return "renamed";
    case ColumnChange::Kind::retyped:
      return "retyped";
  }
  return "";
}

bool excluded(const WatchedTable& table, const std::string& column) {
  return std::find(table.exclude_columns.begin(), table.exclude_columns.end(), column) !=
         table.exclude_columns.end();
}

void add_member(std::string& out, std::string_view name, std::string_view text) {
  if (!out.empty()) out += ',';
  write_json_string(out, name);
  out += ':';
  write_json_string(out, text);
}

std::string change_detail(std::string_view change_type, std::string_view object_type, std::string_view object,
                          std::string_view change) {
  std::string detail;
  add_member(detail, "change_type", change_type);
  add_member(detail, "object_type", object_type);
  add_member(detail, "object_name", object);
  detail += ",\"ddl_statement\":null";
  add_member(detail, "change", change);
  return detail;
}

}  // namespace

std::vector<TableWatch> table_watches(const SourceSettings& settings) {
  std::vector<TableWatch> watches;
  std::set<std::string> names;
  for (const WatchedTable& table : settings.tables) {
    TableWatch& watch = watches.emplace_back(TableWatch{table, std::nullopt});
    if (watch.table.schema.empty()) watch.table.schema = settings.schema.empty() ? "public" : settings.schema;
    if (!table.where_clause.empty()) watch.where = Condition::parse(table.where_clause);
    const std::string name = table_name(watch.table.schema, table.table);
    if (!names.insert(name).second)
      throw PermanentError("table " + name + " of connection " + settings.connection + " is watched twice",
                           "name it once in `tables`");
  }
  return watches;
}

ChangeDecoder::ChangeDecoder(const SourceSettings& settings, const std::vector<TableWatch>& watches,
                             StreamState& state, RelationLookup lookup, const Clock& clock)
    : settings_(settings), watches_(watches), state_(state), lookup_(std::move(lookup)), clock_(clock) {}

void ChangeDecoder::decode(std::string_view message, Batch& batch) {
  // The server repeats a Relation message after every event that might have changed the table: those cost a
  // comparison.
  if (!message.empty() && message.front() == 'R' && message.size() > 5) {
    const pgoutput::Message parsed = pgoutput::parse(message);
    const auto& relation = std::get<pgoutput::Relation>(parsed);
    std::string& known = relation_messages_[relation.oid];
    if (known == message) return;
    on(relation, batch);
    known = message;
    return;
  }
  std::visit([&](const auto& parsed) { on(parsed, batch); }, pgoutput::parse(message));
}

void ChangeDecoder::on(const pgoutput::Begin& begin, Batch&) {
  in_transaction_ = true;
  next_ordinal_ = 0;
  order_ = change_order(state_.epoch, begin.commit);
  position_ = format_lsn(begin.commit);
  transaction_id_ = std::to_string(begin.xid);
  committed_at_ = begin.committed_at;
  captured_at_ = clock_.now();
  extra_.clear();
}

void ChangeDecoder::on(const pgoutput::Commit& commit, Batch& batch) {
  in_transaction_ = false;
  committed_ = commit.end;
  batch.position = sortable_lsn(commit.end);
  if (state_changed_) batch.state = state_.text();
  state_changed_ = false;
}

void ChangeDecoder::on(const pgoutput::Origin& origin, Batch&) {
  extra_.clear();
  add_member(extra_, "origin", origin.name);
}

const TableWatch* ChangeDecoder::watch_of(const pgoutput::Relation& relation) const {
  const auto found = std::find_if(watches_.begin(), watches_.end(), [&](const TableWatch& watch) {
    return watch.table.schema == relation.schema && watch.table.table == relation.table;
  });
  return found == watches_.end() ? nullptr : &*found;
}

// A publication follows a table through a rename, the configuration does not: going on would lose its changes
// in silence.
void ChangeDecoder::refuse_rename(const pgoutput::Relation& relation) const {
  for (const TableWatch& watch : watches_) {
    const std::string name = table_name(watch.table.schema, watch.table.table);
    const auto known = state_.tables.find(name);
    if (known == state_.tables.end() || known->second.oid != relation.oid) continue;
    const std::string now = table_name(relation.schema, relation.table);
    throw PermanentError("the watched table " + name + " was renamed to " + now,
                         "watch " + now + " in the configuration instead; capture goes on where it stopped");
  }
}

// When an excluded column disappears while another appears, the new one may be the old one under another
// name.
void ChangeDecoder::refuse_hidden_rename(const TableWatch& watch,
                                         const std::vector<ColumnChange>& changes) const {
  const std::string name = table_name(watch.table.schema, watch.table.table);
  for (const ColumnChange& gone : changes) {
    const bool renamed = gone.kind == ColumnChange::Kind::renamed;
    if (!renamed && gone.kind != ColumnChange::Kind::dropped) continue;
    const std::string& hidden = renamed ? gone.previous : gone.name;
    if (!excluded(watch.table, hidden)) continue;
    for (const ColumnChange& fresh : changes) {
      const bool appeared =
          fresh.kind == ColumnChange::Kind::added || fresh.kind == ColumnChange::Kind::renamed;
      if (!appeared || excluded(watch.table, fresh.name)) continue;
      throw PermanentError("the excluded column " + hidden + " of " + name + " is gone and " + fresh.name +
                               " is new: it may be renamed",
                           "add \"" + fresh.name + "\" to exclude_columns beside \"" + hidden +
                               "\", or remove \"" + hidden + "\" there if its values may be captured");
    }
  }
}

void ChangeDecoder::on(const pgoutput::Relation& relation, Batch& batch) {
  last_table_ = nullptr;
  last_oid_ = 0;
  const TableWatch* const watch = watch_of(relation);
  if (!watch) {
    refuse_rename(relation);
    tables_[relation.oid] = nullptr;
    return;
  }
  const KnownTable now = known_table(relation);
  KnownTable& known = state_.tables[table_name(relation.schema, relation.table)];
  const std::vector<ColumnChange> changes =
      known.oid == 0 ? std::vector<ColumnChange>{} : compare_columns(known.columns, now.columns);
  refuse_hidden_rename(*watch, changes);
  auto& table = tables_[relation.oid];
  table = std::make_unique<CapturedTable>(*watch, settings_, relation, lookup_(relation));
  if (known == now) return;
  report_changes(*table, known, now, changes, batch);
  known = now;
  state_changed_ = true;
}

void ChangeDecoder::report_changes(const CapturedTable& table, const KnownTable& before,
                                   const KnownTable& after, const std::vector<ColumnChange>& changes,
                                   Batch& batch) {
  const auto report = [&](std::string detail) {
    const std::uint32_t ordinal = next_ordinal_++;
    if (!settings_.track_schema_changes) return;
    new_event(batch, table, event_type::schema_changed, ordinal).detail = std::move(detail);
  };
  if (before.oid != 0 && before.oid != after.oid)
    report(change_detail("CREATE", "TABLE", table.shape()->table, "dropped and created again"));
  for (const ColumnChange& change : changes) {
    if (excluded(table.watch().table, change.name) || excluded(table.watch().table, change.previous))
      continue;
    std::string detail = change_detail("ALTER", "COLUMN", change.name, word(change.kind));
    if (!change.previous.empty()) add_member(detail, "previous_name", change.previous);
    if (const auto index = table.shape()->index_of(change.name))
      add_member(detail, "column_type", table.shape()->columns[*index].type);
    report(std::move(detail));
  }
}

CapturedTable* ChangeDecoder::table(std::uint32_t oid) {
  if (oid == last_oid_ && last_oid_ != 0) return last_table_;
  const auto found = tables_.find(oid);
  if (found == tables_.end())
    throw PermanentError("replication message refers to a table that was not described");
  last_oid_ = oid;
  last_table_ = found->second.get();
  return last_table_;
}

Event& ChangeDecoder::new_event(Batch& batch, const CapturedTable& table, std::string_view type,
                                std::uint32_t ordinal) const {
  Event& event = batch.events.emplace_back();
  event.type = type;
  event.shape = table.shape();
  event.id = make_event_id(*event.shape, order_, ordinal);
  event.order = order_;
  event.ordinal = ordinal;
  event.position = position_;
  event.transaction_id = transaction_id_;
  event.timestamp = committed_at_;
  event.captured_at = captured_at_;
  event.extra = extra_;
  return event;
}

void ChangeDecoder::on(const pgoutput::Insert& insert, Batch& batch) {
  CapturedTable* const changed = table(insert.relation);
  const std::uint32_t ordinal = next_ordinal_++;
  if (!changed || !changed->watch().table.inserts) return;
  Event& event = new_event(batch, *changed, event_type::inserted, ordinal);
  if (!changed->fill_insert(insert, event)) return batch.events.pop_back();
  batch.bytes += sizeof(Event) + event.new_row.size();
}

void ChangeDecoder::on(const pgoutput::Update& update, Batch& batch) {
  CapturedTable* const changed = table(update.relation);
  const std::uint32_t ordinal = next_ordinal_++;
  if (!changed || !changed->watch().table.updates) return;
  Event& event = new_event(batch, *changed, event_type::updated, ordinal);
  if (!changed->fill_update(update, event)) return batch.events.pop_back();
  batch.bytes += sizeof(Event) + event.old_row.size() + event.new_row.size();
}

void ChangeDecoder::on(const pgoutput::Delete& removed, Batch& batch) {
  CapturedTable* const changed = table(removed.relation);
  const std::uint32_t ordinal = next_ordinal_++;
  if (!changed || !changed->watch().table.deletes) return;
  Event& event = new_event(batch, *changed, event_type::deleted, ordinal);
  if (!changed->fill_delete(removed, event)) return batch.events.pop_back();
  batch.bytes += sizeof(Event) + event.old_row.size();
}

void ChangeDecoder::on(const pgoutput::Truncate& truncate, Batch& batch) {
  for (const std::uint32_t oid : truncate.relations) {
    const CapturedTable* const emptied = table(oid);
    const std::uint32_t ordinal = next_ordinal_++;
    if (!emptied) continue;
    new_event(batch, *emptied, event_type::truncated, ordinal);
    batch.bytes += sizeof(Event);
  }
}

}  // namespace rowhook
