#include "engine/execution/retry.h"

#include <gtest/gtest.h>

namespace rowhook {
namespace {

using std::chrono::milliseconds;
const Random highest = [] { return UINT64_MAX; };
const Random lowest = [] { return std::uint64_t{0}; };

TEST(RetryPolicy, TriggerBeforeWorkflowBeforeConfiguration) {
  RetryPolicy configured;
  RetryOverrides workflow, trigger;
  workflow.max_retries = 9;
  workflow.retry_delay = milliseconds{500};
  trigger.max_retries = 1;
  const auto policy = retry_policy(configured, workflow, trigger);
  EXPECT_EQ(policy.max_retries, 1u);
  EXPECT_EQ(policy.retry_delay, milliseconds{500});
  EXPECT_EQ(policy.max_delay, configured.max_delay);
  EXPECT_TRUE(policy.exponential_backoff);
}

TEST(NextDelay, BacksOffWithJitterUntilTheRetriesAreUsedUp) {
  RetryPolicy policy{3, milliseconds{1000}, true, milliseconds{3000}};
  EXPECT_EQ(next_delay(policy, 1, {}, lowest), milliseconds{500});
  EXPECT_EQ(next_delay(policy, 2, {}, lowest), milliseconds{1000});
  EXPECT_EQ(next_delay(policy, 3, {}, lowest), milliseconds{1500});  // capped at 3 s
  EXPECT_FALSE(next_delay(policy, 4, {}, lowest));
  policy.max_retries = 0;
  EXPECT_FALSE(next_delay(policy, 1, {}, lowest));
}

TEST(NextDelay, D24_RetryAfterIsHonoured) {
  const RetryPolicy policy{5, milliseconds{60'000}, true, milliseconds{3'600'000}};
  EXPECT_EQ(next_delay(policy, 1, milliseconds{2000}, lowest), milliseconds{2000});
  EXPECT_GE(*next_delay(policy, 1, milliseconds{2000}, highest), milliseconds{2000});
  EXPECT_LE(*next_delay(policy, 1, milliseconds{2000}, highest), milliseconds{2200});
  EXPECT_EQ(next_delay(policy, 1, milliseconds{-5}, lowest), milliseconds{0});
  EXPECT_EQ(next_delay(policy, 1, std::chrono::hours{100'000}, lowest), std::chrono::hours{24});
}

}  // namespace
}  // namespace rowhook
