#pragma once

#include <cstdio>
#include <string>

#include "engine/event/batch.h"

namespace rowhook::testing {

// The shape of a table `orders` with key `id` and two more columns.
inline ShapePtr orders_shape(const std::string& source = "shop", const std::string& table = "orders") {
  Shape shape;
  shape.source = source;
  shape.connection = source;
  shape.method = "log_based";
  shape.database = "shop";
  shape.schema = "public";
  shape.table = table;
  shape.columns = {{"id", "bigint", true}, {"status", "text", false}, {"total", "numeric(10,2)", false}};
  return seal(std::move(shape));
}

// Orders sort byte-wise like the numbers they are made of.
inline std::string order_of(std::uint64_t commit) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(commit));
  return text;
}

// An insert into `orders`: the change `ordinal` of transaction `commit`, of the row `id`.
inline Event order_inserted(const ShapePtr& shape, std::uint64_t commit, std::uint32_t ordinal,
                            std::int64_t id) {
  Event event;
  event.type = event_type::inserted;
  event.shape = shape;
  event.order = order_of(commit);
  event.ordinal = ordinal;
  event.position = "0/" + event.order;
  event.transaction_id = std::to_string(commit);
  event.timestamp = 1'754'388'000'000'000 + static_cast<Micros>(commit);
  event.captured_at = event.timestamp + 500;
  event.id = make_event_id(*shape, event.order, ordinal);
  RowWriter row;
  row.add(ValueKind::number, std::to_string(id));
  row.add(ValueKind::text, "pending");
  row.add(ValueKind::number, std::to_string(id) + ".50");
  event.new_row = row.take();
  event.key = std::to_string(id);
  return event;
}

// Transactions first..last of one change each; the row's id is the transaction's number; the position the
// last one's.
inline Batch orders_batch(const ShapePtr& shape, std::uint64_t first, std::uint64_t last) {
  Batch batch;
  for (std::uint64_t commit = first; commit <= last; ++commit)
    batch.events.push_back(order_inserted(shape, commit, 0, static_cast<std::int64_t>(commit)));
  batch.position = order_of(last);
  return batch;
}

}  // namespace rowhook::testing
