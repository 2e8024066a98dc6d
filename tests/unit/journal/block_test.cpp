#include "engine/journal/block.h"

#include <gtest/gtest.h>

#include "engine/base/errors.h"
#include "tests/support/sample_events.h"

namespace rowhook::testing {
namespace {

TEST(Block, GivesBackWhatWasAppended) {
  const ShapePtr shape = orders_shape();
  std::string block;
  for (std::uint64_t i = 0; i < 5; ++i) append_to_block(block, order_inserted(shape, i, 0, 7));
  BlockReader reader(block);
  for (std::uint64_t i = 0; i < 5; ++i) {
    ASSERT_FALSE(reader.done());
    EXPECT_EQ(read_event_head(reader.next()).order, order_of(i));
  }
  EXPECT_TRUE(reader.done());
}

TEST(Block, RefusesDamage) {
  std::string block;
  append_to_block(block, order_inserted(orders_shape(), 1, 0, 7));
  for (std::size_t size = 1; size < block.size(); ++size) {
    BlockReader reader(std::string_view(block).substr(0, size));
    EXPECT_THROW(reader.next(), PermanentError) << size;
  }
  block[3] = '\x7f';
  BlockReader reader(block);
  EXPECT_THROW(reader.next(), PermanentError);
}

}  // namespace
}  // namespace rowhook::testing
