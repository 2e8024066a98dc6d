#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "web/server/api.h"

namespace rowhook {

struct HttpLimits {
  std::uint32_t head_bytes = 16U << 10;  // request line and header fields
  std::uint64_t body_bytes = 8U << 20;
};

// Reads one HTTP/1.x request after another from bytes, into an ApiRequest. No I/O. Wraps Boost.Beast's
// parser, which refuses ambiguous framing (Content-Length beside Transfer-Encoding, two Content-Lengths, bare
// line ends in the head). Thread safety: none; confined to its connection.
class HttpParser {
 public:
  explicit HttpParser(const HttpLimits& limits);
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  // Begins a new request: clears method, target, headers and body of `request`, which must outlive its
  // reading.
  void start(ApiRequest& request);
  // Takes from the front of `bytes` and returns how much it took. It stops behind the head, so that the head
  // can be looked at before any of the body is taken, and behind the end of the request. Takes nothing when
  // the head is not complete yet: call again with more behind the same bytes. Throws HttpError 400, 413
  // (body), 431 (head); nothing more can be read then.
  std::size_t feed(std::string_view bytes);

  bool head_done() const;
  bool done() const;  // head and body are complete
  // Valid once head_done():
  bool has_body() const;
  std::optional<std::uint64_t> content_length() const;  // nullopt: chunked, or none
  bool keep_alive() const;
  bool expects_continue() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowhook
