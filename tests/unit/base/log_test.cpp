#include "engine/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

TEST(Log, AValueCannotFakeASecondLine) {
  ::testing::internal::CaptureStderr();
  log::info("event", {{"table", "a\nb=\"c\""}, {"plain", "x1"}});
  const std::string line = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(line, ::testing::HasSubstr(R"(info event table="a\nb=\"c\"" plain=x1)"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(Log, LevelsAreReadInAnyCase) {
  EXPECT_EQ(log::parse_level("DEBUG"), log::Level::debug);
  EXPECT_EQ(log::parse_level("warning"), log::Level::warning);
  EXPECT_THROW(log::parse_level("LOUD"), InvalidInput);
}

}  // namespace
}  // namespace rowhook
