#pragma once

#include <chrono>
#include <optional>

#include "engine/base/backoff.h"
#include "engine/execution/scheduler.h"
#include "engine/router/router.h"

namespace rowhook {

// The first of trigger, workflow (settings.retry) and configuration that says something about a member
// decides it.
RetryPolicy retry_policy(const RetryPolicy& configured, const RetryOverrides& workflow,
                         const RetryOverrides& trigger);

// When to try again after `attempts` failed ones; nullopt: the retries are used up. A wish of the other side
// (Retry-After) is followed as it is, up to a day, plus up to a tenth so that not all come back at once.
std::optional<std::chrono::milliseconds> next_delay(const RetryPolicy& policy, unsigned attempts,
                                                    std::optional<std::chrono::milliseconds> wish,
                                                    const Random& random);

}  // namespace rowhook
