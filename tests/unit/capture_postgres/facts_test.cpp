// Positions, saved state, and the checks over facts.
#include <gmock/gmock.h>

#include "engine/base/errors.h"
#include "engine/capture/postgres_logical/checks.h"
#include "engine/capture/postgres_logical/lsn.h"
#include "engine/capture/postgres_logical/slot.h"
#include "engine/capture/postgres_logical/stream_state.h"

namespace rowhook {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Lsns, PrintedParsedAndSortable) {
  EXPECT_EQ(format_lsn(0x16B3748), "0/16B3748");
  EXPECT_EQ(format_lsn(0x1200000001), "12/1");
  EXPECT_EQ(sortable_lsn(0x1200000001), "00000012/00000001");
  for (const Lsn lsn : {Lsn{0}, Lsn{1}, Lsn{0x16B3748}, Lsn{0xFFFFFFFFFFFFFFFF}}) {
    EXPECT_EQ(parse_lsn(format_lsn(lsn)), lsn);
    EXPECT_EQ(parse_lsn(sortable_lsn(lsn)), lsn);
  }
  EXPECT_LT(sortable_lsn(0x9FFFFFFF), sortable_lsn(0x100000000));
  for (const char* const text : {"", "/", "0/", "/0", "0", "0/G", "0/1 ", "-1/0", "123456789/0"})
    EXPECT_EQ(parse_lsn(text), std::nullopt) << text;
}

TEST(Lsns, OrderGrowsWithEpochThenCommit) {
  EXPECT_EQ(change_order(0x66aa77bb, 0x16B3748), "66aa77bb00000000016b3748");
  EXPECT_LT(change_order(1, 0xFFFFFFFFFFFFFFFF), change_order(2, 0));
  EXPECT_EQ(epoch_of(change_order(77, 5)), 77U);
  EXPECT_EQ(epoch_of(""), 0U);
  EXPECT_EQ(epoch_of("something of another source"), 0U);
}

TEST(StreamStates, SurviveBeingStored) {
  StreamState state{.system = "7431221398720394223",
                    .timeline = 3,
                    .slot = "rowhook_shop",
                    .epoch = 0xffffffff,
                    .tables = {}};
  state.tables["public.orders"] = {.oid = 16385,
                                   .columns = {{"id", 20, -1}, {"weird \"name\"", 1700, 655366}}};
  EXPECT_EQ(StreamState::parse(state.text()), state);
  for (const char* const text : {"", "{}", "[]", "{\"system\":1}"})
    EXPECT_THROW(StreamState::parse(text), PermanentError) << text;
}

TEST(StreamStates, CompareColumns) {
  using Kind = ColumnChange::Kind;
  const std::vector<KnownTable::Column> before{{"id", 20, -1}, {"a", 25, -1}, {"b", 23, -1}};
  EXPECT_THAT(compare_columns(before, before), IsEmpty());
  EXPECT_THAT(compare_columns(before, {{"id", 20, -1}, {"a", 25, -1}}),
              ElementsAre(ColumnChange{Kind::dropped, "b", ""}));
  EXPECT_THAT(compare_columns(before, {{"id", 20, -1}, {"title", 25, -1}, {"b", 23, -1}}),
              ElementsAre(ColumnChange{Kind::renamed, "title", "a"}));
  EXPECT_THAT(compare_columns(before, {{"id", 20, -1}, {"a", 1043, 24}, {"b", 23, -1}}),
              ElementsAre(ColumnChange{Kind::retyped, "a", ""}));
  EXPECT_THAT(compare_columns(before, {{"id", 20, -1}, {"b", 23, -1}, {"c", 16, -1}}),
              ElementsAre(ColumnChange{Kind::dropped, "a", ""}, ColumnChange{Kind::added, "c", ""}));
}

TEST(StreamStates, ARenameIsSeenBesideAnAddedColumn) {
  using Kind = ColumnChange::Kind;
  const std::vector<KnownTable::Column> before{{"id", 20, -1}, {"status", 25, -1}, {"total", 1700, -1}};
  EXPECT_THAT(
      compare_columns(before, {{"id", 20, -1}, {"state", 25, -1}, {"total", 1700, -1}, {"express", 16, -1}}),
      ElementsAre(ColumnChange{Kind::renamed, "state", "status"}, ColumnChange{Kind::added, "express", ""}));
  EXPECT_THAT(compare_columns(before, {{"id", 20, -1}, {"total", 23, -1}, {"a", 25, -1}}),
              ElementsAre(ColumnChange{Kind::dropped, "status", ""}, ColumnChange{Kind::retyped, "total", ""},
                          ColumnChange{Kind::added, "a", ""}));
}

TEST(Timelines, BranchPoint) {
  const char* const history =
      "1\t0/16B3748\tno recovery target specified\n\n2\t1/2000000\tbefore 2024-01-01 00:00:00+00\n";
  EXPECT_EQ(branch_point(history, 1), Lsn{0x16B3748});
  EXPECT_EQ(branch_point(history, 2), Lsn{0x102000000});
  EXPECT_EQ(branch_point(history, 3), std::nullopt);
  EXPECT_EQ(branch_point("", 1), std::nullopt);
}

Finding worst(const std::vector<Finding>& findings) {
  Finding found;
  for (const Finding& finding : findings)
    if (finding.severity > found.severity) found = finding;
  return found;
}

ServerFacts good_server() {
  ServerFacts server;
  server.version = 150000;
  server.wal_level = "logical";
  server.role = "shop";
  server.max_slots = server.max_senders = 10;
  server.max_slot_wal_keep_mb = 1000;
  server.may_replicate = server.may_create = true;
  return server;
}

TEST(ServerChecks, EachNamesWhatMendsIt) {
  EXPECT_EQ(worst(check_server(good_server(), {})).severity, Finding::Severity::ok);
  const auto remedy = [](const std::function<void(ServerFacts&)>& spoil) {
    ServerFacts server = good_server();
    spoil(server);
    return worst(check_server(server, {})).remedy;
  };
  EXPECT_THAT(remedy([](auto& s) { s.wal_level = "replica"; }),
              HasSubstr("ALTER SYSTEM SET wal_level = 'logical'"));
  EXPECT_THAT(remedy([](auto& s) { s.used_slots = 10; }),
              HasSubstr("ALTER SYSTEM SET max_replication_slots = 20"));
  EXPECT_THAT(remedy([](auto& s) { s.used_senders = 10; }),
              HasSubstr("ALTER SYSTEM SET max_wal_senders = 20"));
  EXPECT_EQ(remedy([](auto& s) { s.may_replicate = false; }), "ALTER ROLE \"shop\" REPLICATION;");
  EXPECT_THAT(remedy([](auto& s) { s.max_slot_wal_keep_mb = -1; }), HasSubstr("max_slot_wal_keep_size"));
  EXPECT_THAT(remedy([](auto& s) { s.idle_slot_timeout = 60; }),
              HasSubstr("idle_replication_slot_timeout = 0"));
  EXPECT_THAT(remedy([](auto& s) { s.standby = true; }), HasSubstr("primary"));
  ServerFacts full = good_server();
  full.used_slots = 10;
  SlotFacts ours;
  ours.exists = true;
  EXPECT_EQ(worst(check_server(full, ours)).severity, Finding::Severity::ok)
      << "our slot is among those in use";
}

TableFacts good_table() {
  TableFacts table;
  table.schema = "public";
  table.table = "orders";
  table.oid = 16385;
  table.identified = table.owned = true;
  table.columns = {{"id", 20, -1, false}, {"status", 25, -1, false}};
  table.primary_key = {"id"};
  return table;
}

std::vector<Finding> check(const TableFacts& table, const WatchedTable& settings = {}) {
  TableWatch watch{settings, std::nullopt};
  if (!settings.where_clause.empty()) watch.where = Condition::parse(settings.where_clause);
  return check_tables({watch}, {table}, {}, {"public.orders", "public.items"});
}

