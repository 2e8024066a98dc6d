#include "engine/capture/change_table/change_row_decoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

constexpr int id_column = 0, layout_column = 1, op_column = 2, at_column = 3, first_value_column = 4;
constexpr std::size_t epoch_digits = 14, id_digits = 12, event_overhead = 200;

void add_hex(std::string& out, std::int64_t value, std::size_t width) {
  std::array<char, 16> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::uint64_t>(value), 16).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  if (length < width) out.append(width - length, '0');
  out.append(digits.data(), length);
}

// julianday() to microseconds; SQLite's own clock has milliseconds.
Micros from_julian_day(double day) {
  constexpr double unix_epoch = 2440587.5, milliseconds_per_day = 86'400'000.0;
  return static_cast<Micros>(std::llround((day - unix_epoch) * milliseconds_per_day)) * 1000;
}

bool excluded(const WatchedTable& watched, std::string_view column) {
  return std::any_of(watched.exclude_columns.begin(), watched.exclude_columns.end(),
                     [&](const auto& name) { return same_sqlite_name(name, column); });
}

}  // namespace

struct ChangeRowDecoder::Table {
  const SqliteWatch* watch = nullptr;  // null: not watched any more
  std::vector<SqliteForm> forms;
  std::vector<bool> hidden;
  std::optional<std::size_t> rowid;
  ShapePtr shape;       // what events show
  ShapePtr full_shape;  // what where_clause sees; the same when nothing is hidden
  std::int64_t layout = 0;
  bool hides() const { return shape->columns.size() != full_shape->columns.size(); }
};

std::string sqlite_change_order(std::int64_t epoch, std::int64_t id) {
  std::string order;
  order.reserve(epoch_digits + 1 + id_digits);
  add_hex(order, epoch, epoch_digits);
  order += '-';
  add_hex(order, id, id_digits);
  return order;
}

std::optional<ChangeOrder> parse_sqlite_change_order(std::string_view order) {
  if (order.size() != epoch_digits + 1 + id_digits || order[epoch_digits] != '-') return std::nullopt;
  const auto read = [](std::string_view digits, std::int64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return error == std::errc{} && end == digits.data() + digits.size();
  };
  ChangeOrder parsed;
  if (!read(order.substr(0, epoch_digits), parsed.epoch) || !read(order.substr(epoch_digits + 1), parsed.id))
    return std::nullopt;
  return parsed;
}

ChangeRowDecoder::ChangeRowDecoder(const SourceSettings& settings, const std::vector<SqliteWatch>& watches,
                                   const Clock& clock)
    : settings_(settings), watches_(watches), clock_(clock) {}
ChangeRowDecoder::~ChangeRowDecoder() = default;

void ChangeRowDecoder::use(std::int64_t epoch, const std::map<std::int64_t, ChangeLayout>& layouts) {
  epoch_ = epoch;
  tables_.clear();
  for (const auto& [id, layout] : layouts) {
    auto table = std::make_unique<Table>();
    table->layout = id;
    for (const auto& watch : watches_)
      if (same_sqlite_name(watch.table.table, layout.table)) table->watch = &watch;
    Shape shape{.source = settings_.source,
                .connection = settings_.connection,
                .method = settings_.method,
                .database = std::filesystem::path(settings_.database).filename().string(),
                .schema = "main",
                .table = layout.table,
                .columns = {},
                .tags = table->watch ? table->watch->table.tags : std::vector<std::string>{},
                .id = 0,
                .key = {},
                .json_names = {}};
    Shape full = shape;
    for (const auto& column : layout.columns) {
      const bool hidden = column.hidden || (table->watch && excluded(table->watch->table, column.name));
      table->forms.push_back(sqlite_form(column.type));
      table->hidden.push_back(hidden);
      if (column.rowid) table->rowid = table->hidden.size() - 1;
      full.columns.push_back({column.name, column.type, column.key});
      if (!hidden) shape.columns.push_back(full.columns.back());
    }
    // Without all of its key a row has no record_id: half a key would name other rows.
    const auto keys = [](const Shape& s) {
      return std::count_if(s.columns.begin(), s.columns.end(), [](const auto& c) { return c.key; });
    };
    if (keys(shape) != keys(full))
      for (auto& column : shape.columns) column.key = false;
    table->full_shape = seal(std::move(full));
    table->shape = seal(std::move(shape));
    tables_.emplace(id, std::move(table));
  }
}

ChangeRowDecoder::Row ChangeRowDecoder::read_row(const Table& table, const SqliteCursor& row,
                                                 std::size_t side) {
  RowWriter writer;
  Row out;
  const std::size_t count = table.forms.size();
  for (std::size_t i = 0; i < count; ++i) {
    const int column = first_value_column + static_cast<int>(side * count + i);
    if (add_sqlite_value(writer, row, column, table.forms[i]) || table.hidden[i]) continue;
    const std::string& name = table.full_shape->json_names[i];  // `"name":`
    if (!out.marks.empty()) out.marks += ',';
    out.marks.append(name, 0, name.size() - 1);
  }
  out.values = writer.take();
  return out;
}

