#include "engine/capture/change_table/change_table_sql.h"

#include <gmock/gmock.h>

namespace rowhook {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

SqliteTable users() {
  SqliteTable table;
  table.name = "users";
  table.rowid_name = "rowid";
  table.rowid_column = "id";
  table.columns = {{"id", "INTEGER", 1}, {"email", "TEXT", 0}, {"secret", "TEXT", 0}};
  table.unique = {{{{"email", "", "NOCASE"}}, ""}};
  return table;
}

std::vector<std::string> names(const std::vector<TriggerSql>& triggers) {
  std::vector<std::string> out;
  for (const auto& trigger : triggers) out.push_back(trigger.name);
  return out;
}

TEST(ChangeTableSql, LeavesOutWhatIsExcludedUnlessItIsNeeded) {
  WatchedTable watched;
  watched.exclude_columns = {"Secret", "email"};
  EXPECT_THAT(
      layout_columns(users(), watched, {"EMAIL"}),
      ElementsAre(LayoutColumn{"id", "INTEGER", true, false}, LayoutColumn{"email", "TEXT", false, true}));
}

TEST(ChangeTableSql, TheKeyComesFromTheConfigurationWhereItExists) {
  WatchedTable watched;
  watched.primary_key = "email, secret";
  EXPECT_THAT(layout_columns(users(), watched, {}), ElementsAre(LayoutColumn{"id", "INTEGER", false, false},
                                                                LayoutColumn{"email", "TEXT", true, false},
                                                                LayoutColumn{"secret", "TEXT", true, false}));
  watched.primary_key = "no_such_column";
  EXPECT_TRUE(layout_columns(users(), watched, {})[0].key);
}

TEST(ChangeTableSql, AKeyIsWrittenWhereTheTriggersNeedItToFindTheRow) {
  SqliteTable table = users();
  table.without_rowid = true;
  table.rowid_name = table.rowid_column = "";
  WatchedTable watched;
  watched.exclude_columns = {"id"};
  EXPECT_EQ(layout_columns(table, watched, {})[0], (LayoutColumn{"id", "INTEGER", true, true}));
}

TEST(ChangeTableSql, OnlyTheTriggersThatAreNeeded) {
  WatchedTable watched;
  const ChangeLayout layout{7, "users", layout_columns(users(), watched, {})};
  EXPECT_EQ(layout_width(layout, watched), 6U);
  EXPECT_THAT(names(change_table_triggers(users(), watched, layout)),
              ElementsAre("_rowhook_before_insert_users", "_rowhook_before_update_users",
                          "_rowhook_insert_users", "_rowhook_update_users", "_rowhook_delete_users"));
  watched.deletes = false;
  EXPECT_THAT(names(change_table_triggers(users(), watched, layout)),
              ElementsAre("_rowhook_insert_users", "_rowhook_update_users"));
  watched.updates = false;
  EXPECT_EQ(layout_width(layout, watched), 3U);
  EXPECT_THAT(names(change_table_triggers(users(), watched, layout)), ElementsAre("_rowhook_insert_users"));
  watched.inserts = false;
  watched.deletes = true;  // REPLACE deletes, too: insertions and updates are looked at, but not written
  const auto triggers = change_table_triggers(users(), watched, layout);
  EXPECT_EQ(triggers.size(), 5U);
  EXPECT_THAT(triggers[2].sql, Not(HasSubstr("VALUES(7,1")));
}

TEST(ChangeTableSql, Golden) {
  WatchedTable watched;
  watched.exclude_columns = {"secret"};
  const ChangeLayout layout{7, "users", layout_columns(users(), watched, {})};
  const auto triggers = change_table_triggers(users(), watched, layout);
  EXPECT_EQ(triggers[4].sql,
            "CREATE TRIGGER \"_rowhook_delete_users\" AFTER DELETE ON \"users\" BEGIN INSERT INTO "
            "\"_rowhook_changes\""
            "(layout,op,at,v0,v1) VALUES(7,3,julianday('now'),OLD.\"id\",OLD.\"email\"); END");
  EXPECT_THAT(triggers[0].sql,
              HasSubstr("(o.\"id\" = NEW.\"id\" OR (o.\"email\" = NEW.\"email\" COLLATE \"NOCASE\"))"));
  EXPECT_THAT(triggers[1].sql, HasSubstr("BEFORE UPDATE OF \"id\", \"email\" ON \"users\""));
  EXPECT_THAT(triggers[3].sql,
              HasSubstr("VALUES(7,2,julianday('now'),OLD.\"id\",OLD.\"email\",NEW.\"id\",NEW.\"email\")"));
}

}  // namespace
}  // namespace rowhook
