#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/metrics.h"
#include "workflows/egress.h"

namespace rowhook {

struct HttpRequest {
  std::string method = "POST";
  std::string url;                            // http or https
  std::vector<std::string> headers;           // "Name: value", without line breaks
  std::string body;                           // sent with every method but GET and HEAD
  std::chrono::milliseconds timeout{30'000};  // of the exchange, once a connection may be used
  std::chrono::steady_clock::time_point
      deadline{};  // of everything, the wait for a connection included; {}: none
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in the order they came
  std::string body;                                          // at most HttpClientSettings::kept_bytes
  bool truncated = false;                                    // the body was longer

  // The first header of that lower-case name, "" if there is none.
  std::string_view header(std::string_view name) const;
};

// What became of a request: a complete answer of any status, or why there is none.
struct HttpResult {
  enum class Kind { answered, transient, permanent } kind = Kind::answered;
  HttpResponse response;
  std::string error;  // never holds the path, the query or the user of a URL: those are often secrets
  std::string hint;
};

// "https://example.com:8443" of a URL: what connections are shared by, and all of a URL that messages may
// show.
std::string url_host(std::string_view url);

struct HttpClientSettings {
  std::size_t max_in_flight = 1024;  // requests under way; more wait
  std::size_t max_per_host =
      64;  // of one scheme, host and port: a dead endpoint does not take the others' places
  std::size_t kept_bytes = 64U << 10;  // of a body and of the headers; the rest is read and dropped
  std::chrono::milliseconds connect_timeout{10'000};
  std::string user_agent;  // "": rowhook/VERSION
  std::string ca_file;     // trusted certificates; "": the system's
};

// Outgoing HTTP on one thread of its own (libcurl multi over epoll). Connections are kept and used again;
// certificates are verified; redirects are not followed; no cookies, no proxy from the environment; every new
// socket asks the egress rules. The answer is complete or it is an error: a body shorter than its
// Content-Length or a broken chunk is none. Thread safety: safe to share.
class HttpClient {
 public:
  HttpClient(HttpClientSettings settings, EgressRules rules, Metrics& metrics);
  // Ends what is under way with a transient result.
  ~HttpClient();

  // `done` runs on the client's thread and must not block.
  void start(HttpRequest request, std::function<void(HttpResult)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowhook
