// Calls over the WebSocket: the handshake, who may do what, and JSON-RPC over the routes.
#include <gtest/gtest.h>

#include <thread>

#include "tests/integration/web/websocket_client.h"
#include "tests/support/eventually.h"
#include "web/server/routes.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

HttpAnswer shake(const ApiRig& rig, const std::string& who,
                 const std::map<std::string, std::string>& headers) {
  HttpConnection connection(rig.port());
  connection.send(rig.handshake(who, headers));
  return connection.read();
}

TEST(WebSocket, ShakesHands) {
  ApiRig rig;
  const HttpAnswer answer = shake(rig, "viewer", {});
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") << "RFC 6455, section 1.3";
  EXPECT_EQ(shake(rig, "", {}).status, 101) << "the token may come with the first message";
  EXPECT_EQ(shake(rig, "", {{"Sec-WebSocket-Protocol", "rowhook, rowhook.token." + rig.token("viewer")}})
                .header("sec-websocket-protocol"),
            "rowhook");
  EXPECT_EQ(shake(rig, "", {{"Sec-WebSocket-Protocol", "rowhook, rowhook.token.wrong"}}).status, 401);
  EXPECT_EQ(shake(rig, "viewer", {{"Sec-WebSocket-Protocol", "chat"}}).status, 400);
  EXPECT_EQ(shake(rig, "viewer", {{"Sec-WebSocket-Key", "short"}}).status, 400);
  EXPECT_EQ(shake(rig, "viewer", {{"Sec-WebSocket-Version", "8"}}).status, 426);
  EXPECT_EQ(rig.get("/api/v1/ws", "viewer").status, 426);
  EXPECT_EQ(rig.get("/api/v1/ws?token=" + rig.token("viewer"), "").status, 400);
}

TEST(WebSocket, RefusesForeignPages) {
  ApiRig rig;
  for (const auto* origin : {"http://evil.example", "null", "https://127.0.0.1"})
    EXPECT_EQ(shake(rig, "viewer", {{"Origin", origin}}).status, 403) << origin;
  EXPECT_EQ(shake(rig, "viewer", {{"Sec-Fetch-Site", "cross-site"}}).status, 403);
  EXPECT_EQ(shake(rig, "viewer", {{"Host", "evil.example"}}).status, 421);
  EXPECT_EQ(shake(rig, "viewer", {{"Origin", "http://127.0.0.1:" + std::to_string(rig.port())}}).status, 101);
}

TEST(WebSocket, NothingWorksBeforeTheToken) {
  ApiRig rig;
  WebSocketClient client(rig, "");
  for (const auto* method : {"triggers.list", "subscribe", "presence.set", "health.get"}) {
    const json answer = client.call(method);
    EXPECT_EQ(answer["error"]["code"], -32401) << method;
    EXPECT_EQ(answer["error"]["data"]["status"], 401);
  }
  const json welcome = client.result("authenticate", {{"token", rig.token("viewer")}});
  EXPECT_EQ(welcome["role"], "viewer");
  EXPECT_TRUE(client.result("triggers.list")["items"].is_array());

  WebSocketClient guessing(rig, "");
  EXPECT_EQ(guessing.call("authenticate", {{"token", "rowhook_guess"}})["error"]["code"], -32401);
  EXPECT_EQ(guessing.closed(), 1008U);
  WebSocketClient talkative(rig, "");
  talkative.send_text(std::string(5000, ' '));
  EXPECT_EQ(talkative.closed(), 1009U) << "nobody needs more than a token before it";
}

TEST(WebSocket, WhoBringsNoTokenInTimeIsDropped) {
  ApiRig::Options options;
  options.server.head_timeout = milliseconds{200};
  ApiRig rig(options);
  WebSocketClient silent(rig, "");
  EXPECT_EQ(silent.closed(), 1008U);
}

TEST(WebSocket, EveryRouteIsAMethodWithTheSameRole) {
  ApiRig rig;
  WebSocketClient viewer(rig, "viewer");
  const json params{{"id", "7"}, {"event_id", "7"}, {"trigger_id", "7"}, {"name", "x"}};
  for (const auto& route : api_routes()) {
    json given = json::object();
    for (const auto& [name, value] : params.items())
      if (route.pattern.find("{" + name + "}") != std::string_view::npos) given[name] = value;
    const json answer = viewer.call(std::string(route.name), given);
    if (route.upgrade || route.sets_cookie) {
      EXPECT_EQ(answer["error"]["code"], -32601);
    } else if (route.role > Role::viewer) {
      EXPECT_EQ(answer["error"]["code"], -32403) << route.name;
      EXPECT_EQ(answer["error"]["data"]["type"], "urn:rowhook:problem:forbidden");
    } else {
      EXPECT_TRUE(answer.contains("result") || answer["error"]["code"] == -32404) << route.name << answer;
    }
  }
}

