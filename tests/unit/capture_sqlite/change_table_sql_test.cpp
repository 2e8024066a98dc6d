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
  EXPECT_THAT(layout_columns(users(), watched, {"EMAIL"}),
              ElementsAre(LayoutColumn{"id", "INTEGER", true, false, true},
                          LayoutColumn{"email", "TEXT", false, true}));
}

TEST(ChangeTableSql, TheKeyComesFromTheConfigurationWhereItExists) {
  WatchedTable watched;
  watched.primary_key = "email, secret";
  EXPECT_THAT(
      layout_columns(users(), watched, {}),
      ElementsAre(LayoutColumn{"id", "INTEGER", false, false, true},
                  LayoutColumn{"email", "TEXT", true, false}, LayoutColumn{"secret", "TEXT", true, false}));
  watched.primary_key = "no_such_column";
  EXPECT_TRUE(layout_columns(users(), watched, {})[0].key);
}

TEST(ChangeTableSql, UniqueColumnsAreWrittenWhereReplaceHasToBeRecognised) {
  WatchedTable watched;
  watched.exclude_columns = {"id", "email", "secret"};
  EXPECT_THAT(layout_columns(users(), watched, {}),
              ElementsAre(LayoutColumn{"id", "INTEGER", true, true, true},
                          LayoutColumn{"email", "TEXT", false, true}));
  SqliteTable partial = users();
  partial.unique[0].where = "secret IS NULL";
  EXPECT_EQ(layout_columns(partial, watched, {}).size(), 3U);
  watched.deletes = false;
  EXPECT_TRUE(layout_columns(partial, watched, {}).empty());
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
  watched.deletes = true;  // REPLACE deletes, too: what follows a candidate tells
  EXPECT_EQ(change_table_triggers(users(), watched, layout).size(), 5U);
  EXPECT_EQ(layout_width(layout, watched), 6U);
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
  const std::string conflict = "(o.\"id\" = NEW.\"id\" OR (o.\"email\" = NEW.\"email\" COLLATE \"NOCASE\"))";
  EXPECT_EQ(
      triggers[0].sql,
      "CREATE TRIGGER \"_rowhook_before_insert_users\" BEFORE INSERT ON \"users\" WHEN EXISTS(SELECT 1 FROM "
      "\"users\" AS o "
      "WHERE " +
          conflict +
          ") BEGIN INSERT INTO \"_rowhook_changes\"(layout,op,at,v0,v1,v2,v3) SELECT 7,6,julianday('now'),"
          "o.\"id\",o.\"email\",NEW.\"id\",NEW.\"email\" FROM \"users\" AS o WHERE " +
          conflict + "; END");
  EXPECT_THAT(triggers[1].sql, HasSubstr("BEFORE UPDATE OF \"id\", \"email\" ON \"users\""));
  EXPECT_THAT(triggers[3].sql,
              HasSubstr("VALUES(7,2,julianday('now'),OLD.\"id\",OLD.\"email\",NEW.\"id\",NEW.\"email\")"));
}

}  // namespace
}  // namespace rowhook
