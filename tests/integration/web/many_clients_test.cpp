// A thousand WebSocket clients: each gets everything, and the engine stays small.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "tests/integration/web/websocket_client.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

// Resident memory of this process, with its clients, in MiB.
double resident_mebibytes() {
  std::ifstream statm("/proc/self/statm");
  double all = 0, resident = 0;
  statm >> all >> resident;
  return resident * 4096 / (1 << 20);
}

TEST(ManyClients, AThousandGetEveryEvent) {
  ApiRig rig;
  const double before = resident_mebibytes();
  std::vector<std::unique_ptr<WebSocketClient>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<WebSocketClient>(rig, "viewer"));
    clients.back()->result("subscribe", {{"topic", "events"}});
  }
  const std::string text(400, 'x');
  for (int i = 1; i <= 20; ++i)
    EXPECT_EQ(rig.post("/api/v1/events", {{"event_type", "ping"}, {"data", {{"text", text}}}}).status, 202);
  for (auto& client : clients)
    for (int i = 1; i <= 20; ++i) ASSERT_EQ(client->notification()["params"]["cursor"], std::to_string(i));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(resident_mebibytes() - before, 150);
#endif
  EXPECT_NE(rig.get("/metrics").body.find("rowhook_websocket_connections 1000"), std::string::npos);
}

}  // namespace
}  // namespace rowhook::testing
