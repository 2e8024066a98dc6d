#include "workflows/http_answer.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

#include "workflows/services.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds longest_wait{24 * 3600};
constexpr std::size_t shown_of_body = 300;

// Seconds since 1970 of an HTTP date in any of its three forms.
std::optional<std::int64_t> http_date(std::string_view text) {
  const auto time = curl_getdate(std::string(text).c_str(), nullptr);
  if (time == -1) return std::nullopt;
  return time;
}

// The begin of the body, for the message: what a server says about an error is what helps.
std::string said(const HttpResponse& response) {
  std::string text = response.body.substr(0, shown_of_body);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text.empty() ? std::string() : ": " + text;
}

bool is_transient(int status) { return status == 408 || status == 425 || status == 429 || status >= 500; }

}  // namespace

std::optional<milliseconds> retry_after(const HttpResponse& response, Micros now) {
  const std::string_view text = response.header("retry-after");
  if (text.empty()) return std::nullopt;
  std::int64_t wait = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wait);
  if (error == std::errc::result_out_of_range) {
    wait = longest_wait.count();
  } else if (error != std::errc{} || end != text.data() + text.size()) {
    const auto date = http_date(text);
    if (!date) return std::nullopt;
    wait = *date - http_date(response.header("date")).value_or(now / 1'000'000);
  }
  return std::clamp(seconds{wait}, seconds{0}, longest_wait);
}

void require_success(const HttpResponse& response, const std::string& host, Micros now) {
  const int status = response.status;
  if (status >= 200 && status < 300) return;
  const std::string message = host + " answered " + std::to_string(status) + said(response);
  if (status == 410) throw EndpointGone(host + " answered 410 Gone: the endpoint exists no more");
  if (status == 429 || status == 503)
    if (const auto wait = retry_after(response, now)) throw RetryAfter(message, *wait);
  if (is_transient(status)) throw TransientError(message);
  if (status >= 300 && status < 400)
    throw PermanentError(message, "redirects are not followed: write the final address into `url`");
  throw PermanentError(message);
}

}  // namespace rowhook
