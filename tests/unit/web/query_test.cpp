#include "web/server/query.h"

#include <gtest/gtest.h>

#include "web/server/api.h"

namespace rowhook {
namespace {

constexpr QueryParameter known[] = {{"source", ""}, {"event_type", ""}, {"is_active", ""}, {"from", ""}};

std::string refusal(std::string_view text) {
  try {
    const Query query(text, known, true);
    (void)query.page();
    (void)query.boolean("is_active");
    (void)query.time("from");
    return "";
  } catch (const HttpError& error) {
    EXPECT_EQ(error.status(), 400);
    return error.what();
  }
}

TEST(Query, ReadsDeclaredParameters) {
  const Query query("source=main-postgres&event_type=a%5Fb&is_active=true&from=2025-08-05T10%3A00%3A00Z",
                    known, false);
  EXPECT_EQ(query.text("source"), "main-postgres");
  EXPECT_EQ(query.text("event_type"), "a_b");
  EXPECT_EQ(query.boolean("is_active"), true);
  EXPECT_EQ(query.time("from"), 1754388000000000);
  EXPECT_EQ(query.text("absent"), "");
  EXPECT_FALSE(query.boolean("absent"));
}

TEST(Query, PlusIsASpaceButAZoneOffsetSurvivesIt) {
  EXPECT_EQ(Query("source=a+b", known, false).text("source"), "a b");
  EXPECT_EQ(Query("from=2025-08-05T12:00:00+02:00", known, false).time("from"), 1754388000000000);
}

TEST(Query, RefusesUnknownParametersAndNamesTheNearest) {
  EXPECT_EQ(refusal("sourc=x"), "unknown query parameter 'sourc'; did you mean 'source'?");
  EXPECT_EQ(
      refusal("token=secret"),
      "unknown query parameter 'token'; known are source, event_type, is_active, from, skip, limit, cursor");
  EXPECT_NE(refusal("source=a&source=b"), "");
  EXPECT_NE(refusal("source=%zz"), "");
  EXPECT_NE(refusal("source=%00"), "");
  EXPECT_NE(refusal("source=%ff"), "");
  EXPECT_NE(refusal("source=%ed%a0%80"), "") << "a surrogate is not UTF-8";
  EXPECT_NE(refusal("source=%c0%af"), "") << "an overlong slash is not UTF-8";
  EXPECT_NE(refusal("source=%4"), "");
}

TEST(Query, ChecksValues) {
  EXPECT_NE(refusal("is_active=maybe"), "");
  EXPECT_NE(refusal("from=yesterday"), "");
  EXPECT_NE(refusal("limit=0"), "");
  EXPECT_NE(refusal("limit=1001"), "");
  EXPECT_NE(refusal("limit=ten"), "");
  EXPECT_NE(refusal("skip=-1"), "");
  EXPECT_NE(refusal("skip=1&cursor=x"), "");
  EXPECT_EQ(refusal("skip=0&cursor=x"), "");
}

TEST(Query, PagesHaveDefaults) {
  const Page page = Query("", known, true).page();
  EXPECT_EQ(page.skip, 0U);
  EXPECT_EQ(page.limit, 100U);
  EXPECT_FALSE(page.cursor);
}

TEST(Query, PercentCodingIsInverse) {
  const std::string text = "main-postgres:0/16B3748:0 \xC3\xA9%&?#";
  EXPECT_EQ(percent_encode("a/b"), "a%2Fb");
  EXPECT_EQ(percent_decode(percent_encode(text)), text);
}

}  // namespace
}  // namespace rowhook
