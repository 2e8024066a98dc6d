#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/web/api_rig.h"

namespace rowhook::testing {

// A WebSocket client that speaks JSON-RPC, or whatever bytes it is told to. Thread safety: none.
class WebSocketClient {
 public:
  // Connects and sends the handshake. Throws when the server does not agree.
  WebSocketClient(std::uint16_t port, const std::string& handshake, int receive_buffer = 0);
  // `who` "": without a token.
  WebSocketClient(const ApiRig& rig, const std::string& who, int receive_buffer = 0)
      : WebSocketClient(rig.port(), rig.handshake(who), receive_buffer) {}

  // Sends a request and waits for its answer; notifications that come before it are kept for notification().
  nlohmann::json call(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
  nlohmann::json result(const std::string& method, const nlohmann::json& params = nlohmann::json::object()) {
    return call(method, params)["result"];
  }
  // The next notification; null when the connection ends or none comes within 20 s.
  nlohmann::json notification();
  // The next notification is a further one only if it comes at once.
  bool has_notification();

  void send_text(const std::string& text);
  void send_frame(unsigned char first_byte, const std::string& payload, bool masked = true);
  void send_bytes(const std::string& bytes) { connection_.send(bytes); }

  struct Frame {
    unsigned kind = 0;  // 0 when the connection has ended
    std::string payload;
    unsigned close_code() const;
  };
  Frame frame(std::chrono::milliseconds wait = std::chrono::seconds{20});
  // Reads until the close frame and returns its code; notifications on the way are kept. 0 without one.
  unsigned closed();
  HttpConnection& connection() { return connection_; }

 private:
  HttpConnection connection_;
  std::deque<nlohmann::json> notifications_;
  int last_id_ = 0;
};

}  // namespace rowhook::testing
