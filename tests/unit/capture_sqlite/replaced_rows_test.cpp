#include "engine/capture/change_table/replaced_rows.h"

#include <gmock/gmock.h>

namespace rowhook {
namespace {

std::string row(std::initializer_list<const char*> numbers) {
  RowWriter writer;
  for (const char* digits : numbers) {
    if (digits)
      writer.add(ValueKind::number, digits);
    else
      writer.add(ValueKind::null);
  }
  return writer.take();
}

ReplacedRows::Candidate candidate(std::int64_t id, std::string old_row, std::string new_row) {
  return {id, 1, std::move(old_row), std::move(new_row), {}, 0};
}

std::vector<std::int64_t> ids(const std::vector<ReplacedRows::Candidate>& candidates) {
  std::vector<std::int64_t> out;
  for (const auto& each : candidates) out.push_back(each.id);
  return out;
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ReplacedRows, TheNewRowProvesIt) {
  ReplacedRows rows;
  rows.add(candidate(1, row({"5", "1"}), row({"5", "2"})));
  rows.add(candidate(2, row({"6", "2"}), row({"5", "2"})));
  EXPECT_EQ(rows.oldest(), 1);
  EXPECT_THAT(rows.replaced_by(3, 2, row({"5", "2"})), IsEmpty()) << "another layout";
  EXPECT_THAT(rows.replaced_by(3, 1, row({"7", "2"})), IsEmpty()) << "another row";
  EXPECT_THAT(ids(rows.replaced_by(3, 1, row({"5", "2"}))), ElementsAre(1, 2));
  EXPECT_TRUE(rows.empty());
}

TEST(ReplacedRows, WhatWasTouchedWasNotReplaced) {
  ReplacedRows rows;
  rows.add(candidate(1, row({"5", "1"}), row({"5", "2"})));
  rows.touched(2, row({"5", "1"}));
  rows.touched(1, row({"5", "9"}));
  EXPECT_FALSE(rows.empty());
  rows.touched(1, row({"5", "1"}));
  EXPECT_THAT(rows.replaced_by(3, 1, row({"5", "2"})), IsEmpty());
}

TEST(ReplacedRows, OneRowIsReplacedOnce) {
  ReplacedRows rows;
  rows.add(candidate(1, row({"5", "1"}), row({"5", "2"})));  // ignored
  rows.add(candidate(2, row({"5", "1"}), row({"5", "2"})));
  EXPECT_THAT(ids(rows.replaced_by(3, 1, row({"5", "2"}))), ElementsAre(1));
  EXPECT_TRUE(rows.empty());
}

TEST(ReplacedRows, DefaultsAndChosenRowids) {
  ReplacedRows rows;
  rows.add(candidate(1, row({"5", "1", "0"}), row({"-1", "1", nullptr})));
  EXPECT_THAT(ids(rows.replaced_by(2, 1, row({"9", "1", "7"}))), ElementsAre(1));
  rows.add(candidate(3, row({"-1", "1", "0"}), row({"-1", "2", "0"})));
  EXPECT_THAT(rows.replaced_by(4, 1, row({"10", "2", "0"})), IsEmpty()) << "the row -1 stood in nobody's way";
  EXPECT_THAT(ids(rows.replaced_by(5, 1, row({"-1", "2", "0"}))), ElementsAre(3))
      << "unless the new one is -1 itself";
}

TEST(ReplacedRows, ForgetsWhatIsLongAgo) {
  ReplacedRows rows;
  rows.add(candidate(1, row({"5"}), row({"6"})));
  rows.add(candidate(2 + ReplacedRows::horizon, row({"7"}), row({"8"})));
  EXPECT_EQ(rows.oldest(), 2 + ReplacedRows::horizon);
  EXPECT_THAT(rows.replaced_by(4 + 2 * ReplacedRows::horizon, 1, row({"8"})), IsEmpty());
  rows.add(candidate(9000, row({"5"}), row({"6"})));
  rows.settle();
  EXPECT_TRUE(rows.empty());
}

}  // namespace
}  // namespace rowhook