TEST(WebSocket, CallsDoWhatRequestsDo) {
  ApiRig rig;
  const std::int64_t trigger = rig.make_trigger("shop", "ping");
  WebSocketClient client(rig, "admin");
  const json stored = client.result("triggers.get", {{"id", trigger}});
  EXPECT_EQ(stored, rig.get("/api/v1/triggers/" + std::to_string(trigger)).json());
  EXPECT_EQ(client.result("triggers.list", {{"limit", 1}, {"source", "none"}})["total"], 0);

  json changed = stored;
  changed["name"] = "another name";
  EXPECT_EQ(client.call("triggers.save", changed)["error"]["code"], -32428) << "needs if_match";
  changed["if_match"] = stored["revision"];
  EXPECT_EQ(client.result("triggers.save", changed)["name"], "another name");
  const json conflict = client.call("triggers.save", changed);
  EXPECT_EQ(conflict["error"]["code"], -32412);
  EXPECT_EQ(conflict["error"]["data"]["status"], 412);

  const json posted = client.result(
      "events.post", {{"event_type", "ping"}, {"data", {{"n", 1}}}, {"idempotency_key", "once"}});
  EXPECT_EQ(client.result("events.post",
                          {{"event_type", "ping"}, {"data", {{"n", 1}}}, {"idempotency_key", "once"}}),
            posted);
  const json batch = json::array(
      {{{"specversion", "1.0"}, {"id", "1"}, {"source", "/shop"}, {"type", "ping"}, {"data", {{"n", 2}}}}});
  EXPECT_EQ(client
                .result("events.post",
                        {{"body", batch}, {"content_type", "application/cloudevents-batch+json"}})["items"]
                .size(),
            1U);
  EXPECT_TRUE(client.result("metrics.prometheus").is_string());
  EXPECT_TRUE(client.result("triggers.delete", {{"id", trigger}}).is_null());
  EXPECT_EQ(client.call("triggers.get", {{"id", trigger}})["error"]["code"], -32404);
}

TEST(WebSocket, DigitsSurvive) {
  ApiRig rig;
  WebSocketClient client(rig, "admin");
  client.send_text(R"({"jsonrpc":"2.0","id":1,"method":"events.post","params":)"
                   R"({"event_type":"ping","data":{"n":9007199254740993,"d":0.1000000000000000000001}}})");
  const json posted = json::parse(client.frame().payload)["result"];
  client.send_text(R"({"jsonrpc":"2.0","id":2,"method":"events.get","params":{"event_id":)" +
                   posted["event_id"].dump() + "}}");
  const std::string event = client.frame().payload;
  EXPECT_NE(event.find("9007199254740993"), std::string::npos) << event;
  EXPECT_NE(event.find("0.1000000000000000000001"), std::string::npos) << event;
}

TEST(WebSocket, SpeaksJsonRpcAsItIsWritten) {
  ApiRig rig;
  WebSocketClient client(rig, "viewer");
  const auto answer = [&](const std::string& text) {
    client.send_text(text);
    return json::parse(client.frame().payload);
  };
  EXPECT_EQ(answer("{")["error"]["code"], -32700);
  EXPECT_EQ(answer(std::string(100, '[') + std::string(100, ']'))["error"]["code"], -32700) << "64 levels";
  EXPECT_EQ(answer("[]")["error"]["code"], -32600);
  EXPECT_EQ(answer(R"({"id":7,"method":"ping"})")["error"]["code"], -32600);
  EXPECT_EQ(answer(R"({"id":7,"method":"ping"})")["id"], 7);
  EXPECT_EQ(answer(R"({"jsonrpc":"2.0","id":1,"method":"triggers.lst"})")["error"]["code"], -32601);
  EXPECT_EQ(
      answer(R"({"jsonrpc":"2.0","id":1,"method":"triggers.get"})")["error"]["data"]["errors"][0]["pointer"],
      "/id");
  EXPECT_EQ(
      answer(R"({"jsonrpc":"2.0","id":1,"method":"triggers.list","params":{"limit":0}})")["error"]["code"],
      -32602);
  EXPECT_EQ(
      answer(R"({"jsonrpc":"2.0","id":1,"method":"triggers.list","params":{"limt":1}})")["error"]["code"],
      -32602);
  const json batch = answer(
      R"([{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","method":"ping"},7,
          {"jsonrpc":"2.0","id":"b","method":"triggers.list"}])");
  ASSERT_EQ(batch.size(), 3U) << "a notification gets no answer";
  client.send_text(R"({"jsonrpc":"2.0","method":"triggers.list"})");
  EXPECT_EQ(client.result("ping"), "pong");
}

