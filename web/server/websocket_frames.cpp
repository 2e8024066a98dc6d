#include "web/server/websocket_frames.h"

#include <openssl/evp.h>

#include <array>

#include "engine/event/json_writer.h"
#include "web/server/query.h"

namespace rowhook {
namespace {

constexpr std::size_t max_control = 125;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

bool is_control(FrameKind kind) { return (static_cast<unsigned>(kind) & 8U) != 0; }

WebSocketError broken(const std::string& what) { return {CloseCode::protocol_error, what}; }

}  // namespace

void WebSocketReader::put(std::string_view bytes) {
  if (taken_ > 0 && taken_ >= bytes_.size() / 2) {
    bytes_.erase(0, taken_);
    taken_ = 0;
  }
  bytes_ += bytes;
}

std::optional<WebSocketReader::Header> WebSocketReader::header() const {
  const std::string_view bytes = std::string_view(bytes_).substr(taken_);
  if (bytes.size() < 2) return std::nullopt;
  const auto first = static_cast<unsigned char>(bytes[0]), second = static_cast<unsigned char>(bytes[1]);
  if ((first & 0x70U) != 0) throw broken("reserved bits are set: no extension was agreed on");
  if ((second & 0x80U) == 0) throw broken("a client's frame must be masked");
  Header found;
  found.last = (first & 0x80U) != 0;
  found.kind = static_cast<FrameKind>(first & 0x0fU);
  const unsigned length = second & 0x7fU;
  const std::size_t extended = length == 127 ? 8 : length == 126 ? 2 : 0;
  if (bytes.size() < 2 + extended) return std::nullopt;
  found.length = extended == 0 ? length : big_endian(bytes.substr(2, extended));
  found.size = 2 + extended + 4;
  check(found);
  return found;
}

void WebSocketReader::check(const Header& header) const {
  switch (header.kind) {
    case FrameKind::continuation:
      if (!in_message_) throw broken("a continuation without a beginning");
      break;
    case FrameKind::text:
      if (in_message_) throw broken("a new message before the end of the last");
      break;
    case FrameKind::binary:
      throw WebSocketError(CloseCode::unsupported_data, "messages are JSON text, not binary");
    case FrameKind::close:
    case FrameKind::ping:
    case FrameKind::pong:
      if (!header.last || header.length > max_control)
        throw broken("a control frame is one frame of at most 125 bytes");
      return;
    default:
      throw broken("an unknown kind of frame");
  }
  if (header.length > max_message_ || message_.size() + header.length > max_message_)
    throw WebSocketError(CloseCode::too_big,
                         "a message takes at most " + std::to_string(max_message_) + " bytes");
}

std::string WebSocketReader::unmasked(const Header& header) {
  const auto length = static_cast<std::size_t>(header.length);
  const char* mask = bytes_.data() + taken_ + header.size - 4;
  std::string payload = bytes_.substr(taken_ + header.size, length);
  for (std::size_t i = 0; i < length; ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
  taken_ += header.size + length;
  if (taken_ == bytes_.size()) {
    bytes_.clear();
    taken_ = 0;
    if (bytes_.capacity() > (64U << 10)) std::string().swap(bytes_);
  }
  return payload;
}

std::optional<WebSocketMessage> WebSocketReader::take(const Header& header) {
  std::string payload = unmasked(header);
  if (is_control(header.kind)) return WebSocketMessage{header.kind, std::move(payload)};
  in_message_ = !header.last;
  if (message_.empty())
    message_ = std::move(payload);
  else
    message_ += payload;
  if (!header.last) return std::nullopt;
  WebSocketMessage message{FrameKind::text, std::move(message_)};
  message_.clear();
  if (!is_utf8(message.payload)) throw WebSocketError(CloseCode::invalid_text, "the text is not UTF-8");
  return message;
}

std::optional<WebSocketMessage> WebSocketReader::next() {
  while (const auto found = header()) {
    if (buffered() < found->size + found->length) return std::nullopt;
    if (auto message = take(*found)) return message;
  }
  return std::nullopt;
}

void append_frame(std::string& out, FrameKind kind, std::string_view payload) {
  out += static_cast<char>(0x80U | static_cast<unsigned>(kind));
  const std::size_t size = payload.size();
  const auto append_size = [&](unsigned bytes) {
    for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(size >> (8U * i) & 0xffU);
  };
  if (size <= max_control) {
    out += static_cast<char>(size);
  } else if (size <= 0xffff) {
    out += static_cast<char>(126);
    append_size(2);
  } else {
    out += static_cast<char>(127);
    append_size(8);
  }
  out += payload;
}

std::string close_payload(CloseCode code, std::string_view reason) {
  const auto number = static_cast<unsigned>(code);
  std::string payload{static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)};
  std::size_t size = std::min<std::size_t>(reason.size(), max_control - 2);
  while (size > 0 && size < reason.size() && (static_cast<unsigned char>(reason[size]) & 0xc0U) == 0x80U)
    --size;
  payload += reason.substr(0, size);
  return payload;
}

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
    throw PermanentError("OpenSSL has no SHA-1, which the WebSocket handshake needs");
  return base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace rowhook
