#include <gtest/gtest.h>

#include <random>

#include "engine/base/errors.h"
#include "engine/event/event.h"
#include "engine/event/json_writer.h"
#include "tests/support/sample_events.h"

namespace rowhook::testing {
namespace {

std::string random_text(std::mt19937& random, std::size_t longest) {
  std::string text(random() % (longest + 1), ' ');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

Event random_event(std::mt19937& random, const ShapePtr& shape) {
  Event event;
  event.shape = shape;
  event.id = random_text(random, 60);
  event.type = random_text(random, 20);
  event.order = random_text(random, 20);
  event.ordinal = static_cast<std::uint32_t>(random());
  event.position = random_text(random, 20);
  event.transaction_id = random_text(random, 10);
  event.timestamp = static_cast<Micros>(static_cast<std::uint64_t>(random()) << 32 | random());
  event.captured_at = -static_cast<Micros>(random());
  if (random() % 2 == 0) event.user = random_text(random, 10);
  event.snapshot = random() % 2 == 0;
  event.old_complete = random() % 2 == 0;
  event.old_row = random_text(random, 200);
  event.new_row = random_text(random, 200);
  event.key = random_text(random, 20);
  event.detail = random_text(random, 20);
  event.extra = random_text(random, 20);
  return event;
}

TEST(EventCodec, RandomEventsComeBackExactly) {
  std::mt19937 random(2);
  const ShapePtr shape = orders_shape();
  for (int round = 0; round < 500; ++round) {
    const Event event = random_event(random, shape);
    std::string bytes;
    encode_event(event, bytes);
    const Event back =
        decode_event(bytes, 9, [&](std::uint64_t id) { return id == shape->id ? shape : nullptr; });
    EXPECT_EQ(back.seq, 9U);
    EXPECT_EQ(back.shape, shape);
    EXPECT_EQ(std::tie(back.id, back.type, back.order, back.ordinal, back.position, back.transaction_id,
                       back.timestamp, back.captured_at, back.user, back.snapshot, back.old_complete,
                       back.old_row, back.new_row, back.key, back.detail, back.extra),
              std::tie(event.id, event.type, event.order, event.ordinal, event.position, event.transaction_id,
                       event.timestamp, event.captured_at, event.user, event.snapshot, event.old_complete,
                       event.old_row, event.new_row, event.key, event.detail, event.extra));
    const EventHead head = read_event_head(bytes);
    EXPECT_EQ(std::tie(head.id, head.type, head.order, head.key, head.timestamp, head.captured_at),
              std::make_tuple(std::string_view(event.id), std::string_view(event.type),
                              std::string_view(event.order), std::string_view(event.key), event.timestamp,
                              event.captured_at));
  }
}

TEST(EventCodec, EveryCutAndEveryFlipIsAnErrorOrAnEvent) {
  const ShapePtr shape = orders_shape();
  std::string bytes;
  encode_event(order_inserted(shape, 7, 1, 42), bytes);
  const auto decode = [&](std::string_view text) {
    decode_event(text, 1, [&](std::uint64_t) { return shape; });
  };
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(decode(std::string_view(bytes).substr(0, size)), PermanentError) << size;
  EXPECT_THROW(decode(bytes + "x"), PermanentError);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      try {
        decode(flipped);
      } catch (const PermanentError&) {
      }
    }
}

TEST(EventCodec, UnknownVersionFlagAndShapeAreRefused) {
  const ShapePtr shape = orders_shape();
  std::string bytes;
  encode_event(order_inserted(shape, 7, 1, 42), bytes);
  EXPECT_THROW(decode_event(bytes, 1, [](std::uint64_t) { return nullptr; }), PermanentError);
  std::string newer = bytes, flagged = bytes;
  newer[0] = 2;
  flagged[1] = '\x40';
  EXPECT_THROW(read_event_head(newer), PermanentError);
  EXPECT_THROW(read_event_head(flagged), PermanentError);
}

TEST(EventId, IsAFunctionOfSourceOrderAndOrdinal) {
  EXPECT_EQ(make_event_id(*orders_shape(), "0001", 7), "shop:0001:7");
}

TEST(RecordKey, OneColumnManyColumnsAndNone) {
  RowWriter writer;
  writer.add(ValueKind::number, "9007199254740993");
  writer.add(ValueKind::text, "a\"b");
  const std::string row = writer.take();
  EXPECT_EQ(record_key(*orders_shape(), row), "9007199254740993");
  EXPECT_EQ(record_key(*orders_shape(), ""), "");
  Shape two;
  two.columns = {{"id", "int", true}, {"name", "text", true}};
  EXPECT_EQ(record_key(*seal(two), row), R"({"id":9007199254740993,"name":"a\"b"})");
  two.columns = {{"id", "int", false}};
  EXPECT_EQ(record_key(*seal(two), row), "");
  RowWriter unsent;
  unsent.add(ValueKind::unchanged);
  EXPECT_EQ(record_key(*orders_shape(), unsent.take()), "");
}

TEST(ChangedFields, D3_UnknownIsNotNone) {
  Event event = order_inserted(orders_shape(), 1, 0, 1);
  EXPECT_FALSE(changed_fields(event));
  event.type = event_type::updated;
  RowWriter old;
  old.add(ValueKind::number, "1");
  old.add(ValueKind::text, "paid");
  old.add(ValueKind::number, "1.50");
  event.old_row = old.take();
  EXPECT_EQ(changed_fields(event), (std::vector<std::string_view>{"status"}));
  event.old_complete = false;
  EXPECT_FALSE(changed_fields(event));
}

TEST(ChangedFields, D4_AnUnchangedColumnIsNamedAndNotChanged) {
  Event event = order_inserted(orders_shape(), 1, 0, 1);
  event.type = event_type::updated;
  event.old_row = event.new_row;
  RowWriter row;
  row.add(ValueKind::number, "2");
  row.add(ValueKind::unchanged);
  row.add(ValueKind::number, "1.50");
  row.add(ValueKind::unchanged);  // a column the shape does not know
  event.new_row = row.take();
  EXPECT_EQ(changed_fields(event), (std::vector<std::string_view>{"id"}));
  EXPECT_EQ(unchanged_fields(event), (std::vector<std::string_view>{"status"}));
  EXPECT_NO_THROW(event_json(event));
}

}  // namespace
}  // namespace rowhook::testing
