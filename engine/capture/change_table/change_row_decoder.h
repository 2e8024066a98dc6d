#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/capture/change_table/change_table_install.h"
#include "engine/capture/change_table/replaced_rows.h"
#include "engine/capture/change_table/sqlite_row_values.h"

namespace rowhook {

// Event::order and position of a change: epoch and id in hexadecimal of fixed width,
// "0006403a1b2c3d-00000000002a".
std::string sqlite_change_order(std::int64_t epoch, std::int64_t id);
struct ChangeOrder {
  std::int64_t epoch = 0, id = 0;
};
std::optional<ChangeOrder> parse_sqlite_change_order(std::string_view order);

// Turns rows of _rowhook_changes into events: values by layout, excluded columns gone, events and
// where_clause applied. Thread safety: none; confined to its source's thread. Keeps references to settings,
// watches and clock.
class ChangeRowDecoder {
 public:
  ChangeRowDecoder(const SourceSettings& settings, const std::vector<SqliteWatch>& watches,
                   const Clock& clock);
  ~ChangeRowDecoder();
  void use(std::int64_t epoch, const std::map<std::int64_t, ChangeLayout>& layouts);
  // False when the layout is not known: read the layouts again.
  bool knows(std::int64_t layout) const { return layout == 0 || tables_.contains(layout); }
  // The row under the cursor, `SELECT * FROM _rowhook_changes`. Adds the events to `batch` that somebody
  // wants of it.
  void decode(const SqliteCursor& row, Batch& batch);
  // Everything that is committed was decoded: no statement is under way.
  void settle() { replaced_.settle(); }
  // After a restart decoding has to begin here at the latest (an id); nullopt when at the next row.
  std::optional<std::int64_t> begin_again() const { return replaced_.oldest(); }

 private:
  struct Table;
  // A row's values with all columns of the layout; `marks` lists those that were not UTF-8.
  struct Row {
    std::string values, marks;
  };
  static Row read_row(const Table& table, const SqliteCursor& row, std::size_t side);
  static std::string visible(const Table& table, std::string values);
  void add(const Table& table, std::string_view type, Row before, Row after, const SqliteCursor& row,
           Batch& batch);
  void decode_report(const Table& table, const SqliteCursor& row, Batch& batch);
  void finish(Event event, const SqliteCursor& row, Batch& batch);

  const SourceSettings& settings_;
  const std::vector<SqliteWatch>& watches_;
  const Clock& clock_;
  std::int64_t epoch_ = 0;
  std::uint32_t next_ordinal_ = 0;  // of the events of one row
  std::map<std::int64_t, std::unique_ptr<Table>> tables_;
  ReplacedRows replaced_;
};

}  // namespace rowhook