TEST(TableChecks, ExistenceKindIdentityAndColumns) {
  EXPECT_EQ(worst(check(good_table())).severity, Finding::Severity::ok);
  TableFacts table = good_table();
  table.oid = 0;
  table.table = "order";
  EXPECT_THAT(worst(check(table)).detail, HasSubstr("did you mean public.orders?"));
  table = good_table();
  table.persistence = 'u';
  EXPECT_EQ(worst(check(table)).remedy, "ALTER TABLE public.orders SET LOGGED;");
  table = good_table();
  table.kind = 'v';
  EXPECT_THAT(worst(check(table)).detail, HasSubstr("is a view"));
  table = good_table();
  table.identified = false;
  EXPECT_THAT(worst(check(table)).remedy, HasSubstr("ALTER TABLE public.orders REPLICA IDENTITY FULL;"));
  WatchedTable inserts;
  inserts.updates = inserts.deletes = false;
  EXPECT_EQ(worst(check(table, inserts)).severity, Finding::Severity::ok);
  table.identity = 'n';
  EXPECT_EQ(worst(check(table)).remedy, "ALTER TABLE public.orders REPLICA IDENTITY DEFAULT;");
  WatchedTable excluding;
  excluding.exclude_columns = {"statuss"};
  EXPECT_THAT(worst(check(good_table(), excluding)).detail, HasSubstr("did you mean status?"));
  WatchedTable keyed;
  keyed.primary_key = "id, tenant";
  EXPECT_THAT(worst(check(good_table(), keyed)).detail, HasSubstr("no column tenant"));
}

TEST(TableChecks, AConditionBeyondTheKeyCannotDecideDeletions) {
  WatchedTable settings;
  settings.where_clause = "status = 'paid'";
  EXPECT_EQ(worst(check(good_table(), settings)).severity, Finding::Severity::warning);
  EXPECT_EQ(worst(check(good_table(), settings)).remedy, "ALTER TABLE public.orders REPLICA IDENTITY FULL;");
  settings.deletes = false;
  EXPECT_EQ(worst(check(good_table(), settings)).severity, Finding::Severity::ok);
  settings.deletes = true;
  settings.where_clause = "id > 5";
  EXPECT_EQ(worst(check(good_table(), settings)).severity, Finding::Severity::ok);
}

TEST(SlotChecks, States) {
  SourceSettings settings;
  settings.database = "shop";
  SlotFacts slot;
  EXPECT_EQ(worst(check_slot(slot, "s", settings)).severity, Finding::Severity::ok);
  slot.exists = true;
  slot.plugin = "wal2json";
  EXPECT_THAT(worst(check_slot(slot, "s", settings)).remedy, HasSubstr("pg_drop_replication_slot('s')"));
  slot.plugin = "pgoutput";
  slot.database = "other";
  EXPECT_THAT(worst(check_slot(slot, "s", settings)).detail, HasSubstr("the database other"));
  slot.database = "shop";
  slot.wal_status = "lost";
  EXPECT_EQ(worst(check_slot(slot, "s", settings)).severity, Finding::Severity::error);
  slot.wal_status = "unreserved";
  EXPECT_EQ(worst(check_slot(slot, "s", settings)).severity, Finding::Severity::warning);
}

TEST(SlotChecks, ResumingNeedsTheHistoryBehindThePosition) {
  SourceSettings settings;
  settings.database = "shop";
  settings.source = "shop";
  SlotFacts slot{.exists = true,
                 .active = false,
                 .plugin = "pgoutput",
                 .database = "shop",
                 .wal_status = "reserved",
                 .lost_because = "",
                 .active_pid = 0,
                 .restart = 50,
                 .confirmed = 100};
  EXPECT_NO_THROW(check_resume(slot, "s", 100, 200, settings));
  EXPECT_NO_THROW(check_resume(slot, "s", 150, 200, settings))
      << "confirmed_flush_lsn goes back when the server crashes";
  EXPECT_THROW(check_resume(slot, "s", 99, 200, settings), GapError);
  slot.wal_status = "lost";
  EXPECT_THROW(check_resume(slot, "s", 100, 200, settings), GapError);
  EXPECT_THROW(check_resume(SlotFacts{}, "s", 100, 200, settings), GapError);
  slot.wal_status = "reserved";
  slot.active = true;
  EXPECT_THROW(check_resume(slot, "s", 100, 200, settings), TransientError);
}

}  // namespace
}  // namespace rowhook
