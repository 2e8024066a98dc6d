#include "engine/event/value.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/base/errors.h"
#include "engine/event/varint.h"

namespace rowhook::testing {
namespace {

TEST(Varint, EveryLengthAndTheLimits) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{16383}, std::uint64_t{16384},
        std::uint64_t{1} << 63, UINT64_MAX}) {
    std::string bytes;
    write_varint(bytes, value);
    std::string_view rest = bytes;
    EXPECT_EQ(read_varint(rest), value);
    EXPECT_TRUE(rest.empty());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      std::string_view cut = std::string_view(bytes).substr(0, size);
      EXPECT_THROW(read_varint(cut), PermanentError);
    }
  }
  std::string_view endless = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
  EXPECT_THROW(read_varint(endless), PermanentError);
  std::string_view beyond = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";  // 65 bits
  EXPECT_THROW(read_varint(beyond), PermanentError);
}

TEST(Row, RandomRowsComeBackExactly) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    RowWriter writer;
    std::vector<std::pair<ValueKind, std::string>> columns(random() % 12);
    for (auto& [kind, text] : columns) {
      kind = static_cast<ValueKind>(random() % 9);
      if (kind >= ValueKind::number) {
        text.resize(random() % 300);
        for (char& c : text) c = static_cast<char>(random());
      }
      if (random() % 2 == 0 && kind >= ValueKind::number) {
        writer.begin(kind) += text;
        writer.finish();
      } else {
        writer.add(kind, text);
      }
    }
    const std::string row = writer.take();
    const auto values = read_row(row, columns.size() + 2);
    ASSERT_EQ(values.size(), columns.size() + 2);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      EXPECT_EQ(values[i].kind, columns[i].first);
      EXPECT_EQ(values[i].text, columns[i].second);
      EXPECT_EQ(value_at(row, i), values[i]);
    }
    EXPECT_EQ(values.back().kind, ValueKind::absent);
    EXPECT_EQ(value_at(row, columns.size()).kind, ValueKind::absent);
  }
}

TEST(Row, DamageIsAnErrorNeverACrash) {
  EXPECT_THROW(RowReader("\x09").next(), PermanentError);
  EXPECT_THROW(RowReader("").next(), PermanentError);
  EXPECT_THROW(RowReader("\x06\x05"
                         "abc")
                   .next(),
               PermanentError);
  EXPECT_THROW(RowReader("\x06").next(), PermanentError);
}

Shape sample() {
  Shape shape;
  shape.source = "shop";
  shape.table = "t\"able";
  shape.columns = {{"id", "int", true}, {"na\"me", "text", false}, {"\xff", "text", true}};
  shape.tags = {"critical"};
  return shape;
}

TEST(Shape, SealComputesKeyNamesAndId) {
  const ShapePtr shape = seal(sample());
  EXPECT_EQ(shape->key, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_EQ(shape->json_names[1], R"("na\"me":)");
  EXPECT_EQ(shape->index_of("na\"me"), 1U);
  EXPECT_FALSE(shape->index_of("none"));
  EXPECT_EQ(seal(sample())->id, shape->id);
  Shape other = sample();
  other.columns[1].type = "varchar";
  EXPECT_NE(seal(other)->id, shape->id);
}

TEST(Shape, PackAndUnpackKeepTheId) {
  const ShapePtr shape = seal(sample());
  const ShapePtr again = unpack_shape(pack_shape(*shape));
  EXPECT_EQ(again->id, shape->id);
  EXPECT_EQ(again->key, shape->key);
  EXPECT_EQ(again->tags, shape->tags);
  for (const char* bad : {"", "{", "{}", R"({"source":1})", "[]"})
    EXPECT_THROW(unpack_shape(bad), PermanentError) << bad;
}

}  // namespace
}  // namespace rowhook::testing
