// Beginnings, gaps, slots and publications: nothing is lost in silence, and the user's statements never fail.
#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "engine/base/errors.h"
#include "engine/capture/postgres_logical/lsn.h"
#include "engine/capture/source_types.h"
#include "tests/integration/capture_postgres/capture.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* one_table = "CREATE TABLE t(id int PRIMARY KEY, a text)";

template <typename Wanted, typename Action>
Wanted caught(const Action& action) {
  try {
    action();
  } catch (const Wanted& error) {
    return error;
  }
  throw std::runtime_error("the expected error was not thrown");
}

std::string slot_of(const CaptureTest& test) { return "rowhook_" + test.database; }

// Captures one row, so that a position is saved, and stops.
void capture_one_and_stop(CaptureTest& test) {
  test.capture.open();
  test.sql("INSERT INTO t VALUES (1, 'x')");
  ASSERT_EQ(test.capture.drain().size(), 1U);
  test.capture.close();
}

TEST(PostgresSlots, ContinuesAfterARestartWithoutLossOrRepetition) {
  CaptureTest test(one_table, {watch("t")});
  capture_one_and_stop(test);
  test.sql("INSERT INTO t VALUES (2, 'while stopped')");
  test.capture.open();
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].key, "2");
  EXPECT_EQ(test.capture.redelivered, 0U);
}

TEST(PostgresSlots, D1_ASlotMadeByHandWithoutAPublicationIsRecognised) {
  CaptureTest test(one_table, {watch("t")});
  test.sql("SELECT pg_create_logical_replication_slot('" + slot_of(test) + "', 'pgoutput')");
  test.sql("INSERT INTO t VALUES (1, 'x')");
  const auto error = caught<PermanentError>([&] { test.capture.open(); });
  EXPECT_THAT(error.what(), HasSubstr("before the publication was made"));
  EXPECT_THAT(error.hint(), HasSubstr("pg_drop_replication_slot('" + slot_of(test) + "')"));
  EXPECT_EQ(test.value("SELECT count(*) FROM pg_publication"), "0");
  test.sql("SELECT pg_drop_replication_slot('" + slot_of(test) + "')");
  test.capture.open();
  test.sql("INSERT INTO t VALUES (2, 'y')");
  EXPECT_EQ(test.capture.drain().size(), 1U);
}

TEST(PostgresSlots, D1_ASlotOlderThanItsPublicationIsRecognisedInTheStream) {
  CaptureTest test(one_table, {watch("t")});
  test.sql("SELECT pg_create_logical_replication_slot('" + slot_of(test) + "', 'pgoutput')");
  test.sql("INSERT INTO t VALUES (1, 'x')");
  test.sql("CREATE PUBLICATION " + slot_of(test) + " FOR TABLE t, rowhook_marker");
  const auto error = caught<PermanentError>([&] {
    test.capture.open();
    test.capture.until(1);
  });
  EXPECT_THAT(error.what(), HasSubstr("before the publication was made"));
  EXPECT_THAT(error.hint(), HasSubstr("pg_drop_replication_slot('" + slot_of(test) + "')"));
  test.sql("DROP PUBLICATION " + slot_of(test));
}

TEST(PostgresSlots, D1_ASlotOfAnotherPluginIsRefused) {
  CaptureTest test(one_table, {watch("t")});
  test.sql("SELECT pg_create_logical_replication_slot('" + slot_of(test) + "', 'test_decoding')");
  EXPECT_THAT(caught<PermanentError>([&] { test.capture.open(); }).what(), HasSubstr("test_decoding"));
}

