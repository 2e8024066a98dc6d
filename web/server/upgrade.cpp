#include "web/server/upgrade.h"

#include <algorithm>

#include "engine/event/json_writer.h"
#include "web/server/gate.h"
#include "web/server/handlers.h"
#include "web/server/response_head.h"
#include "web/server/websocket_frames.h"

namespace rowhook {
namespace {

constexpr std::string_view protocol = "rowhook", token_protocol = "rowhook.token.";

// Calls `found` with every element of a comma-separated field.
template <typename Found>
void each_element(std::string_view list, const Found& found) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view element = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    while (element.starts_with(' ') || element.starts_with('\t')) element.remove_prefix(1);
    while (element.ends_with(' ') || element.ends_with('\t')) element.remove_suffix(1);
    if (!element.empty()) found(element);
  }
}

bool has_element(std::string_view list, std::string_view lower_case) {
  bool found = false;
  each_element(list, [&](std::string_view element) {
    found = found || (element.size() == lower_case.size() &&
                      std::equal(element.begin(), element.end(), lower_case.begin(), [](char a, char b) {
                        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
                      }));
  });
  return found;
}

bool is_handshake(const ApiRequest& request) {
  return request.method == HttpMethod::get && has_element(request.header("connection"), "upgrade") &&
         has_element(request.header("upgrade"), "websocket") &&
         request.header("sec-websocket-version") == "13";
}

}  // namespace

std::string_view websocket_token(const ApiRequest& request) {
  if (const auto token = bearer_token(request); !token.empty()) return token;
  std::string_view token;
  each_element(request.header("sec-websocket-protocol"), [&](std::string_view offered) {
    if (offered.starts_with(token_protocol)) token = offered.substr(token_protocol.size());
  });
  return token;
}

ApiResponse websocket_needs_upgrade(Call&) {
  throw HttpError(426, "upgrade-required",
                  "this is a WebSocket: it needs the opening handshake of version 13",
                  "connect with a WebSocket client; see docs/websocket.md")
      .with("Upgrade", "websocket")
      .with("Sec-WebSocket-Version", "13");
}

std::string websocket_head(const ApiRequest& request, std::string_view date) {
  if (!is_handshake(request)) return "";
  if (!request.query().empty())
    throw bad_request("a WebSocket takes nothing in its URL", "", "bring the token in the handshake or the first message");
  const std::string_view key = request.header("sec-websocket-key");
  if (const auto bytes = base64_decode(key); !bytes || bytes->size() != 16)
    throw bad_request("Sec-WebSocket-Key is not 16 bytes in base64");
  const std::string_view offered = request.header("sec-websocket-protocol");
  const bool ours = has_element(offered, protocol);
  if (!offered.empty() && !ours)
    throw bad_request("none of the offered subprotocols is known", "", "offer the subprotocol `rowhook`");
  std::string head;
  write_status_line(head, 101);
  head += date;
  head +=
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + websocket_accept(key) + "\r\n";
  if (ours) head.append("Sec-WebSocket-Protocol: ").append(protocol).append("\r\n");
  return head + "\r\n";
}

}  // namespace rowhook
