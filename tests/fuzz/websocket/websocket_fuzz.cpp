// Whatever a WebSocket client sends: frames read the same in one piece and in many and keep their limit, and
// every message is answered by what JSON-RPC says or becomes a request of the API.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "web/server/rpc.h"
#include "web/server/websocket_frames.h"

namespace rowhook {

// Routes of every kind that a call can be made of: with parameters in the path and in the query, with a body,
// listings.
std::span<const Route> api_routes() {
  static constexpr QueryParameter filters[] = {{"source", ""}, {"from", ""}};
  static constexpr Route routes[] = {
      {"triggers.list", HttpMethod::get, "/api/v1/triggers", Role::viewer, nullptr, "", Work::quick,
       Reuse::never, true, filters},
      {"triggers.create", HttpMethod::post, "/api/v1/triggers", Role::author, nullptr, ""},
      {"triggers.save", HttpMethod::put, "/api/v1/triggers/{id}", Role::author, nullptr, ""},
      {"events.explain", HttpMethod::get, "/api/v1/events/{event_id}/explain", Role::viewer, nullptr, "",
       Work::slow, Reuse::never, false, filters},
      {"tokens.revoke", HttpMethod::del, "/api/v1/tokens/{id}", Role::admin, nullptr, ""}};
  return routes;
}

}  // namespace rowhook

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
      if (!made.target.starts_with("/api/v1/") || made.target.find_first_of(" \r\n#") != std::string::npos)
        std::abort();
      // Nothing that was a parameter becomes another segment of the path.
      const std::string_view path = made.path();
      if (std::count(path.begin(), path.end(), '/') !=
          std::count(route.pattern.begin(), route.pattern.end(), '/'))
        std::abort();
    } catch (const InvalidInput&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Read whole = read(bytes, size + 1), pieces = read(bytes, 3);
  if (whole.failed != pieces.failed || whole.messages != pieces.messages) std::abort();
  for (const auto& item : parse_rpc(bytes).items) {
    if (!item.refusal.empty()) continue;
    (void)route_of_method(item.request.method);
    call(item.request);
  }
  return 0;
}
