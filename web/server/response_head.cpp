#include "web/server/response_head.h"

#include <array>

namespace rowhook {
namespace {

// An answer of the API is data, not a page: a browser must neither render, frame, guess at nor keep it.
constexpr std::string_view security_fields =
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n";

void write_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value)
    if (c != '\r' && c != '\n' && c != '\0') out += c;
  out += "\r\n";
}

}  // namespace

void write_status_line(std::string& out, int status) {
  out += "HTTP/1.1 ";
  out += std::to_string(status);
  out += ' ';
  out += reason_phrase(status);
  out += "\r\n";
}

std::string date_field(std::time_t now) {
  constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                                   days.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                                   months.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                                   utc.tm_hour, utc.tm_min, utc.tm_sec);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string head_behind_date(const ApiResponse& response, bool close, bool encrypted) {
  std::string out;
  out.reserve(512);
  if (!response.content_type.empty()) write_field(out, "Content-Type", response.content_type);
  if (response.status != 204 && response.status != 304 && response.status >= 200)
    write_field(out, "Content-Length", std::to_string(response.body.size()));
  for (const auto& [name, value] : response.headers) write_field(out, name, value);
  // The page brings its own.
  if (response.header("Content-Security-Policy").data() == nullptr) out += security_fields;
  if (encrypted) write_field(out, "Strict-Transport-Security", "max-age=31536000");
  if (close) write_field(out, "Connection", "close");
  out += "\r\n";
  return out;
}

bool is_fresh(const ApiRequest& request, const ApiResponse& response) {
  if (response.status != 200 || (request.method != HttpMethod::get && request.method != HttpMethod::head))
    return false;
  const std::string_view known = request.header("if-none-match");
  if (known.data() == nullptr) return false;
  const std::string_view tag = response.header("ETag");
  return tag.data() != nullptr && (known == "*" || known.find(tag) != std::string_view::npos);
}

}  // namespace rowhook
