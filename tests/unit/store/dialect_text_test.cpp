#include "engine/store/dialect_text.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

TEST(DialectText, ReplacesTheWordsThatDiffer) {
  EXPECT_EQ(in_dialect("SELECT FIND(lower(a), $1) FROM t WHERE b < TIME($2) LOCKED(t)", Dialect::sqlite),
            "SELECT instr(lower(a), $1) FROM t WHERE b < $2 ");
  EXPECT_EQ(in_dialect("SELECT FIND(lower(a), $1) FROM t WHERE b < TIME($2) LOCKED(t)", Dialect::postgres),
            "SELECT strpos(lower(a), $1) FROM t WHERE b < (timestamptz 'epoch' + $2::bigint * interval '1 "
            "microsecond') "
            "FOR UPDATE OF t");
  EXPECT_EQ(in_dialect("SELECT 1", Dialect::sqlite), "SELECT 1");
}

TEST(DialectText, ConditionsNumberTheirParameters) {
  Where where;
  EXPECT_EQ(where.text(), "");
  where.add("a = ?", std::int64_t{1});
  where.add("b IS NULL");
  where.add_all("(c, d) < (?, ?)", {std::string("x"), nullptr});
  EXPECT_EQ(where.text(), " WHERE a = $1 AND b IS NULL AND (c, d) < ($2, $3)");
  EXPECT_EQ(where.place(std::int64_t{9}), "$4");
  EXPECT_EQ(where.params(), (SqlParams{std::int64_t{1}, std::string("x"), nullptr, std::int64_t{9}}));
}

}  // namespace
}  // namespace rowhook
