#include "engine/db/condition.h"

#include <gmock/gmock.h>

#include <vector>

#include "tests/unit/condition/map_scope.h"

namespace rowhook {
namespace {

using testing::boolean;
using testing::MapScope;
using testing::null;
using testing::number;
using testing::text;
using Truth = Condition::Truth;

const MapScope row({{"id", number("42")},
                    {"total", number("100.50")},
                    {"big", number("9007199254740993")},
                    {"status", text("paid")},
                    {"code", text("05")},
                    {"note", null()},
                    {"active", boolean(true)},
                    {"flag", number("1")},
                    {"off", number("0")},
                    {"not sent", {}},
                    {"Größe", number("3")},
                    {"blob", {ValueKind::bytes, std::string_view("\x00\xff", 2)}},
                    {"at", text("2025-08-05T10:00:00.000000Z")},
                    {"old.status", text("new")},
                    {"new.status", text("paid")}});

Truth truth(std::string_view condition) { return Condition::parse(condition).evaluate(row); }

struct Case {
  std::string_view condition;
  Truth truth;
};

void expect(std::initializer_list<Case> cases) {
  for (const auto& [condition, expected] : cases) EXPECT_EQ(truth(condition), expected) << condition;
}

TEST(Condition, ComparesNumbersExactly) {
  expect({{"id = 42", Truth::yes},
          {"id = 42.0", Truth::yes},
          {"id = 4.2e1", Truth::yes},
          {"id = 420e-1", Truth::yes},
          {"id <> 42", Truth::no},
          {"id != 43", Truth::yes},
          {"id >= 42 AND id <= 42", Truth::yes},
          {"id < -1", Truth::no},
          {"-1 < id", Truth::yes},
          {"big = 9007199254740993", Truth::yes},
          {"big = 9007199254740992", Truth::no},
          {"big > 9007199254740992", Truth::yes},
          {"big > 9007199254740992.99999999999999999999", Truth::yes},
          {"total = 100.5", Truth::yes},
          {"total > .5", Truth::yes},
          {"total = 0100.50", Truth::yes},
          {"total > 1e400", Truth::no},
          {"total > -1e400", Truth::yes}});
}

TEST(Condition, ComparesTextByBytes) {
  expect({{"status = 'paid'", Truth::yes},
          {"status = 'Paid'", Truth::no},
          {"status < 'paie'", Truth::yes},
          {"'it''s' = 'it''s'", Truth::yes},
          {"at > '2025-08-05T09:59:59.999999Z'", Truth::yes},
          {"blob = x'00ff'", Truth::yes},
          {"blob = X'00FE'", Truth::no}});
}

TEST(Condition, ComparesNumberAndTextAsNumbers) {
  expect({{"id = '42'", Truth::yes},
          {"id = ' 42.0 '", Truth::yes},
          {"code = 5", Truth::yes},
          {"code = '5'", Truth::no},
          {"id = 'forty-two'", Truth::unknown},
          {"status > 1", Truth::unknown},
          {"id < 'NaN'", Truth::yes},
          {"id > '-Infinity'", Truth::yes}});
}

TEST(Condition, BooleansHoldForSqlitesOneAndForWords) {
  expect({{"active = true", Truth::yes},
          {"flag = true", Truth::yes},
          {"off = false", Truth::yes},
          {"active = 1", Truth::yes},
          {"active = 't'", Truth::yes},
          {"active", Truth::yes},
          {"flag", Truth::yes},
          {"NOT off", Truth::yes},
          {"active AND NOT off", Truth::yes},
          {"status = true", Truth::unknown},
          {"active <> false", Truth::yes},
          {"TRUE", Truth::yes},
          {"NOT true", Truth::no}});
}

TEST(Condition, NullIsUnknown) {
  expect({{"note = 'x'", Truth::unknown},
          {"note <> 'x'", Truth::unknown},
          {"note = NULL", Truth::unknown},
          {"NOT note = 'x'", Truth::unknown},
          {"note IS NULL", Truth::yes},
          {"note IS NOT NULL", Truth::no},
          {"id IS NOT NULL", Truth::yes},
          {"note = 'x' OR id = 42", Truth::yes},
          {"note = 'x' AND id = 42", Truth::unknown},
          {"note = 'x' AND id = 1", Truth::no},
          {"note IN ('a')", Truth::unknown},
          {"id IN (1, NULL)", Truth::unknown},
          {"id NOT IN (1, NULL)", Truth::unknown},
          {"id IN (42, NULL)", Truth::yes},
          {"id BETWEEN 50 AND note", Truth::no},
          {"id BETWEEN 10 AND note", Truth::unknown},
          {"note LIKE '%'", Truth::unknown},
          {"(note = 'x') IS NULL", Truth::yes},
          {"(note = 'x') IS NOT TRUE", Truth::yes},
          {"note IS TRUE", Truth::no},
          {"active IS TRUE", Truth::yes},
          {"off IS FALSE", Truth::yes},
          {"note IS NOT DISTINCT FROM NULL", Truth::yes},
          {"id IS DISTINCT FROM note", Truth::yes},
          {"id IS DISTINCT FROM 42.0", Truth::no}});
}

TEST(Condition, AColumnThatWasNotSentIsUnknownAndNotNull) {
  expect({{"\"not sent\" IS NULL", Truth::unknown},
          {"\"not sent\" IS NOT NULL", Truth::unknown},
          {"missing = 1", Truth::unknown},
          {"missing IS DISTINCT FROM 1", Truth::unknown},
          {"missing = 1 OR id = 42", Truth::yes}});
}

TEST(Condition, InBetweenLike) {
  expect({{"status IN ('new', 'paid')", Truth::yes},
          {"status NOT IN ('new', 'paid')", Truth::no},
          {"id IN (41, 42.00)", Truth::yes},
          {"id BETWEEN 42 AND 43", Truth::yes},
          {"id NOT BETWEEN 42 AND 43", Truth::no},
          {"id BETWEEN 43 AND 42", Truth::no},
          {"status LIKE 'p%d'", Truth::yes},
          {"status LIKE 'P%'", Truth::no},
          {"status NOT LIKE '_a__'", Truth::no},
          {"status LIKE '____' AND status NOT LIKE '___'", Truth::yes},
          {"id LIKE '4_'", Truth::yes},
          {"'100%' LIKE '100!%' ESCAPE '!'", Truth::yes},
          {"'1000' LIKE '100!%' ESCAPE '!'", Truth::no},
          {"'100%' LIKE '100\\%'", Truth::yes},
          {"'100\\x' LIKE '100\\%' ESCAPE ''", Truth::yes},
          {"blob LIKE '%'", Truth::unknown}});
}

TEST(Condition, PrecedenceAndParentheses) {
  expect({{"id = 1 AND id = 2 OR id = 42", Truth::yes},
          {"id = 1 AND (id = 2 OR id = 42)", Truth::no},
          {"NOT id = 1 AND id = 42", Truth::yes},
          {"NOT (id = 1 OR id = 42)", Truth::no},
          {"((id)) = (42)", Truth::yes},
          {"id BETWEEN 1 AND 50 AND status = 'paid'", Truth::yes},
          {"not not id=42", Truth::yes}});
}

TEST(Condition, NamesWithQualifiersQuotesAndUmlauts) {
  expect({{"old.status = 'new' AND new.status = 'paid'", Truth::yes},
          {"OLD.status <> NEW.status", Truth::yes},
          {"\"status\" = 'paid'", Truth::yes},
          {"Größe = 3", Truth::yes}});
  EXPECT_THAT(Condition::parse("old.a = 1 AND new.\"b c\" = a OR data.path.x IS NULL AND old = 1").columns(),
              ::testing::ElementsAre("a", "b c", "data.path.x", "old"));
}

TEST(Condition, ExplainNamesTheDecidingPredicateAndItsValues) {
  const auto verdict = Condition::parse("id = 42 AND (old.status =  'paid' OR total > 200)").explain(row);
  EXPECT_EQ(verdict.truth, Truth::no);
  EXPECT_EQ(verdict.predicate, "old.status =  'paid'");
  EXPECT_THAT(verdict.values,
              ::testing::ElementsAre(std::pair<std::string, std::string>("old.status", "\"new\"")));
  EXPECT_EQ(verdict.missing, "");

  const auto yes = Condition::parse("id = 42 AND note IS NULL AND id < 43").explain(row);
  EXPECT_EQ(yes.truth, Truth::yes);
  EXPECT_EQ(yes.predicate, "");
  EXPECT_THAT(yes.values, ::testing::ElementsAre(std::pair<std::string, std::string>("id", "42"),
                                                 std::pair<std::string, std::string>("note", "null")));

  const auto negated = Condition::parse("NOT (id = 42 AND total = 100.5)").explain(row);
  EXPECT_EQ(negated.truth, Truth::no);
  EXPECT_EQ(negated.predicate, "id = 42");

  const auto simple = Condition::parse("NOT id = 42").explain(row);
  EXPECT_EQ(simple.predicate, "NOT id = 42");

  const auto missing = Condition::parse("id = 42 AND stauts = 'paid'").explain(row);
  EXPECT_EQ(missing.truth, Truth::unknown);
  EXPECT_EQ(missing.predicate, "stauts = 'paid'");
  EXPECT_EQ(missing.missing, "stauts");
}

Event order_event(std::string_view type) {
  Shape shape;
  shape.source = "shop";
  shape.table = "orders";
  shape.columns = {{"id", "integer", true}, {"Status", "text", false}, {"body", "text", false}};
  RowWriter before, after;
  before.add(number("1"));
  before.add(text("new"));
  before.add(text("long"));
  after.add(number("1"));
  after.add(text("paid"));
  after.add(ValueKind::unchanged);
  Event event;
  event.type = type;
  event.shape = seal(std::move(shape));
  if (type != event_type::inserted) event.old_row = before.take();
  if (type != event_type::deleted) event.new_row = after.take();
  return event;
}

Truth on_event(std::string_view condition, std::string_view type) {
  const Event event = order_event(type);
  return Condition::parse(condition).evaluate(EventScope(event));
}

TEST(EventScope, FindsOldAndNewValues) {
  EXPECT_EQ(on_event("status = 'paid' AND old.status = 'new'", event_type::updated), Truth::yes);
  EXPECT_EQ(on_event("\"Status\" = 'paid'", event_type::inserted), Truth::yes);
  EXPECT_EQ(on_event("status = 'new'", event_type::deleted), Truth::yes);
  EXPECT_EQ(on_event("old.status IS NULL", event_type::inserted), Truth::yes);
  EXPECT_EQ(on_event("new.status IS NULL", event_type::deleted), Truth::yes);
  EXPECT_EQ(on_event("body = 'long'", event_type::updated), Truth::yes)
      << "an unchanged column has its old value";
  EXPECT_EQ(on_event("body IS NULL", event_type::inserted), Truth::unknown) << "unknown, not null";
  EXPECT_EQ(on_event("old.nothing IS NULL", event_type::inserted), Truth::unknown);
}

TEST(DocumentScope, FindsMembersAndPaths) {
  const Document item = Document::parse(
      R"({"total":12.50,"customer":{"tier":"gold"},"tags":["a","b"],"a.b":1,"none":null,
          "old_values":null,"new_values":{"status":"paid"}})");
  const DocumentScope scope(item);
  const auto on = [&](std::string_view condition) { return Condition::parse(condition).evaluate(scope); };
  EXPECT_EQ(on("total = 12.5 AND customer.tier = 'gold'"), Truth::yes);
  EXPECT_EQ(on("\"a.b\" = 1"), Truth::yes);
  EXPECT_EQ(on("none IS NULL AND nothing IS NULL"), Truth::unknown);
  EXPECT_EQ(on("status = 'paid' AND new.status = 'paid'"), Truth::yes);
  EXPECT_EQ(on("old.status IS NULL"), Truth::yes);
  EXPECT_EQ(on("tags LIKE '%\"b\"%' AND tags <> customer"), Truth::yes);
}

}  // namespace
}  // namespace rowhook