TEST(PostgresSlots, D2_PublishesOnlyWhatIsWatched) {
  CaptureTest test(
      "CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE parent(id int PRIMARY KEY); CREATE TABLE child(b "
      "int) INHERITS (parent);"
      "CREATE TABLE other(id int); CREATE TABLE log(a text)",
      {watch("t"), watch("parent"), watch("log")});
  auto& tables = test.capture.settings.tables;
  tables[0].inserts = false;
  tables[1].inserts = tables[1].deletes = false;
  tables[2].updates = tables[2].deletes = false;
  test.capture.open();
  EXPECT_EQ(test.sql("SELECT pubname, tablename FROM pg_publication_tables ORDER BY 1, 2"),
            (SqlRows{{slot_of(test), "parent"},
                     {slot_of(test), "t"},
                     {slot_of(test) + "_inserts", "log"},
                     {slot_of(test) + "_inserts", "rowhook_marker"}}));
  EXPECT_EQ(test.sql("SELECT puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot FROM "
                     "pg_publication ORDER BY pubname"),
            (SqlRows{{"f", "f", "t", "t", "t", "t"}, {"f", "t", "f", "f", "t", "t"}}));
}

TEST(PostgresSlots, D2_StatementsOnATableWithoutAKeyNeverFail) {
  CaptureTest test("CREATE TABLE log(a text); CREATE TABLE t(id int PRIMARY KEY)",
                   {watch("t"), watch("log")});
  test.sql("INSERT INTO log VALUES ('before'); UPDATE log SET a = 'x'");
  const auto error = caught<PermanentError>([&] { test.capture.open(); });
  EXPECT_THAT(error.what(), HasSubstr("public.log"));
  EXPECT_THAT(error.hint(), HasSubstr("ALTER TABLE public.log REPLICA IDENTITY FULL;"));
  test.sql("UPDATE log SET a = 'refused'");
  EXPECT_EQ(test.value("SELECT count(*) FROM pg_publication"), "0") << "nothing half-made remains";
  EXPECT_EQ(test.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");

  test.capture.settings.tables[1].updates = test.capture.settings.tables[1].deletes = false;
  test.capture.open();
  test.sql("INSERT INTO log VALUES ('during'); UPDATE log SET a = 'y'; DELETE FROM log");
  EXPECT_EQ(test.capture.drain().size(), 1U);
  test.capture.close();
  test.sql("INSERT INTO log VALUES ('after'); UPDATE log SET a = 'z'");

  test.sql("ALTER TABLE log REPLICA IDENTITY FULL");
  test.capture.settings.tables[1].updates = test.capture.settings.tables[1].deletes = true;
  test.capture.open();
  test.sql("UPDATE log SET a = 'whole'");
  const auto events = test.capture.drain();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().type, "record_updated");
  EXPECT_TRUE(events.back().old_complete);
}

TEST(PostgresSlots, D13_AnIdentityDroppedInMidStream) {
  CaptureTest test(one_table, {watch("t")});
  test.capture.open();
  test.sql("INSERT INTO t VALUES (1, 'x')");
  EXPECT_EQ(test.capture.drain().size(), 1U);
  test.sql("ALTER TABLE t DROP CONSTRAINT t_pkey");
  const auto error = caught<GapError>([&] { test.capture.until_holds([] { return false; }); });
  EXPECT_THAT(error.what(), HasSubstr("public.t has lost its replica identity"));
  EXPECT_THAT(error.hint(), HasSubstr("REPLICA IDENTITY FULL"));
  test.sql("UPDATE t SET a = 'works again'");
  EXPECT_THROW(test.capture.open(), PermanentError);
  test.sql("UPDATE t SET a = 'still works'");
  test.sql("ALTER TABLE t ADD PRIMARY KEY (id)");
  test.capture.open();
  test.sql("UPDATE t SET a = 'captured'");
  const auto events = test.capture.drain();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().type, "record_updated");
}

TEST(PostgresSlots, TablesAddedToTheConfigurationArePublished) {
  CaptureTest test("CREATE TABLE t(id int PRIMARY KEY, a text); CREATE TABLE u(id int PRIMARY KEY)",
                   {watch("t")});
  capture_one_and_stop(test);
  test.capture.settings.tables.push_back(watch("u"));
  test.capture.open();
  test.sql("INSERT INTO u VALUES (7)");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].shape->table, "u");
  test.capture.close();
  test.capture.settings.tables.pop_back();
  test.capture.open();
  EXPECT_EQ(test.value("SELECT count(*) FROM pg_publication_tables WHERE tablename = 'u'"), "0");
}

