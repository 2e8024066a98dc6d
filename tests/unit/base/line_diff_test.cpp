#include "engine/base/line_diff.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

// What `patch` does: the diff's own reading of both sides.
std::string side(const std::string& diff, char sign) {
  std::string out;
  for (std::size_t at = 0; at < diff.size();) {
    const auto end = diff.find('\n', at);
    if (diff[at] == ' ' || diff[at] == sign) out += diff.substr(at + 1, end - at);
    at = end + 1;
  }
  return out;
}

TEST(LineDiff, EqualTextsHaveNone) {
  EXPECT_EQ(line_diff("", ""), "");
  EXPECT_EQ(line_diff("a\nb\n", "a\nb\n"), "");
}

TEST(LineDiff, AChangedLineStandsInItsContext) {
  EXPECT_EQ(line_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(LineDiff, DistantChangesHaveHunksOfTheirOwn) {
  std::string before, after;
  for (int i = 1; i <= 30; ++i) {
    before += std::to_string(i) + "\n";
    after += (i == 3 || i == 27 ? "x" : std::to_string(i)) + "\n";
  }
  const std::string diff = line_diff(before, after);
  EXPECT_NE(diff.find("@@ -1,6 +1,6 @@\n"), std::string::npos) << diff;
  EXPECT_NE(diff.find("@@ -24,7 +24,7 @@\n"), std::string::npos) << diff;
}

TEST(LineDiff, FromAndToNothing) {
  EXPECT_EQ(line_diff("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(line_diff("a\n", ""), "@@ -1,1 +0,0 @@\n-a\n");
}

TEST(LineDiff, KeepsTheLongestCommonPart) {
  EXPECT_EQ(side(line_diff("a\nb\nc\nd\n", "b\nx\nd\ne\n"), '-'), "a\nb\nc\nd\n");
  EXPECT_EQ(side(line_diff("a\nb\nc\nd\n", "b\nx\nd\ne\n"), '+'), "b\nx\nd\ne\n");
}

TEST(LineDiff, TextsTooDifferentToCompareAreReplaced) {
  std::string before, after;
  for (int i = 0; i < 2500; ++i) {
    before += "b" + std::to_string(i) + "\n";
    after += "a" + std::to_string(i) + "\n";
  }
  const std::string diff = line_diff(before, after);
  EXPECT_EQ(side(diff, '-'), before);
  EXPECT_EQ(side(diff, '+'), after);
}

}  // namespace
}  // namespace rowhook
