#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/capture/postgres_logical/column_type.h"
#include "engine/capture/postgres_logical/pgoutput.h"
#include "engine/capture/source.h"
#include "engine/db/condition.h"
#include "engine/event/event.h"

namespace rowhook {

// What is watched of one table: its entry in the configuration with its condition parsed.
struct TableWatch {
  WatchedTable table;  // schema is set
  std::optional<Condition> where;
};

// What a Relation message does not say.
struct RelationFacts {
  std::vector<std::string> primary_key;  // column names; empty when there is none
  std::vector<ColumnType> types;         // one per column of the message
};
using RelationLookup = std::function<RelationFacts(const pgoutput::Relation&)>;

// One version of a watched table, from one Relation message to the next: encodes its rows.
// Excluded columns are seen by the condition only and never reach a returned row.
// Thread safety: none (working memory is reused); confined to the decoder.
class CapturedTable {
 public:
  // `watch` must outlive the table.
  CapturedTable(const TableWatch& watch, const SourceSettings& settings, const pgoutput::Relation& relation,
                RelationFacts facts);

  const TableWatch& watch() const { return watch_; }
  const ShapePtr& shape() const { return watched_.shape; }
  // Fills old_row, new_row, old_complete and key of `event`, whose type and shape() are set. False: the
  // condition does not hold. A condition that needs a column that was not sent (outside a key-only old row,
  // unchanged TOAST) lets the row pass: a doubtful event is better than a lost one.
  bool fill_insert(const pgoutput::Insert& insert, Event& event);
  bool fill_update(const pgoutput::Update& update, Event& event);
  bool fill_delete(const pgoutput::Delete& removed, Event& event);

 private:
  // The columns of the table that one encoding keeps.
  struct Layout {
    ShapePtr shape;
    std::vector<bool> skip;  // per column of the relation
  };
  Layout make_layout(const SourceSettings& settings, const pgoutput::Relation& relation,
                     const std::vector<std::string>& key, const std::vector<std::string>& excluded) const;
  // `old`: the whole old row, which has what `tuple` left out as unchanged; nullptr where there is none.
  std::string encode(const Layout& layout, const pgoutput::Tuple& tuple, const pgoutput::Tuple* old);
  std::string encode_key(const Layout& layout, const pgoutput::Tuple& tuple);
  void encode_old(const Layout& layout, const pgoutput::Old& old, Event& event);
  void encode_update(const Layout& layout, const pgoutput::Update& update, Event& event);
  // Encodes with `rows(layout, event)`: first all columns for the condition, if there is one, then the
  // watched ones.
  template <typename Rows>
  bool fill(Event& event, const Rows& rows);
  void check_width(const pgoutput::Tuple& tuple) const;
  bool passes(const Event& event) const;

  const TableWatch& watch_;
  std::vector<ColumnType> types_;
  std::vector<bool> identity_;
  Layout watched_;
  std::optional<Layout> all_;  // set when a condition may look at excluded columns
  std::string scratch_;
};

}  // namespace rowhook
