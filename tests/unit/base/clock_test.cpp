#include "engine/base/clock.h"

#include <gtest/gtest.h>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

TEST(Clock, PrintsMicrosecondsInUtc) {
  EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_rfc3339(1754388000123456), "2025-08-05T10:00:00.123456Z");
  EXPECT_EQ(format_rfc3339(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(253402300800000000), "+010000-01-01T00:00:00.000000Z");
}

TEST(Clock, ReadsWhatItPrints) {
  for (const Micros time : {0LL, 1LL, -1LL, 951782399999999LL, 951868800000000LL, 1754388000123456LL, 253402300799999999LL})
    EXPECT_EQ(parse_rfc3339(format_rfc3339(time)), time);
}

TEST(Clock, ReadsOffsetsAndFractions) {
  EXPECT_EQ(parse_rfc3339("2025-08-05T12:00:00+02:00"), parse_rfc3339("2025-08-05T10:00:00Z"));
  EXPECT_EQ(parse_rfc3339("2025-08-05t10:00:00.1z"), parse_rfc3339("2025-08-05T10:00:00.100000Z"));
  EXPECT_EQ(parse_rfc3339("2025-08-05 10:00:00.123456789Z"), 1754388000123456);
}

TEST(Clock, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2025", "2025-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2025-01-01T24:00:00Z", "2025-01-01T00:00:00",
                           "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00Zx", "2025-01-01T00:00:00+2"})
    EXPECT_THROW(parse_rfc3339(text), InvalidInput) << text;
}

TEST(Clock, Durations) {
  using std::chrono::milliseconds;
  EXPECT_EQ(parse_duration("500ms"), milliseconds{500});
  EXPECT_EQ(parse_duration("7d"), milliseconds{604800000});
  for (const char* text : {"", "5", "s", "-1s", "5 s", "1.5s", "99999999999999999999s", "9223372036854775807d"})
    EXPECT_THROW(parse_duration(text), InvalidInput) << text;
}

TEST(Clock, Sizes) {
  EXPECT_EQ(parse_size("100"), 100U);
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("2GiB"), 2147483648U);
  for (const char* text : {"", "KiB", "1KB", "-1", "99999999999TiB"}) EXPECT_THROW(parse_size(text), InvalidInput) << text;
}

}  // namespace
}  // namespace rowhook
