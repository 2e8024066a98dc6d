#include <gmock/gmock.h>

#include <fstream>

#include "engine/capture/source_types.h"
#include "tests/integration/capture_sqlite/capture.h"

namespace rowhook::testing {
namespace {

using ::testing::HasSubstr;
using Severity = Finding::Severity;

const Finding* find(const std::vector<Finding>& findings, Severity severity, std::string_view part) {
  for (const auto& finding : findings)
    if (finding.severity == severity && finding.detail.find(part) != std::string::npos) return &finding;
  return nullptr;
}

std::vector<Finding> examine(const SourceSettings& settings) {
  return find_source_type("sqlite", "triggers")->doctor(settings);
}

TEST(SqliteDoctor, FindsWhatIsMissingWithTheRemedy) {
  TempDir directory;
  const std::string path = directory / "shop.db";
  auto users = watch("users");
  users.where_clause = "activ = true";
  users.exclude_columns = {"pasword"};
  Capture capture(path, {users, watch("log"), watch("oders"), watch("paid")});
  const auto without = examine(capture.settings);
  ASSERT_EQ(without.size(), 1U);
  EXPECT_THAT(without[0].detail, HasSubstr("there is no file"));
  EXPECT_THAT(without[0].remedy, HasSubstr("connection shop"));

  User user(path, false);
  user.run(
      "CREATE TABLE users(id INTEGER PRIMARY KEY, active BOOLEAN, password TEXT); CREATE TABLE log(line "
      "TEXT);"
      "CREATE TABLE orders(id INTEGER PRIMARY KEY); CREATE VIEW paid AS SELECT * FROM orders");
  const auto findings = examine(capture.settings);
  const Finding* mode = find(findings, Severity::warning, "journal mode delete");
  ASSERT_NE(mode, nullptr);
  EXPECT_EQ(mode->remedy, "sqlite3 '" + path + "' 'PRAGMA journal_mode = WAL'");
  EXPECT_NE(find(findings, Severity::error, "activ, which does not exist; did you mean active?"), nullptr);
  EXPECT_NE(find(findings, Severity::error, "pasword, which does not exist; did you mean password?"),
            nullptr);
  EXPECT_NE(find(findings, Severity::warning, "log has no primary key"), nullptr);
  EXPECT_NE(find(findings, Severity::error, "there is no table oders; did you mean orders?"), nullptr);
  EXPECT_NE(find(findings, Severity::error, "paid is a view"), nullptr);
  for (const auto& finding : findings)
    EXPECT_EQ(finding.remedy.empty(), finding.severity == Severity::ok) << finding.detail;
  EXPECT_EQ(user.text("SELECT count(*) FROM sqlite_master WHERE name GLOB '_rowhook*'"), "0")
      << "looking changes nothing";
}

TEST(SqliteDoctor, AllIsWell) {
  CaptureTest test("CREATE TABLE orders(id INTEGER PRIMARY KEY)", {watch("orders")});
  test.user.run("INSERT INTO orders VALUES(1)");
  const auto findings = examine(test.capture.settings);
  for (const auto& finding : findings) EXPECT_EQ(finding.severity, Severity::ok) << finding.detail;
  EXPECT_NE(find(findings, Severity::ok, "1 changes wait to be read"), nullptr);
}

TEST(SqliteDoctor, NoDatabaseAtAll) {
  TempDir directory;
  const std::string path = directory / "shop.db";
  std::ofstream(path) << std::string(5000, 'x');
  Capture capture(path, {watch("orders")});
  EXPECT_NE(find(examine(capture.settings), Severity::error, "not a database"), nullptr);
}

}  // namespace
}  // namespace rowhook::testing
