// Whatever a WebSocket client sends: frames read the same in one piece and in many and keep their limit, and
// every message is answered by what JSON-RPC says or becomes a request of the API.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "web/server/rpc.h"
#include "web/server/websocket_frames.h"

namespace {

using namespace rowhook;

struct Read {
  std::vector<std::string> messages;
  bool failed = false;
};

Read read(std::string_view bytes, std::size_t step) {
  Read out;
  WebSocketReader reader(4096);
  try {
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      reader.put(bytes.substr(at, step));
      while (auto message = reader.next()) {
        if (message->payload.size() > 4096) std::abort();
        out.messages.push_back(std::move(message->payload));
      }
    }
  } catch (const WebSocketError&) {
    out.failed = true;
  }
  return out;
}

void call(const RpcRequest& request) {
  for (const auto& route : api_routes()) try {
      const ApiRequest made = request_of_call(route, request.params);
      if (!made.target.starts_with("/")) std::abort();
    } catch (const InvalidInput&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Read whole = read(bytes, size + 1), pieces = read(bytes, 3);
  if (whole.failed != pieces.failed || whole.messages != pieces.messages) std::abort();
  for (const auto& item : parse_rpc(bytes).items)
    if (item.refusal.empty()) call(item.request);
  return 0;
}
