#include "engine/execution/retry.h"

#include <algorithm>

namespace rowhook {

namespace {
constexpr std::chrono::milliseconds longest_wish = std::chrono::hours{24};
}  // namespace

RetryPolicy retry_policy(const RetryPolicy& configured, const RetryOverrides& workflow,
                         const RetryOverrides& trigger) {
  RetryPolicy policy = configured;
  for (const auto* overrides : {&workflow, &trigger}) {
    if (overrides->max_retries) policy.max_retries = *overrides->max_retries;
    if (overrides->retry_delay) policy.retry_delay = *overrides->retry_delay;
    if (overrides->exponential_backoff) policy.exponential_backoff = *overrides->exponential_backoff;
    if (overrides->max_delay) policy.max_delay = *overrides->max_delay;
  }
  return policy;
}

std::optional<std::chrono::milliseconds> next_delay(const RetryPolicy& policy, unsigned attempts,
                                                    std::optional<std::chrono::milliseconds> wish,
                                                    const Random& random) {
  if (attempts > policy.max_retries) return {};
  if (wish) {
    const auto wait = std::clamp(*wish, std::chrono::milliseconds{0}, longest_wish);
    const auto spread = static_cast<std::uint64_t>(wait.count() / 10) + 1;
    return wait + std::chrono::milliseconds{static_cast<std::int64_t>(random() % spread)};
  }
  return Backoff{policy.retry_delay, policy.max_delay, policy.exponential_backoff}.delay(attempts, random);
}

}  // namespace rowhook