TEST(PostgresSlots, ATableDroppedAndOneCreatedAgain) {
  CaptureTest test("CREATE TABLE t(id int PRIMARY KEY, a text); CREATE TABLE u(id int PRIMARY KEY)",
                   {watch("t"), watch("u")});
  test.capture.open();
  test.sql("DROP TABLE u");
  test.capture.until(1);
  EXPECT_EQ(test.capture.json(0)["event_type"], "schema_changed");
  EXPECT_EQ(test.capture.json(0)["change_type"], "DROP");
  EXPECT_EQ(test.capture.json(0)["object_name"], "u");
  test.sql("CREATE TABLE u(id int PRIMARY KEY); INSERT INTO u VALUES (1)");
  test.capture.until(2);
  EXPECT_EQ(test.capture.json(1)["event_type"], "capture_gap");
  EXPECT_THAT(test.capture.json(1)["reason"].get<std::string>(), HasSubstr("public.u was created again"));
  test.sql("INSERT INTO u VALUES (2)");
  EXPECT_TRUE(test.capture.until_holds([&] { return test.capture.events.back().type == "record_inserted"; }));
  EXPECT_EQ(test.capture.events.back().key, "2");
}

TEST(PostgresSlots, D5_AcknowledgesTheNeighboursLogWhenNothingIsUnsaved) {
  CaptureTest test("CREATE TABLE t(id int PRIMARY KEY, a text); CREATE TABLE neighbour(x text)",
                   {watch("t")});
  test.capture.open();
  const auto retained = [&] {
    return std::stoll(test.value(
        "SELECT pg_current_wal_lsn() - confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" +
        slot_of(test) + "'"));
  };
  test.sql("INSERT INTO neighbour SELECT repeat('x', 1000) FROM generate_series(1, 40000)");
  EXPECT_GT(retained(), 20'000'000);
  EXPECT_TRUE(test.capture.until_holds([&] { return retained() < 1'000'000; })) << retained();
  EXPECT_TRUE(test.capture.events.empty());
}

TEST(PostgresSlots, D5_NothingIsAcknowledgedThatIsNotSaved) {
  CaptureTest test("CREATE TABLE t(id int PRIMARY KEY, a text); CREATE TABLE neighbour(x text)",
                   {watch("t")});
  test.capture.open();
  test.capture.until_holds([&] { return !test.capture.resume.position.empty(); });
  test.capture.acknowledging = false;
  const Resume saved = test.capture.resume;
  test.sql(
      "INSERT INTO t VALUES (1, 'a'); INSERT INTO neighbour VALUES ('n'); INSERT INTO t VALUES (2, 'b')");
  test.sql("INSERT INTO neighbour SELECT repeat('x', 1000) FROM generate_series(1, 20000)");
  test.capture.until(2);
  for (int reads = 0; reads < 30; ++reads) test.capture.step();
  test.capture.close();  // without acknowledging: as after kill -9 with the journal's writes held back
  test.capture.events.clear();
  test.capture.resume = saved;
  test.capture.open();
  test.capture.until(2);
  EXPECT_EQ(test.capture.events[0].key, "1");
  EXPECT_EQ(test.capture.events[1].key, "2");
}

