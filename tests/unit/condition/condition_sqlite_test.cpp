// The same expressions on the same rows in SQLite itself: what SQL says is what we say.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <random>

#include "engine/db/condition.h"
#include "tests/unit/condition/map_scope.h"

namespace rowhook {
namespace {

using testing::MapScope;
using Truth = Condition::Truth;

// Expressions within what both understand alike: integers and decimals that a double holds against numeric
// columns, text against text columns, LIKE without letters (SQLite's ignores their case).
class Expressions {
 public:
  explicit Expressions(unsigned seed) : random_(seed) {}

  std::string condition(int depth = 0) {
    switch (depth > 3 ? 0 : pick(6)) {
      case 1:
        return condition(depth + 1) + " AND " + condition(depth + 1);
      case 2:
        return condition(depth + 1) + " OR " + condition(depth + 1);
      case 3:
        return "NOT " + parenthesised(depth);
      case 4:
        return parenthesised(depth);
      case 5:
        return parenthesised(depth) + " IS " + maybe_not() + choice({"NULL", "TRUE", "FALSE"});
      default:
        return predicate();
    }
  }
  std::string literal(bool text) {
    if (pick(8) == 0) return "NULL";
    if (text) return choice({"'1'", "'12'", "'it''s'", "''", "'%'", "'2_'"});
    return choice(
        {"0", "1", "-1", "1.5", "2.50", "12", "1e1", "-0.25", "9007199254740993", "9007199254740992"});
  }
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

 private:
  std::string parenthesised(int depth) { return "(" + condition(depth + 1) + ")"; }
  std::string choice(std::initializer_list<const char*> words) {
    return *(words.begin() + pick(static_cast<unsigned>(words.size())));
  }
  std::string maybe_not() { return pick(2) ? "NOT " : ""; }
  std::string column(bool text) { return text ? choice({"s", "\"t t\""}) : choice({"a", "b"}); }
  std::string operand(bool text) { return pick(3) ? literal(text) : column(text); }

  std::string predicate() {
    const bool text = pick(2) != 0;
    const std::string left = column(text) + ' ';
    switch (pick(6)) {
      case 0: {
        std::string list = operand(text);
        for (unsigned more = pick(3); more > 0; --more) list += ", " + operand(text);
        return left + maybe_not() + "IN (" + list + ")";
      }
      case 1:
        return left + maybe_not() + "BETWEEN " + operand(text) + " AND " + operand(text);
      case 2:
        return left + "IS " + maybe_not() + "NULL";
      case 3:
        return column(true) + ' ' + maybe_not() + "LIKE " +
               choice({"'1%'", "'_2'", "'%!%' ESCAPE '!'", "'2!_' ESCAPE '!'", "'%'", "''"});
      default:
        return left + choice({"=", "<>", "!=", "<", "<=", ">", ">="}) + ' ' + operand(text);
    }
  }

  std::mt19937 random_;
};

class Sqlite {
 public:
  Sqlite() { EXPECT_EQ(sqlite3_open(":memory:", &database_), SQLITE_OK); }
  ~Sqlite() { sqlite3_close(database_); }
  void run(const std::string& sql) {
    ASSERT_EQ(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sql << sqlite3_errmsg(database_);
  }
  // The first row's columns, each with its storage class.
  std::vector<Value> row(const std::string& sql, std::vector<std::string>& keep) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sql << sqlite3_errmsg(database_);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const int count = sqlite3_column_count(statement);
    keep.assign(static_cast<std::size_t>(count), {});
    std::vector<Value> values;
    for (int i = 0; i < count; ++i) {
      const int type = sqlite3_column_type(statement, i);
      auto& bytes = keep[static_cast<std::size_t>(i)];
      if (const auto* data = sqlite3_column_text(statement, i)) bytes = reinterpret_cast<const char*>(data);
      const ValueKind kind = type == SQLITE_NULL   ? ValueKind::null
                             : type == SQLITE_TEXT ? ValueKind::text
                                                   : ValueKind::number;
      values.push_back({kind, bytes});
    }
    sqlite3_finalize(statement);
    return values;
  }

 private:
  sqlite3* database_ = nullptr;
};

TEST(ConditionAgainstSqlite, SameTruthOnRandomRowsAndExpressions) {
  Sqlite database;
  Expressions expressions(20250805);
  database.run("CREATE TABLE r(a NUMERIC, b NUMERIC, s TEXT, \"t t\" TEXT)");
  for (int round = 0; round < 200; ++round) {
    database.run("DELETE FROM r");
    database.run("INSERT INTO r VALUES(" + expressions.literal(false) + ',' + expressions.literal(false) +
                 ',' + expressions.literal(true) + ',' + expressions.literal(true) + ')');
    std::vector<std::string> keep, result;
    const auto values = database.row("SELECT a, b, s, \"t t\" FROM r", keep);
    const MapScope scope({{"a", values[0]}, {"b", values[1]}, {"s", values[2]}, {"t t", values[3]}});
    for (int i = 0; i < 40; ++i) {
      const std::string condition = expressions.condition();
      const auto expected = database.row("SELECT CASE WHEN " + condition + " THEN 'yes' WHEN NOT (" +
                                             condition + ") THEN 'no' ELSE 'unknown' END FROM r",
                                         result);
      const auto parsed = Condition::parse(condition);
      const Truth truth = parsed.evaluate(scope);
      const std::string_view ours = truth == Truth::yes ? "yes" : truth == Truth::no ? "no" : "unknown";
      ASSERT_EQ(ours, expected[0].text)
          << condition << "\n a=" << keep[0] << " b=" << keep[1] << " s=" << keep[2] << " t=" << keep[3];
      ASSERT_EQ(parsed.explain(scope).truth, truth);
    }
  }
}

}  // namespace
}  // namespace rowhook
