#pragma once

#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "workflows/http_client.h"

namespace rowhook {

// The wish of a 429 or 503: Retry-After in seconds or as a date, at most a day, never negative. A date is
// measured against the answer's own Date, so that a wrong clock here does not matter; without one against
// `now`. nullopt: none or malformed.
std::optional<std::chrono::milliseconds> retry_after(const HttpResponse& response, Micros now);

// CONTRACT.md section 6: returns for 2xx; otherwise throws EndpointGone (410), RetryAfter (429 and 503 with a
// wish), TransientError (408, 425, 429, 5xx) or PermanentError (every other status, redirects among them).
// `host` names the server.
void require_success(const HttpResponse& response, const std::string& host, Micros now);

}  // namespace rowhook
