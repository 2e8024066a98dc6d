#include "engine/capture/change_table/sqlite_index_sql.h"

#include <gmock/gmock.h>

namespace rowhook {
namespace {

using ::testing::ElementsAre;

TEST(SqliteIndexSql, TermsAndCondition) {
  const auto plain = parse_sqlite_index("CREATE UNIQUE INDEX i ON t(a, b)");
  EXPECT_THAT(plain.terms, ElementsAre("a", "b"));
  EXPECT_EQ(plain.where, "");
  const auto partial =
      parse_sqlite_index("CREATE UNIQUE INDEX i ON t(lower(a, ','), b DESC) WHERE gone = 0 AND x IN (1, 2)");
  EXPECT_THAT(partial.terms, ElementsAre("lower(a, ',')", "b"));
  EXPECT_EQ(partial.where, "gone = 0 AND x IN (1, 2)");
}

TEST(SqliteIndexSql, QuotesBracketsAndComments) {
  const auto index = parse_sqlite_index(
      "CREATE UNIQUE INDEX \"odd (name\" ON [t(x] -- a comment (with this\n (`a,b` collate nocase ASC, /* ), "
      "*/ \"c)\"asc, "
      "substr(d, 1, 2)||')')\n where \"where\" = 'it''s (' ;");
  EXPECT_THAT(index.terms, ElementsAre("`a,b` collate nocase", "\"c)\"", "substr(d, 1, 2)||')'"));
  EXPECT_EQ(index.where, "\"where\" = 'it''s ('");
}

TEST(SqliteIndexSql, NamesThatEndLikeADirection) {
  EXPECT_THAT(parse_sqlite_index("CREATE INDEX i ON t(asc_desc, cascade)").terms,
              ElementsAre("asc_desc", "cascade"));
  EXPECT_THAT(parse_sqlite_index("CREATE INDEX i ON t(\"desc\", (a+b)DESC)").terms,
              ElementsAre("\"desc\"", "(a+b)"));
}

TEST(SqliteIndexSql, NothingToRead) {
  EXPECT_TRUE(parse_sqlite_index("").terms.empty());
  EXPECT_TRUE(parse_sqlite_index("CREATE INDEX 'never closed").terms.empty());
}

}  // namespace
}  // namespace rowhook
