// D11: values of every kind of type against what the database itself prints.
#include <gmock/gmock.h>

#include "engine/event/document.h"
#include "engine/event/json_writer.h"
#include "tests/integration/capture_postgres/capture.h"

namespace rowhook::testing {
namespace {

// Column `name` of the new row, as JSON text; "absent" when it is not there.
std::string member(const Event& event, const std::string& name) {
  const Document json = Document::parse(event_json(event));
  const Document* const found = json.find_path("new_values")->find(name);
  return found ? found->text() : "absent";
}

TEST(PostgresTypes, D11_TypesWithoutAJsonFormAreAsTheDatabasePrintsThem) {
  const std::vector<std::pair<std::string, std::string>> values = {
      {"money", "'-1234.50'"},
      {"date", "'infinity'"},
      {"date", "'0044-03-15 BC'"},
      {"time", "'24:00:00'"},
      {"timetz", "'10:00:00+02'"},
      {"timestamp", "'-infinity'"},
      {"timestamp(3)", "'2024-02-29 10:00:00.5'"},
      {"interval", "'-1 year 2 mons -3 days 04:05:06.7'"},
      {"uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"},
      {"inet", "'192.168.0.1/24'"},
      {"cidr", "'2001:db8::/32'"},
      {"macaddr", "'08:00:2b:01:02:03'"},
      {"macaddr8", "'08:00:2b:01:02:03:04:05'"},
      {"bit(5)", "B'10101'"},
      {"varbit", "B'1'"},
      {"point", "'(1.5,-2)'"},
      {"line", "'{1,2,3}'"},
      {"lseg", "'[(0,0),(1,1)]'"},
      {"box", "'(1,1),(0,0)'"},
      {"path", "'((0,0),(1,1))'"},
      {"polygon", "'((0,0),(1,1),(1,0))'"},
      {"circle", "'<(0,0),5>'"},
      {"tsvector", "'a fat cat'"},
      {"tsquery", "'fat & !cat'"},
      {"xml", "'<a b=\"c\">d</a>'"},
      {"pg_lsn", "'16/B374D848'"},
      {"jsonpath", "'$.a[*]'"},
      {"int4range", "'[1,5)'"},
      {"tstzrange", "'[2024-01-01 00:00:00+00,)'"},
      {"int4multirange", "'{[1,3),[5,9)}'"},
      {"regclass", "'pg_class'"},
      {"name", "'a name'"},
      {"\"char\"", "'c'"},
      {"char(5)", "'ab'"},
      {"citext_like", "'UPPER'"},
      {"mood", "'sad'"},
      {"pair", "'(1,\"a \\\"b\\\"\")'"},
      {"int2vector", "'1 2 3'"},
      {"oidvector", "'1 2'"},
  };
  std::string columns, inserted;
  for (std::size_t i = 0; i < values.size(); ++i) {
    columns += ", c" + std::to_string(i) + " " + values[i].first;
    inserted += ", " + values[i].second;
  }
  CaptureTest test(
      "CREATE DOMAIN citext_like AS text; CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a "
      "int, b text);"
      "CREATE TABLE t(id int PRIMARY KEY" +
          columns + ")",
      {watch("t")});
  test.capture.open();
  test.sql("INSERT INTO t VALUES (1" + inserted + ")");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 1U);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string name = "c" + std::to_string(i);
    std::string expected;
    write_json_string(expected, test.value("SELECT " + name + "::text FROM t"));
    // A cast to text drops the blanks of char(n), which the database prints otherwise.
    if (values[i].first == "char(5)") expected = "\"ab   \"";
    EXPECT_EQ(member(events[0], name), expected) << values[i].first;
  }
}

TEST(PostgresTypes, D11_DomainsAndArraysOfAnyElement) {
  CaptureTest test(
      "CREATE DOMAIN positive AS numeric(12,2) CHECK (VALUE > 0); CREATE DOMAIN small_positive AS positive; "
      "CREATE DOMAIN flag AS boolean;"
      "CREATE DOMAIN tags AS text[]; CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a int, "
      "b text);"
      "CREATE TABLE t(id int PRIMARY KEY, d small_positive, f flag, g tags, ds positive[], m mood[], p "
      "pair[], b box[], y bytea[], n numeric[],"
      " z timestamptz[], jj json[], r int4range[], empty int[])",
      {watch("t")});
  test.capture.open();
  test.sql(
      "INSERT INTO t VALUES (1, 12.50, true, '{x,NULL}', '{1.50,2}', '{sad,happy}', ARRAY[ROW(1,'a "
      "b')::pair], '{(1,1),(0,0);(2,2),(1,1)}',"
      " ARRAY['\\x00ff'::bytea], '{0.10,NaN,NULL}', '{2024-01-01 00:00:00+00,infinity}', "
      "ARRAY['{\"a\":1}'::json], '{\"[1,5)\"}', '{}')");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(member(events[0], "d"), "12.50");
  EXPECT_EQ(member(events[0], "f"), "true");
  EXPECT_EQ(member(events[0], "g"), R"(["x",null])");
  EXPECT_EQ(member(events[0], "ds"), "[1.50,2.00]");
  EXPECT_EQ(member(events[0], "m"), R"(["sad","happy"])");
  EXPECT_EQ(member(events[0], "p"), R"x(["(1,\"a b\")"])x");
  EXPECT_EQ(member(events[0], "b"), R"x(["(1,1),(0,0)","(2,2),(1,1)"])x");
  EXPECT_EQ(member(events[0], "y"), R"(["AP8="])");
  EXPECT_EQ(member(events[0], "n"), R"([0.10,"NaN",null])");
  EXPECT_EQ(member(events[0], "z"), R"(["2024-01-01T00:00:00.000000Z","infinity"])");
  EXPECT_EQ(member(events[0], "jj"), R"([{"a":1}])");
  EXPECT_EQ(member(events[0], "r"), R"x(["[1,5)"])x");
  EXPECT_EQ(member(events[0], "empty"), "[]");
  EXPECT_EQ(events[0].shape->columns[1].type, "small_positive");
}

TEST(PostgresTypes, D11_AnEnumValueAddedInMidStreamAndATypeMadeInMidStream) {
  CaptureTest test("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t(id int PRIMARY KEY, m mood)",
                   {watch("t")});
  test.capture.settings.track_schema_changes = false;
  test.capture.open();
  test.sql("INSERT INTO t VALUES (1, 'sad')");
  test.sql("ALTER TYPE mood ADD VALUE 'happy'");
  test.sql("INSERT INTO t VALUES (2, 'happy')");
  test.sql(
      "CREATE DOMAIN amount AS numeric; ALTER TABLE t ADD a amount; INSERT INTO t VALUES (3, 'sad', 0.10)");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(member(events[1], "m"), "\"happy\"");
  EXPECT_EQ(member(events[2], "a"), "0.10");
}

TEST(PostgresTypes, SettingsOfTheServerAndTheRoleDoNotChangeValues) {
  CaptureTest test("CREATE TABLE t(id int PRIMARY KEY, z timestamptz, d date, f float8, y bytea, i interval)",
                   {watch("t")});
  test.sql("ALTER DATABASE " + test.database + " SET TimeZone = 'America/New_York'; ALTER DATABASE " +
           test.database + " SET DateStyle = 'German'; ALTER DATABASE " + test.database +
           " SET extra_float_digits = -3; ALTER DATABASE " + test.database +
           " SET bytea_output = 'escape'; ALTER DATABASE " + test.database +
           " SET IntervalStyle = 'iso_8601'; ALTER DATABASE " + test.database +
           " SET statement_timeout = '200ms'");
  test.capture.open();
  test.sql(
      "INSERT INTO t VALUES (1, '2024-02-29 10:00:00+02', '2024-02-29', 0.1::float8 + 0.2, '\\x00', '1 "
      "day')");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(member(events[0], "z"), "\"2024-02-29T08:00:00.000000Z\"");
  EXPECT_EQ(member(events[0], "d"), "\"2024-02-29\"");
  EXPECT_EQ(member(events[0], "f"), "0.30000000000000004");
  EXPECT_EQ(member(events[0], "y"), "\"AA==\"");
  EXPECT_EQ(member(events[0], "i"), "\"1 day\"");
}

TEST(PostgresTypes, AnSqlAsciiDatabaseWithBytesThatAreNotUtf8DoesNotStopTheStream) {
  CaptureTest test("CREATE TABLE t(id int PRIMARY KEY, a text, j json)", {watch("t")},
                   "TEMPLATE template0 ENCODING 'SQL_ASCII'");
  test.capture.open();
  test.sql("SET client_encoding = 'SQL_ASCII'; INSERT INTO t VALUES (1, E'caf\\xe9', '{\"a\":1}')");
  test.sql("INSERT INTO t VALUES (2, 'after', NULL)");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(member(events[0], "a"), "\"caf\xef\xbf\xbd\"");
  EXPECT_EQ(value_at(events[0].new_row, 1).text, "caf\xe9") << "the journal keeps the bytes";
}

TEST(PostgresTypes, ALatin1DatabaseArrivesAsUtf8) {
  CaptureTest test("CREATE TABLE t(id int PRIMARY KEY, a text)", {watch("t")},
                   "TEMPLATE template0 ENCODING 'LATIN1'");
  test.capture.open();
  test.sql("INSERT INTO t VALUES (1, U&'caf\\00e9')");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(member(events[0], "a"), "\"caf\xc3\xa9\"");
}

}  // namespace
}  // namespace rowhook::testing