TEST(PostgresSlots, D7_MissingSlot) {
  CaptureTest test(one_table, {watch("t")});
  capture_one_and_stop(test);
  ASSERT_TRUE(eventually([&] {
    return test.value("SELECT active FROM pg_replication_slots WHERE slot_name = '" + slot_of(test) + "'") ==
           "f";
  }));
  test.sql("SELECT pg_drop_replication_slot('" + slot_of(test) + "')");
  test.sql("INSERT INTO t VALUES (2, 'lost')");
  const auto error = caught<GapError>([&] { test.capture.open(); });
  EXPECT_THAT(error.what(), HasSubstr("is missing"));
  EXPECT_EQ(parse_lsn(error.from()), parse_lsn(test.capture.resume.position));
  EXPECT_THAT(error.hint(), HasSubstr("/resume"));
  EXPECT_EQ(test.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" + slot_of(test) + "'"),
            "0")
      << "no silent restart";
  // Accepted by a person: begins again, with ids that differ from all before.
  const std::uint32_t epoch = epoch_of(test.capture.resume.last_order);
  test.capture.resume.position.clear();
  test.capture.resume.state.clear();
  test.capture.open();
  test.sql("INSERT INTO t VALUES (3, 'z')");
  EXPECT_EQ(test.capture.drain().size(), 1U);
  EXPECT_GT(epoch_of(test.capture.resume.last_order), epoch);
}

TEST(PostgresSlots, D7_SlotDroppedAndCreatedAgain) {
  CaptureTest test(one_table, {watch("t")});
  capture_one_and_stop(test);
  ASSERT_TRUE(eventually([&] {
    return test.value("SELECT active FROM pg_replication_slots WHERE slot_name = '" + slot_of(test) + "'") ==
           "f";
  }));
  test.sql("SELECT pg_drop_replication_slot('" + slot_of(test) + "')");
  test.sql("SELECT pg_create_logical_replication_slot('" + slot_of(test) + "', 'pgoutput')");
  EXPECT_THAT(caught<GapError>([&] { test.capture.open(); }).what(), HasSubstr("dropped and created again"));
}

TEST(PostgresSlots, D7_SlotActiveElsewhereIsTransientAndNamesTheProcess) {
  CaptureTest test(one_table, {watch("t")});
  test.capture.open();
  Capture second(test.cluster, test.database, test.capture.settings.tables);
  second.resume = test.capture.resume;
  const auto source = find_source_type("postgresql", "log_based")->make(second.settings);
  const auto error = caught<TransientError>([&] { source->open(second.resume); });
  EXPECT_THAT(error.what(),
              HasSubstr("in use by process " +
                        test.value("SELECT active_pid FROM pg_replication_slots WHERE slot_name = '" +
                                   slot_of(test) + "'")));
}

TEST(PostgresSlots, D12_SlotCreationBlockedByAnOpenTransaction) {
  CaptureTest test(one_table, {watch("t")});
  PostgresSession writer(test.cluster.url(test.database));
  writer.sql("SET application_name = 'nightly report'; BEGIN; INSERT INTO t VALUES (1, 'open')");
  test.capture.settings.query_timeout = std::chrono::milliseconds{300};
  const auto error = caught<TransientError>([&] { test.capture.open(); });
  EXPECT_THAT(error.what(), HasSubstr("process " + std::to_string(writer.backend_pid())));
  EXPECT_THAT(error.what(), HasSubstr("nightly report"));
  EXPECT_THAT(error.what(), HasSubstr("open for "));
  EXPECT_THAT(error.hint(), HasSubstr("pg_terminate_backend(" + std::to_string(writer.backend_pid()) + ")"));
  EXPECT_EQ(test.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
  EXPECT_EQ(test.value("SELECT count(*) FROM pg_publication"), "0");
  writer.sql("COMMIT");
  test.capture.open();
}

TEST(PostgresSlots, D12_RemovingAConnectionLeavesNoTrace) {
  CaptureTest test(one_table, {watch("t")});
  test.sql("CREATE PUBLICATION of_the_user FOR TABLE t");
  test.capture.open();
  test.capture.close();
  find_source_type("postgresql", "log_based")->remove(test.capture.settings);
  EXPECT_EQ(test.sql("SELECT pubname FROM pg_publication"), (SqlRows{{"of_the_user"}}));
  EXPECT_EQ(test.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
}

TEST(PostgresSlots, APublicationOfTheUserIsUsedAddedToAndKept) {
  CaptureTest test(
      "CREATE TABLE t(id int PRIMARY KEY, a text); CREATE TABLE u(id int PRIMARY KEY); CREATE TABLE "
      "foreign_to_us(id int PRIMARY KEY);"
      "CREATE PUBLICATION shop FOR TABLE t, foreign_to_us",
      {watch("t"), watch("u")});
  test.capture.settings.publication_name = "shop";
  test.capture.open();
  test.sql("INSERT INTO t VALUES (1, 'x'); INSERT INTO u VALUES (2); INSERT INTO foreign_to_us VALUES (3)");
  EXPECT_EQ(test.capture.drain().size(), 2U);
  test.capture.close();
  find_source_type("postgresql", "log_based")->remove(test.capture.settings);
  EXPECT_EQ(test.sql("SELECT tablename FROM pg_publication_tables WHERE pubname = 'shop' ORDER BY 1"),
            (SqlRows{{"foreign_to_us"}, {"t"}, {"u"}}));
}

TEST(PostgresSlots, AMissingTableOrColumnNamesTheNearest) {
  CaptureTest test("CREATE TABLE orders(id int PRIMARY KEY, status text)", {watch("orderz")});
  EXPECT_THAT(caught<PermanentError>([&] { test.capture.open(); }).what(),
              HasSubstr("did you mean public.orders?"));
  auto& table = test.capture.settings.tables[0];
  table.table = "orders";
  table.exclude_columns = {"statu"};
  EXPECT_THAT(caught<PermanentError>([&] { test.capture.open(); }).what(), HasSubstr("did you mean status?"));
  table.exclude_columns.clear();
  table.where_clause = "statuss = 'x'";
  EXPECT_THAT(caught<PermanentError>([&] { test.capture.open(); }).what(), HasSubstr("did you mean status?"));
}

TEST(PostgresSlots, DoctorNamesTheSqlForARoleWithoutRights) {
  CaptureTest test(one_table, {watch("t")});
  test.sql("DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN");
  SourceSettings settings = test.capture.settings;
  settings.username = "poor";
  const auto findings = find_source_type("postgresql", "log_based")->doctor(settings);
  const auto remedy_of = [&](const std::string& check) {
    const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& f) {
      return f.check == check && f.severity == Finding::Severity::error;
    });
    return found == findings.end() ? "no such error" : found->remedy;
  };
  EXPECT_EQ(remedy_of("REPLICATION right"), "ALTER ROLE \"poor\" REPLICATION;");
  EXPECT_THAT(remedy_of("publication " + slot_of(test)),
              HasSubstr("CREATE PUBLICATION \"" + slot_of(test) + "\" FOR TABLE ONLY \"public\".\"t\""));
  // The statements printed are exactly those that help.
  std::string sql = remedy_of("publication " + slot_of(test));
  test.sql(sql.substr(sql.find(": ") + 2));
  test.sql(remedy_of("REPLICATION right"));
  test.capture.settings.username = "poor";
  test.capture.open();
  test.sql("INSERT INTO t VALUES (1, 'x')");
  EXPECT_EQ(test.capture.drain().size(), 1U);
  test.capture.close();
  test.capture.settings.username = "postgres";
}

TEST(PostgresSlots, InterruptEndsARead) {
  CaptureTest test(one_table, {watch("t")});
  test.capture.open();
  test.capture.until_holds([&] { return !test.capture.resume.position.empty(); });
  test.capture.step();
  std::thread other([&] { test.capture.source().interrupt(); });
  const auto begun = std::chrono::steady_clock::now();
  test.capture.source().read(std::chrono::minutes{10});
  other.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::minutes{9});
}

TEST(PostgresSlots, ConnectionErrorsArePlainAndWithoutThePassword) {
  CaptureTest test(one_table, {watch("t")});
  SourceSettings settings = test.capture.settings;
  settings.password = "hunter2-secret";
  settings.port = 1;
  const auto source = find_source_type("postgresql", "log_based")->make(settings);
  const auto error = caught<TransientError>([&] { source->open({}); });
  EXPECT_THAT(error.what(), HasSubstr("cannot connect to PostgreSQL at 127.0.0.1:1/" + test.database));
  EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos);
  EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace rowhook::testing