std::string ChangeRowDecoder::visible(const Table& table, std::string values) {
  if (!table.hides() || values.empty()) return values;
  RowWriter writer;
  RowReader reader(values);
  for (std::size_t i = 0; !reader.done(); ++i)
    if (const Value value = reader.next(); !table.hidden[i]) writer.add(value);
  return writer.take();
}

void ChangeRowDecoder::decode(const SqliteCursor& row, Batch& batch) {
  const auto op = static_cast<ChangeOp>(row.integer(op_column));
  const auto found = tables_.find(row.integer(layout_column));
  if (op == ChangeOp::baseline || found == tables_.end() || !found->second->watch) return;
  const Table& table = *found->second;
  const WatchedTable& watched = table.watch->table;
  next_ordinal_ = 0;
  if (op == ChangeOp::schema_changed || op == ChangeOp::capture_gap) {
    decode_report(table, row, batch);
    return;
  }
  Row before, after;
  if (op != ChangeOp::inserted) before = read_row(table, row, 0);
  if (op == ChangeOp::inserted) after = read_row(table, row, 0);
  if (op == ChangeOp::updated || op == ChangeOp::candidate) after = read_row(table, row, 1);
  if (op == ChangeOp::candidate) {
    replaced_.add({row.integer(id_column), table.layout, std::move(before.values), std::move(after.values),
                   std::move(before.marks), table.rowid});
    return;
  }
  if (!replaced_.empty()) {
    if (op != ChangeOp::inserted) replaced_.touched(table.layout, before.values);
    if (op != ChangeOp::deleted)
      for (auto& gone : replaced_.replaced_by(row.integer(id_column), table.layout, after.values))
        if (watched.deletes)
          add(table, event_type::deleted, {std::move(gone.row), std::move(gone.marks)}, {}, row, batch);
  }
  if (op == ChangeOp::inserted && watched.inserts)
    add(table, event_type::inserted, {}, std::move(after), row, batch);
  if (op == ChangeOp::updated && watched.updates)
    add(table, event_type::updated, std::move(before), std::move(after), row, batch);
  if (op == ChangeOp::deleted && watched.deletes)
    add(table, event_type::deleted, std::move(before), {}, row, batch);
}

void ChangeRowDecoder::add(const Table& table, std::string_view type, Row before, Row after,
                           const SqliteCursor& row, Batch& batch) {
  Event event;
  event.type = type;
  event.shape = table.full_shape;
  event.old_row = std::move(before.values);
  event.new_row = std::move(after.values);
  if (table.watch->where && table.watch->where->evaluate(EventScope(event)) != Condition::Truth::yes) return;
  event.shape = table.shape;
  event.old_row = visible(table, std::move(event.old_row));
  event.new_row = visible(table, std::move(event.new_row));
  event.key = record_key(*table.shape, event.new_row.empty() ? event.old_row : event.new_row);
  if (!before.marks.empty() || !after.marks.empty()) {
    const bool both = !before.marks.empty() && !after.marks.empty() && before.marks != after.marks;
    event.extra = "\"not_utf8\":[" +
                  (both                  ? before.marks + ','
                   : after.marks.empty() ? before.marks
                                         : "") +
                  after.marks + ']';
  }
  finish(std::move(event), row, batch);
}

void ChangeRowDecoder::decode_report(const Table& table, const SqliteCursor& row, Batch& batch) {
  Event event;
  event.shape = table.shape;
  event.detail = row.text(first_value_column);
  if (static_cast<ChangeOp>(row.integer(op_column)) == ChangeOp::schema_changed) {
    event.type = event_type::schema_changed;
  } else {
    event.type = event_type::capture_gap;
    const std::int64_t id = row.integer(id_column);
    event.detail = "\"from\":\"" + sqlite_change_order(epoch_, id - 1) + "\",\"to\":\"" +
                   sqlite_change_order(epoch_, id) + "\"," + event.detail;
  }
  finish(std::move(event), row, batch);
}

void ChangeRowDecoder::finish(Event event, const SqliteCursor& row, Batch& batch) {
  event.order = sqlite_change_order(epoch_, row.integer(id_column));
  event.ordinal = next_ordinal_++;
  event.position = event.order;
  event.id = make_event_id(*event.shape, event.order, event.ordinal);
  event.timestamp = from_julian_day(row.real(at_column));
  event.captured_at = clock_.now();
  batch.bytes += event_overhead + event.old_row.size() + event.new_row.size() + event.detail.size();
  batch.events.push_back(std::move(event));
}

}  // namespace rowhook
