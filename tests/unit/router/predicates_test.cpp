#include "engine/router/predicates.h"

#include <gtest/gtest.h>

#include "tests/support/sample_events.h"

namespace rowhook {
namespace {

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(glob_matches("orders", "orders"));
  EXPECT_FALSE(glob_matches("orders", "orders2"));
  EXPECT_TRUE(glob_matches("order*", "orders"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("*er*s", "orders"));
  EXPECT_FALSE(glob_matches("*er*x", "orders"));
  EXPECT_TRUE(glob_matches("order?", "orders"));
  EXPECT_FALSE(glob_matches("order?", "order"));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_TRUE(glob_matches("a*b*c", "a-b-b-c"));
  EXPECT_TRUE(glob_matches("*a", "a*a"));
}

TEST(Glob, ManyStarsDoNotExplode) {
  std::string glob;
  for (int i = 0; i < 60; ++i) glob += "a*";
  EXPECT_FALSE(glob_matches(glob + "b", std::string(255, 'a')));
}

TEST(Tables, QualifiedOrBare) {
  Shape shape;
  shape.schema = "public";
  shape.table = "orders";
  EXPECT_TRUE(tables_match({}, shape));
  EXPECT_TRUE(tables_match({"orders"}, shape));
  EXPECT_TRUE(tables_match({"public.orders"}, shape));
  EXPECT_TRUE(tables_match({"public.*"}, shape));
  EXPECT_TRUE(tables_match({"x", "ord*"}, shape));
  EXPECT_FALSE(tables_match({"public"}, shape));
  EXPECT_FALSE(tables_match({"sales.orders"}, shape));
  shape.table.clear();
  EXPECT_TRUE(tables_match({}, shape));
  EXPECT_FALSE(tables_match({"*"}, shape));
}

Event update(Value before, Value after, bool complete = true) {
  Event event;
  event.type = event_type::updated;
  event.shape = testing::orders_shape();
  event.old_complete = complete;
  RowWriter old_row, new_row;
  old_row.add(ValueKind::number, "1");
  old_row.add(before);
  new_row.add(ValueKind::number, "1");
  new_row.add(after);
  event.old_row = old_row.take();
  event.new_row = new_row.take();
  return event;
}

TEST(ChangedColumns, ComparesOldAndNew) {
  const Value paid{ValueKind::text, "paid"}, sent{ValueKind::text, "sent"}, null{ValueKind::null, {}};
  EXPECT_EQ(columns_changed({"status"}, update(paid, sent)), Changed::yes);
  EXPECT_EQ(columns_changed({"status"}, update(paid, paid)), Changed::no);
  EXPECT_EQ(columns_changed({"id"}, update(paid, sent)), Changed::no);
  EXPECT_EQ(columns_changed({"id", "status"}, update(null, sent)), Changed::yes);
  EXPECT_EQ(columns_changed({"no_such_column"}, update(paid, sent)), Changed::no);
  EXPECT_EQ(columns_changed({}, update(paid, paid)), Changed::yes);
}

TEST(ChangedColumns, WhatTheDatabaseDidNotSendIsUnknownAndNeverNo) {
  const Value paid{ValueKind::text, "paid"}, absent{}, unchanged{ValueKind::unchanged, {}};
  EXPECT_EQ(columns_changed({"status"}, update(absent, paid, false)), Changed::unknown);
  EXPECT_EQ(columns_changed({"id"}, update(absent, paid, false)), Changed::no);
  EXPECT_EQ(columns_changed({"status"}, update(absent, unchanged, false)), Changed::no);
  Event no_old = update(absent, paid, false);
  no_old.old_row.clear();
  EXPECT_EQ(columns_changed({"id"}, no_old), Changed::unknown);
}

TEST(ChangedColumns, OnlyUpdatesHaveThem) {
  Event event = update({ValueKind::text, "a"}, {ValueKind::text, "a"});
  event.type = event_type::inserted;
  EXPECT_EQ(columns_changed({"status"}, event), Changed::yes);
}

}  // namespace
}  // namespace rowhook
