#include "tests/integration/web/websocket_client.h"

#include <stdexcept>

namespace rowhook::testing {

using nlohmann::json;

namespace {

std::uint64_t big_endian(const std::string& bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

WebSocketClient::WebSocketClient(std::uint16_t port, const std::string& handshake, int receive_buffer)
    : connection_(port, receive_buffer) {
  connection_.send(handshake);
  const HttpAnswer answer = connection_.read();
  if (answer.status != 101)
    throw std::runtime_error("no handshake: " + std::to_string(answer.status) + answer.body);
}

void WebSocketClient::send_frame(unsigned char first_byte, const std::string& payload, bool masked) {
  std::string out(1, static_cast<char>(first_byte));
  const unsigned mask_bit = masked ? 0x80U : 0U;
  const auto add_size = [&](unsigned bytes) {
    for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(payload.size() >> (8U * i) & 0xffU);
  };
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | payload.size());
  } else if (payload.size() < 65536) {
    out += static_cast<char>(mask_bit | 126U);
    add_size(2);
  } else {
    out += static_cast<char>(mask_bit | 127U);
    add_size(8);
  }
  const std::string mask = "\x12\x34\x56\x78";
  if (masked) out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i)
    out += masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i];
  connection_.send(out);
}

void WebSocketClient::send_text(const std::string& text) { send_frame(0x81, text); }

WebSocketClient::Frame WebSocketClient::frame(std::chrono::milliseconds wait) {
  const std::string head = connection_.read_bytes(2, wait);
  if (head.empty()) return {};
  std::size_t length = static_cast<unsigned char>(head[1]);
  if (length == 126) length = big_endian(connection_.read_bytes(2, wait));
  if (length == 127) length = big_endian(connection_.read_bytes(8, wait));
  Frame frame;
  frame.kind = static_cast<unsigned char>(head[0]) & 0x0fU;
  if (length > 0) frame.payload = connection_.read_bytes(length, wait);
  if (frame.payload.size() != length) return {};
  return frame;
}

unsigned WebSocketClient::Frame::close_code() const {
  return payload.size() < 2 ? 0 : static_cast<unsigned>(big_endian(payload.substr(0, 2)));
}

json WebSocketClient::call(const std::string& method, const json& params) {
  const int id = ++last_id_;
  send_text(json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}}.dump());
  for (;;) {
    const Frame next = frame();
    if (next.kind == 0 || next.kind == 8) return json{{"closed", next.close_code()}};
    if (next.kind != 1) continue;
    json message = json::parse(next.payload);
    if (message.contains("id") && message["id"] == id) return message;
    notifications_.push_back(std::move(message));
  }
}

json WebSocketClient::notification() {
  while (notifications_.empty()) {
    const Frame next = frame();
    if (next.kind == 0 || next.kind == 8) return nullptr;
    if (next.kind == 1) notifications_.push_back(json::parse(next.payload));
  }
  json first = std::move(notifications_.front());
  notifications_.pop_front();
  return first;
}

bool WebSocketClient::has_notification() {
  call("ping");  // what was sent before its answer has arrived with it
  return !notifications_.empty();
}

unsigned WebSocketClient::closed() {
  for (;;) {
    const Frame next = frame();
    if (next.kind == 0) return 0;
    if (next.kind == 8) return next.close_code();
    if (next.kind == 1) notifications_.push_back(json::parse(next.payload));
  }
}

}  // namespace rowhook::testing
