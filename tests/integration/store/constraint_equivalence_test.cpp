// The CHECKs on SQLite accept exactly what those on PostgreSQL accept: random texts at the borders of the
// reference schema's regular expressions and lengths, into both.
#include <gtest/gtest.h>

#include <random>

#include "engine/db/postgres_connection.h"
#include "engine/db/sqlite_connection.h"
#include "engine/store/migrator.h"
#include "tests/support/fake_clock.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/temp_dir.h"

namespace rowhook {
namespace {

class ConstraintEquivalence : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = std::make_unique<testing::PostgresCluster>();
    directory_ = std::make_unique<testing::TempDir>();
    testing::FakeClock clock;
    postgres_ = open_postgres(cluster_->url());
    sqlite_ = open_sqlite((*directory_) / "store.db", {.full_sync = false, .foreign_keys = false});
    Migrator(*postgres_, clock).up();
    Migrator(*sqlite_, clock).up();
    // The foreign key is the same on both by name; here it would hide what the CHECKs of workflow_id say.
    postgres_->execute_script(
        "ALTER TABLE workflow_triggers DROP CONSTRAINT fk_workflow_triggers_workflow_id");
  }
  static void TearDownTestSuite() {
    postgres_.reset();
    sqlite_.reset();
    cluster_.reset();
    directory_.reset();
  }

  // Whether a trigger with `value` in `column` is accepted.
  static bool accepts(Connection& connection, const std::string& column, const SqlValue& value) {
    SqlParams params{std::string("A name"), std::string("w"),  std::string("shop"),
                     std::string("paid"),   std::string("{}"), nullptr};
    const std::array<std::string, 6> columns{"name",       "workflow_id", "source",
                                             "event_type", "config",      "target_node_id"};
    params[static_cast<std::size_t>(std::find(columns.begin(), columns.end(), column) - columns.begin())] =
        value;
    try {
      connection.query(
          "INSERT INTO workflow_triggers (name, workflow_id, source, event_type, config, target_node_id) "
          "VALUES ($1, $2, $3, $4, $5, $6)",
          params);
      return true;
    } catch (const PermanentError&) {
      return false;
    }
  }

  static void expect_same(const std::string& column, const SqlValue& value) {
    EXPECT_EQ(accepts(*sqlite_, column, value), accepts(*postgres_, column, value))
        << column << " = '" << as_text(value) << "'" << (is_null(value) ? " (NULL)" : "");
  }

  static std::unique_ptr<testing::PostgresCluster> cluster_;
  static std::unique_ptr<testing::TempDir> directory_;
  static std::unique_ptr<Connection> postgres_, sqlite_;
};

std::unique_ptr<testing::PostgresCluster> ConstraintEquivalence::cluster_;
std::unique_ptr<testing::TempDir> ConstraintEquivalence::directory_;
std::unique_ptr<Connection> ConstraintEquivalence::postgres_;
std::unique_ptr<Connection> ConstraintEquivalence::sqlite_;

TEST_F(ConstraintEquivalence, RandomTexts) {
  const std::vector<std::string> letters{"a",  "b",  "z",  "A", "Z", "0", "9", "_", "-", "-", " ",
                                         " ",  "\t", "\n", ".", "*", "?", "[", "]", "^", "%", "'",
                                         "\\", "`",  "{",  "/", ":", "@", "ü", "ß", "é", "😀", "ａ"};
  std::mt19937 random(20250805);
  for (int i = 0; i < 1500; ++i) {
    // Mostly what is nearly right, so that the borders are hit from both sides.
    const std::size_t choice = i % 3 == 0 ? letters.size() : 9;
    std::string text;
    for (std::size_t length = random() % 6; length > 0; --length) text += letters[random() % choice];
    for (const char* column : {"name", "workflow_id", "source", "event_type"}) expect_same(column, text);
  }
}

TEST_F(ConstraintEquivalence, LengthsAreCountedInCharacters) {
  for (const std::size_t length : {1U, 2U, 3U, 254U, 255U, 256U, 300U})
    for (const std::string letter : {"a", "ü", "😀"}) {
      std::string text;
      for (std::size_t i = 0; i < length; ++i) text += letter;
      for (const char* column : {"name", "workflow_id", "source", "event_type", "target_node_id"})
        expect_same(column, text);
      expect_same("name", "  " + text.substr(0, 200 * letter.size()) + "  ");
    }
}

TEST_F(ConstraintEquivalence, MissingAndForeignValues) {
  for (const char* column : {"name", "workflow_id", "source", "event_type", "config", "target_node_id"}) {
    expect_same(column, nullptr);
    expect_same(column, std::string());
    expect_same(column, std::string("a\0b", 3));
    expect_same(column, std::string("abc\0", 4));
    expect_same(column, std::int64_t{12345});
  }
}

TEST_F(ConstraintEquivalence, ConfigIsAnObject) {
  for (const char* text :
       {"{}", " {} ", "[]", "1", "\"a\"", "null", "true", "{", "{a:1}", "{'a':1}", "{\"a\":1,}", "{\"a\":1}{",
        "{\"a\":{\"b\":[1,2,{}]}}", "nonsense", "{\"a\":NaN}", "{\"a\":01}", "{\"a\":\"\\ud83d\\ude00\"}"})
    expect_same("config", std::string(text));
}

}  // namespace
}  // namespace rowhook
