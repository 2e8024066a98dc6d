// The framing of the WebSocket protocol (RFC 6455), the server's side, without any I/O.
//
// Boost.Beast's websocket::stream sends one frame per system call. Fan-out lives from sending many waiting
// frames in one call, and from encoding a frame once for all who get it; a server's frames carry no mask, so
// that is a header of two to ten bytes in front of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/errors.h"

namespace rowhook {

enum class FrameKind : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};

// Why a connection ends (RFC 6455 section 7.4).
enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  invalid_text = 1007,
  policy = 1008,  // no or no longer a valid token
  too_big = 1009,
  try_again_later = 1013,  // a reader that was too slow
};

// What the other side sent breaks the protocol; the connection ends with `code`.
class WebSocketError : public Error {
 public:
  WebSocketError(CloseCode code, const std::string& reason) : Error(reason), code_(code) {}
  CloseCode code() const { return code_; }

 private:
  CloseCode code_;
};

struct WebSocketMessage {
  FrameKind kind = FrameKind::text;  // text, close, ping or pong
  std::string payload;
};

// Puts a client's frames together to messages. Memory: one message and what was put behind it.
// Thread safety: none; confined to its connection.
class WebSocketReader {
 public:
  explicit WebSocketReader(std::size_t max_message) : max_message_(max_message) {}
  void allow(std::size_t max_message) { max_message_ = max_message; }

  void put(std::string_view bytes);
  // The next complete message; nullopt when more bytes are needed. Throws WebSocketError: frames without
  // mask, with reserved bits or of unknown kinds, fragments out of order, control frames over 125 bytes, text
  // that is not UTF-8, binary messages (there is no use for them here), messages over the limit.
  std::optional<WebSocketMessage> next();
  std::size_t buffered() const { return bytes_.size() - taken_; }

 private:
  struct Header {
    bool last = false;
    FrameKind kind = FrameKind::text;
    std::uint64_t length = 0;
    std::size_t size = 0;  // of the header itself
  };
  std::optional<Header> header() const;
  void check(const Header& header) const;
  std::string unmasked(const Header& header);
  std::optional<WebSocketMessage> take(const Header& header);

  std::size_t max_message_;
  std::string bytes_, message_;
  std::size_t taken_ = 0;
  bool in_message_ = false;
};

// Appends one whole, unmasked frame.
void append_frame(std::string& out, FrameKind kind, std::string_view payload);
std::string close_payload(CloseCode code, std::string_view reason);  // the reason is cut to 123 bytes
// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);

}  // namespace rowhook
