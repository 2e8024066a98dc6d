#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "engine/event/json_writer.h"
#include "tests/integration/capture_sqlite/capture.h"

namespace rowhook::testing {
namespace {

// The JSON text of column v of the newest event.
std::string text_of(Capture& capture) {
  std::string out;
  write_json_value(out, value_at(capture.events.back().new_row, 1));
  return out;
}

std::string captured(CaptureTest& test, const std::string& literal) {
  test.user.run("INSERT INTO t(v) VALUES(" + literal + ")");
  EXPECT_FALSE(test.capture.drain().empty());
  return text_of(test.capture);
}

TEST(SqliteValues, ByStorageClass) {
  CaptureTest test("CREATE TABLE t(id INTEGER PRIMARY KEY, v)", {watch("t")});
  const std::pair<const char*, const char*> cases[] = {{"NULL", "null"},
                                                       {"0", "0"},
                                                       {"-1", "-1"},
                                                       {"9007199254740993", "9007199254740993"},
                                                       {"9223372036854775807", "9223372036854775807"},
                                                       {"-9223372036854775807 - 1", "-9223372036854775808"},
                                                       {"100.0", "100.0"},
                                                       {"0.1", "0.1"},
                                                       {"1e300", "1e+300"},
                                                       {"-0.0", "-0.0"},
                                                       {"9e999", "\"Infinity\""},
                                                       {"-9e999", "\"-Infinity\""},
                                                       {"''", "\"\""},
                                                       {"'it''s \"x\"'", R"("it's \"x\"")"},
                                                       {"'Größe 💡'", "\"Größe 💡\""},
                                                       {"'a' || char(0) || 'b'", R"("a\u0000b")"},
                                                       {"x''", "\"\""},
                                                       {"x'00ff10'", "\"AP8Q\""}};
  for (const auto& [literal, json] : cases) EXPECT_EQ(captured(test, literal), json) << literal;
}

TEST(SqliteValues, TextThatIsNotUtf8IsMarkedAndKept) {
  CaptureTest test("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {watch("t")});
  test.user.run("INSERT INTO t(v) VALUES(CAST(x'61ff62' AS TEXT))");
  const auto events = test.capture.drain();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["new_values"]["v"], "Yf9i");
  EXPECT_EQ(events[0]["metadata"]["not_utf8"], Json::parse(R"(["v"])"));
}

TEST(SqliteValues, DeclaredTypes) {
  CaptureTest test(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, flag BOOLEAN, doc JSON, price DECIMAL(10,2), day DATE, r REAL)",
      {watch("t")});
  test.user.run(
      R"(INSERT INTO t(flag, doc, price, day, r) VALUES(1, '{"a": [1, 2.50]}', '100.10', '2025-08-05', 7),
                   (0, 'not json', 5, 17, '7.25'), (2, '9007199254740993', 'free', NULL, NULL))");
  test.capture.drain();
  const std::string json = event_json(test.capture.events[0]);
  EXPECT_THAT(json, ::testing::HasSubstr(
                        R"("flag":true,"doc":{"a": [1, 2.50]},"price":100.1,"day":"2025-08-05","r":7.0)"));
  EXPECT_THAT(event_json(test.capture.events[1]),
              ::testing::HasSubstr(R"("flag":false,"doc":"not json","price":5,"day":17,"r":7.25)"));
  EXPECT_THAT(event_json(test.capture.events[2]),
              ::testing::HasSubstr(R"("flag":2,"doc":9007199254740993,"price":"free","day":null)"));
}

TEST(SqliteValues, RealsReadBackExactly) {
  CaptureTest test("CREATE TABLE t(id INTEGER PRIMARY KEY, v REAL)", {watch("t")});
  std::mt19937_64 random(3);
  std::vector<double> reals;
  sqlite3_stmt* statement = nullptr;
  test.user.run("BEGIN");
  sqlite3_prepare_v2(test.user.handle(), "INSERT INTO t(v) VALUES(?1)", -1, &statement, nullptr);
  while (reals.size() < 5000) {
    const auto bits = random();
    double real = 0;
    std::memcpy(&real, &bits, sizeof real);
    if (!std::isfinite(real)) continue;
    reals.push_back(real);
    sqlite3_bind_double(statement, 1, real);
    sqlite3_step(statement);
    sqlite3_reset(statement);
  }
  sqlite3_finalize(statement);
  test.user.run("COMMIT");
  ASSERT_TRUE(test.capture.until(reals.size()));
  for (std::size_t i = 0; i < reals.size(); ++i)
    ASSERT_EQ(std::strtod(std::string(value_at(test.capture.events[i].new_row, 1).text).c_str(), nullptr),
              reals[i]);
}

TEST(SqliteValues, Utf16FilesGiveUtf8) {
  CaptureTest test("PRAGMA encoding = 'UTF-16'; CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {watch("t")},
                   false);
  EXPECT_EQ(captured(test, "'Größe 💡'"), "\"Größe 💡\"");
}

TEST(SqliteValues, D23_LargeRowsAndBlobs) {
  CaptureTest test("CREATE TABLE t(id INTEGER PRIMARY KEY, v)", {watch("t")});
  test.user.run("INSERT INTO t(v) VALUES(zeroblob(9000)), (hex(zeroblob(3000000))), (randomblob(5000000))");
  test.capture.drain();
  ASSERT_EQ(test.capture.events.size(), 3U);
  EXPECT_EQ(value_at(test.capture.events[1].new_row, 1).text.size(), 6000000U);
  EXPECT_EQ(value_at(test.capture.events[2].new_row, 1).text.size(), 5000000U);
}

}  // namespace
}  // namespace rowhook::testing