TEST(WebSocket, FramesThatBreakTheProtocolEndIt) {
  ApiRig rig;
  const auto closed_by = [&](unsigned char first, const std::string& payload, bool masked = true) {
    WebSocketClient client(rig, "viewer");
    client.send_frame(first, payload, masked);
    return client.closed();
  };
  EXPECT_EQ(closed_by(0x81, "{}", false), 1002U) << "no mask";
  EXPECT_EQ(closed_by(0xc1, "{}"), 1002U) << "a reserved bit";
  EXPECT_EQ(closed_by(0x83, "{}"), 1002U) << "an unknown kind";
  EXPECT_EQ(closed_by(0x80, "{}"), 1002U) << "a continuation of nothing";
  EXPECT_EQ(closed_by(0x89, std::string(126, 'a')), 1002U) << "a long ping";
  EXPECT_EQ(closed_by(0x82, "{}"), 1003U) << "binary";
  EXPECT_EQ(closed_by(0x81, "\xff\xfe"), 1007U) << "not UTF-8";
  EXPECT_EQ(closed_by(0x81, std::string((1 << 20) + 1, ' ')), 1009U) << "over 1 MiB";
  WebSocketClient client(rig, "viewer");
  client.send_frame(0x01, R"({"jsonrpc":"2.0",)");
  client.send_frame(0x89, "in between");
  client.send_frame(0x80, R"("id":1,"method":"ping"})");
  const auto pong = client.frame();
  EXPECT_EQ(pong.kind, 10U);
  EXPECT_EQ(pong.payload, "in between");
  EXPECT_EQ(json::parse(client.frame().payload)["result"], "pong") << "a message in fragments";
  client.send_frame(0x88, "\x03\xe8");
  EXPECT_EQ(client.closed(), 1000U);
  EXPECT_TRUE(client.connection().closed_within(std::chrono::seconds{20}));
}

TEST(WebSocket, ARevokedTokenEndsTheConnection) {
  ApiRig::Options options;
  options.server.websocket.heartbeat = milliseconds{100};
  ApiRig rig(options);
  const json made = rig.post("/api/v1/tokens", {{"name", "guest"}, {"role", "viewer"}}).json();
  WebSocketClient client(rig, "");
  EXPECT_EQ(client.result("authenticate", {{"token", made["token"]}})["name"], "guest");
  EXPECT_EQ(rig.ask("DELETE", "/api/v1/tokens/" + made["id"].get<std::string>()).status, 204);
  EXPECT_EQ(client.closed(), 1008U);
}

TEST(WebSocket, SilentConnectionsArePingedAndDropped) {
  ApiRig::Options options;
  options.server.websocket.heartbeat = milliseconds{100};
  options.server.websocket.stall_timeout = milliseconds{500};
  ApiRig rig(options);
  WebSocketClient client(rig, "viewer");
  EXPECT_EQ(client.frame().kind, 9U) << "a ping";
  EXPECT_TRUE(client.connection().closed_within(std::chrono::seconds{20})) << "it was not answered";
}

TEST(WebSocket, StoppingAnswersWhatWasCalledAndSaysGoodbye) {
  ApiRig rig;
  WebSocketClient client(rig, "admin");
  client.call("ping");
  client.send_text(json{{"jsonrpc", "2.0"},
                        {"id", 7},
                        {"method", "scripts.run"},
                        {"params",
                         {{"source", "local n = 0 for i = 1, 3e6 do n = n + i % 7 end return {n = n}"},
                          {"event", {{"event_type", "ping"}}}}}}
                       .dump());
  client.send_frame(0x89, "behind it");
  WebSocketClient::Frame answer;
  for (auto next = client.frame(); next.kind != 10 && next.kind != 0; next = client.frame()) answer = next;
  std::thread stopping([&] { rig.server().stop(std::chrono::seconds{20}); });
  if (answer.kind == 0) answer = client.frame();  // the call was taken, and is answered
  ASSERT_EQ(answer.kind, 1U);
  EXPECT_EQ(json::parse(answer.payload)["id"], 7) << answer.payload;
  EXPECT_EQ(client.closed(), 1001U);
  client.send_frame(0x88, "\x03\xe9");
  stopping.join();
}

}  // namespace
}  // namespace rowhook::testing
