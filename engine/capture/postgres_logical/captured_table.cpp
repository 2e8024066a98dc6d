#include "engine/capture/postgres_logical/captured_table.h"

#include <algorithm>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

using pgoutput::Field;
using pgoutput::Tuple;
using Names = std::vector<std::string>;

bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_columns(const pgoutput::Relation& relation, const Names& names) {
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::any_of(relation.columns.begin(), relation.columns.end(),
                       [&](const auto& column) { return column.name == name; });
  });
}

// "id" or "tenant, id"
Names split_names(std::string_view text) {
  Names names;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view name = text.substr(0, comma);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return names;
}

// The configured key, else the primary key, else the replica identity index; none when a column of it is gone
// or excluded.
Names key_columns(const WatchedTable& table, const pgoutput::Relation& relation, const Names& primary_key) {
  Names key = split_names(table.primary_key);
  if (key.empty() || !has_columns(relation, key)) key = primary_key;
  if ((key.empty() || !has_columns(relation, key)) && relation.identity != 'f') {
    key.clear();
    for (const auto& column : relation.columns)
      if (column.identity) key.emplace_back(column.name);
  }
  if (!has_columns(relation, key)) key.clear();
  const bool hidden = std::any_of(key.begin(), key.end(),
                                  [&](const auto& name) { return contains(table.exclude_columns, name); });
  return hidden ? Names{} : key;
}

Field field_at(const Tuple& tuple, std::size_t index) {
  pgoutput::TupleReader reader(tuple);
  for (; index > 0; --index) reader.next();
  return reader.next();
}

}  // namespace

CapturedTable::CapturedTable(const TableWatch& watch, const SourceSettings& settings,
                             const pgoutput::Relation& relation, RelationFacts facts)
    : watch_(watch), types_(std::move(facts.types)) {
  types_.resize(relation.columns.size());
  for (const auto& column : relation.columns) identity_.push_back(column.identity);
  const Names key = key_columns(watch.table, relation, facts.primary_key);
  watched_ = make_layout(settings, relation, key, watch.table.exclude_columns);
  if (watch.where && !watch.table.exclude_columns.empty()) all_ = make_layout(settings, relation, {}, {});
}

CapturedTable::Layout CapturedTable::make_layout(const SourceSettings& settings,
                                                 const pgoutput::Relation& relation, const Names& key,
                                                 const Names& excluded) const {
  Layout layout;
  Shape shape;
  shape.source = settings.source;
  shape.connection = settings.connection;
  shape.method = settings.method;
  shape.database = settings.database;
  shape.schema = relation.schema;
  shape.table = relation.table;
  shape.tags = watch_.table.tags;
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    const std::string name(relation.columns[i].name);
    layout.skip.push_back(contains(excluded, name));
    if (!layout.skip.back()) shape.columns.push_back({name, types_[i].name, contains(key, name)});
  }
  layout.shape = seal(std::move(shape));
  return layout;
}

void CapturedTable::check_width(const Tuple& tuple) const {
  if (tuple.columns != types_.size())
    throw PermanentError("replication message has a row of another width than its table");
}

std::string CapturedTable::encode(const Layout& layout, const Tuple& tuple, const Tuple* old) {
  RowWriter row;
  row.reserve(tuple.bytes.size() + 16);
  pgoutput::TupleReader fields(tuple);
  for (std::size_t i = 0; i < tuple.columns; ++i) {
    Field field = fields.next();
    if (layout.skip[i]) continue;
    if (field.kind == Field::Kind::unchanged && old) field = field_at(*old, i);
    switch (field.kind) {
      case Field::Kind::text:
        write_column(row, types_[i], field.text, scratch_);
        break;
      case Field::Kind::null:
        row.add(ValueKind::null);
        break;
      case Field::Kind::unchanged:
        row.add(ValueKind::unchanged);
        break;
      case Field::Kind::binary:
        throw PermanentError("replication message has a binary column that was not asked for");
    }
  }
  return row.take();
}

std::string CapturedTable::encode_key(const Layout& layout, const Tuple& tuple) {
  RowWriter row;
  pgoutput::TupleReader fields(tuple);
  for (std::size_t i = 0; i < tuple.columns; ++i) {
    const Field field = fields.next();
    if (layout.skip[i]) continue;
    if (identity_[i] && field.kind == Field::Kind::text) {
      write_column(row, types_[i], field.text, scratch_);
    } else {
      row.add(ValueKind::absent);
    }
  }
  return row.take();
}

void CapturedTable::encode_old(const Layout& layout, const pgoutput::Old& old, Event& event) {
  check_width(old.tuple);
  event.old_complete = old.whole;
  event.old_row = old.whole ? encode(layout, old.tuple, nullptr) : encode_key(layout, old.tuple);
}

void CapturedTable::encode_update(const Layout& layout, const pgoutput::Update& update, Event& event) {
  check_width(update.after);
  if (update.before) {
    encode_old(layout, *update.before, event);
  } else {
    // The server sends no old row when the key is the same: then the new row's key is the old one.
    event.old_complete = false;
    event.old_row = encode_key(layout, update.after);
  }
  event.new_row =
      encode(layout, update.after, update.before && update.before->whole ? &update.before->tuple : nullptr);
}

bool CapturedTable::passes(const Event& event) const {
  const EventScope scope(event);
  switch (watch_.where->evaluate(scope)) {
    case Condition::Truth::yes:
      return true;
    case Condition::Truth::no:
      return false;
    case Condition::Truth::unknown:
      return !watch_.where->explain(scope).missing.empty();
  }
  return true;
}

template <typename Rows>
bool CapturedTable::fill(Event& event, const Rows& rows) {
  if (all_) {
    Event whole;
    whole.type = event.type;
    whole.shape = all_->shape;
    rows(*all_, whole);
    if (!passes(whole)) return false;
  }
  rows(watched_, event);
  if (watch_.where && !all_ && !passes(event)) return false;
  event.key = record_key(*event.shape, event.new_row.empty() ? event.old_row : event.new_row);
  return true;
}

bool CapturedTable::fill_insert(const pgoutput::Insert& insert, Event& event) {
  check_width(insert.after);
  return fill(event,
              [&](const Layout& layout, Event& out) { out.new_row = encode(layout, insert.after, nullptr); });
}

bool CapturedTable::fill_update(const pgoutput::Update& update, Event& event) {
  return fill(event, [&](const Layout& layout, Event& out) { encode_update(layout, update, out); });
}

bool CapturedTable::fill_delete(const pgoutput::Delete& removed, Event& event) {
  return fill(event, [&](const Layout& layout, Event& out) { encode_old(layout, removed.before, out); });
}

}  // namespace rowhook
