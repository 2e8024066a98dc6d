// The API of the program itself, through what happens to a process: killed, told to reload, told to stop.
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <set>

#include "tests/integration/web/websocket_client.h"
#include "tests/support/eventually.h"
#include "tests/support/rowhook_process.h"
#include "web/server/routes.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

std::uint16_t port_of(const RowhookProcess& engine) {
  const std::string url = engine.base_url();
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

std::string request(const RowhookProcess& engine, const std::string& line, const std::string& body = "") {
  std::string text = line + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_of(engine)) +
                     "\r\nAuthorization: Bearer " + engine.token() + "\r\n";
  if (!body.empty())
    text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

// A client that came with the handshake's token.
struct Listener {
  explicit Listener(const RowhookProcess& engine)
      : client(port_of(engine), request(engine, "GET /api/v1/ws")
                                    .insert(strlen("GET /api/v1/ws HTTP/1.1\r\n"),
                                            "Upgrade: websocket\r\n"
                                            "Connection: Upgrade\r\n"
                                            "Sec-WebSocket-Version: 13\r\n"
                                            "Sec-WebSocket-Key: "
                                            "dGhlIHNhbXBsZSBub25jZQ==\r\n")) {}
  WebSocketClient client;
};

class Program : public ::testing::Test {
 protected:
  explicit Program(json config = json::object()) : engine_(std::move(config)) {
    engine_.define("workflows/w.json", R"({"id":"w","name":"W","nodes":[{"node_id":"in","node_type":"input"},
      {"node_id":"out","node_type":"log","config":{"level":"debug","message":"{{ new.id }}"}}],
      "connections":[{"from_node_id":"in","to_node_id":"out"}]})");
    engine_.define("triggers/t.json",
                   R"({"name":"all orders","source":"shop","event_type":"order_placed","workflow_id":"w"})");
  }
  // Posts an event; the id of the execution that its one trigger makes of it.
  std::string order(int id) {
    const json event{
        {"event_type", "order_placed"}, {"data", {{"id", id}}}, {"metadata", {{"source", "shop"}}}};
    const auto answer = engine_.call("POST", "/api/v1/events", event.dump());
    return std::to_string(answer.json()["seq"].get<std::uint64_t>()) + "-1";
  }
  bool completed(const std::string& id) {
    return engine_.call("GET", "/api/v1/executions/" + id).json()["status"] == "completed";
  }
  RowhookProcess engine_;
};

TEST_F(Program, ExecutionsGoOnBehindTheCursorAfterAKill) {
  engine_.start();
  std::string cursor;
  std::set<std::string> expected;
  {
    Listener listener(engine_);
    listener.client.result("subscribe", {{"topic", "executions"}});
    const std::string seen = order(0);
    const json first = listener.client.notification()["params"];
    ASSERT_EQ(first["execution"]["id"], seen);
    cursor = first["cursor"];
  }
  for (int i = 1; i <= 700; ++i) expected.insert(order(i));  // more than one page, which nobody listens to
  ASSERT_TRUE(eventually([&] { return completed(*expected.rbegin()) && completed("701-1"); }));
  engine_.kill9();
  engine_.start();
  for (int i = 1; i <= 3; ++i) expected.insert(order(i));
  Listener listener(engine_);
  listener.client.result("subscribe", {{"topic", "executions"}, {"cursor", cursor}});
  std::set<std::string> arrived;
  while (arrived.size() < expected.size()) {
    const json message = listener.client.notification();
    ASSERT_TRUE(message.is_object()) << arrived.size() << " of " << expected.size() << " arrived";
    ASSERT_EQ(message["method"], "execution") << message;
    EXPECT_TRUE(arrived.insert(message["params"]["execution"]["id"]).second) << "twice: " << message;
  }
  EXPECT_EQ(arrived, expected);
  EXPECT_FALSE(listener.client.has_notification());
}

TEST_F(Program, ACursorOfAnotherStoreIsToldWhatItMissed) {
  engine_.start();
  Listener listener(engine_);
  listener.client.result("subscribe", {{"topic", "executions"}, {"cursor", "999"}});
  EXPECT_EQ(listener.client.notification()["method"], "missed");
}

TEST_F(Program, StoppingAnswersWhatWasSentAndEndsWithZero) {
  engine_.start();
  ASSERT_EQ(
      engine_.call("POST", "/api/v1/scripts/run", R"({"source":"true","event":{"event_type":"x"}})").status,
      200);
  HttpConnection busy(port_of(engine_)), tail(port_of(engine_)), idle(port_of(engine_));
  Listener listener(engine_);
  tail.send(request(engine_, "GET /api/v1/events/tail?wait=30s"));
  busy.send(request(engine_, "POST /api/v1/scripts/run",
                    R"({"source":"while true do end","event":{"event_type":"x"}})"));
  auto stopped = std::async(std::launch::async, [&] { return engine_.stop(); });
  const HttpAnswer run = busy.read();
  EXPECT_EQ(run.status, 200) << "it runs to its end";
  EXPECT_EQ(run.header("connection"), "close");
  EXPECT_EQ(tail.read().status, 200);
  EXPECT_TRUE(idle.closed_within(std::chrono::seconds{20}));
  EXPECT_EQ(listener.client.closed(), 1001U);
  EXPECT_EQ(stopped.get(), 0);
}

// Every answer that an admin gets to a GET without parameters of its own.
std::string everything_the_api_says(RowhookProcess& engine) {
  std::string said;
  for (const auto& route : api_routes())
    if (route.method == HttpMethod::get && !route.upgrade && route.name != "events.tail" &&
        route.pattern.find('{') == std::string_view::npos)
      said += engine.call("GET", std::string(route.pattern)).body + "\n";
  for (const char* path : {"/triggers/1", "/workflows/hook", "/events/trigger/1", "/sources/shop"})
    said += engine.call("GET", std::string("/api/v1") + path).body + "\n";
  for (const auto& letter : engine.get("/dead-letters")["items"])
    said += engine.call("GET", "/api/v1/executions/" + letter["id"].get<std::string>()).body + "\n";
  return said;
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What nobody may read anywhere: of the configuration, of a trigger, of a workflow, of a row.
constexpr const char* webhook_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* database_password = "pw-4711-of-the-database";
constexpr const char* header_secret = "Bearer header-4711-secret";
constexpr const char* row_secret = "row-4711-secret";

TEST(ProgramSecrets, StandNowhere) {
  TempDir dir;
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((dir / "shop.db").c_str(), &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 5000);
  ASSERT_EQ(
      sqlite3_exec(db, "PRAGMA journal_mode=WAL; CREATE TABLE orders(id INTEGER PRIMARY KEY, card TEXT)",
                   nullptr, nullptr, nullptr),
      SQLITE_OK);
  RowhookProcess engine(
      {{"connections",
        {{{"name", "shop"},
          {"type", "sqlite"},
          {"database", dir / "shop.db"},
          {"monitoring", {{"method", "triggers"}}}},
         {{"name", "away"},
          {"type", "postgresql"},
          {"host", "127.0.0.1"},
          {"port", 9},
          {"database", "d"},
          {"username", "u"},
          {"password", database_password},
          {"monitoring", {{"method", "log_based"}}}}}},
       {"tables",
        {{{"connection", "shop"}, {"table", "orders"}, {"filters", {{"exclude_columns", {"card"}}}}},
         {{"connection", "away"}, {"table", "t"}}}},
       {"egress", {{"allow", {"127.0.0.0/8"}}}},
       {"retry", {{"max_retries", 0}}}});
  engine.define("workflows/hook.json",
                std::string(R"({"id":"hook","name":"Hook","nodes":[
      {"node_id":"in","node_type":"input"},
      {"node_id":"send","node_type":"http_request","config":{"url":"http://127.0.0.1:9/x","secret":")") +
                    webhook_secret + R"(","headers":{"Authorization":")" + header_secret +
                    R"("}}}],"connections":[{"from_node_id":"in","to_node_id":"send"}]})");
  engine.define("triggers/t.json",
                R"({"name":"orders","source":"shop","event_type":"record_inserted","workflow_id":"hook"})");
  engine.start();
  ASSERT_TRUE(eventually([&] { return engine.get("/sources/shop")["state"] == "running"; }));
  Listener listener(engine);
  listener.client.result("subscribe", {{"topic", "events"}});
  const std::string insert = std::string("INSERT INTO orders VALUES (1, '") + row_secret + "')";
  ASSERT_EQ(sqlite3_exec(db, insert.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  ASSERT_TRUE(eventually([&] { return engine.get("/dead-letters")["total"] == 1; })) << engine.log();

  const std::string pid = std::to_string(engine.pid());
  const std::map<std::string, std::string> places{
      {"the API", everything_the_api_says(engine)},
      {"the WebSocket", listener.client.notification().dump()},
      {"the log", engine.log()},
      {"the arguments", contents("/proc/" + pid + "/cmdline")},
      {"export",
       engine.command({"export", dir / "exported"}).out + contents(dir / "exported/workflows/hook.json")}};
  for (const auto& [place, text] : places) {
    EXPECT_GT(text.size(), 20U) << place;
    for (const std::string secret : {webhook_secret, database_password, header_secret, row_secret})
      EXPECT_EQ(text.find(secret), std::string::npos) << secret << " stands in " << place;
  }
  EXPECT_EQ(places.at("the arguments").find(engine.token()), std::string::npos);
  EXPECT_EQ(places.at("the API").find(engine.token()), std::string::npos);
  // The admin token is printed once, at the very first start, and not again.
  EXPECT_NE(engine.log().find(engine.token()), std::string::npos);
  const std::size_t before = engine.log().size();
  EXPECT_EQ(engine.stop(), 0);
  engine.start();
  EXPECT_EQ(engine.log().find(engine.token(), before), std::string::npos);

  for (const auto& entry : std::filesystem::recursive_directory_iterator(engine.data_dir())) {
    if (!entry.is_regular_file()) continue;
    const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    EXPECT_EQ(entry.status().permissions() & others, std::filesystem::perms::none) << entry.path();
    EXPECT_EQ(contents(entry.path()).find(row_secret), std::string::npos)
        << "an excluded column never reaches the journal: " << entry.path();
  }
  sqlite3_close(db);
}

// A connection over TLS that trusts whoever answers, and says who that was. Thread safety: none.
class TlsConnection {
 public:
  explicit TlsConnection(std::uint16_t port) : context_(SSL_CTX_new(TLS_client_method())) {
    bio_ = BIO_new_ssl_connect(context_);
    BIO_set_conn_hostname(bio_, ("127.0.0.1:" + std::to_string(port)).c_str());
    if (BIO_do_connect(bio_) != 1 || BIO_do_handshake(bio_) != 1) throw std::runtime_error("no TLS");
  }
  ~TlsConnection() {
    BIO_free_all(bio_);
    SSL_CTX_free(context_);
  }
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  // The common name of the server's certificate.
  std::string peer() const {
    SSL* ssl = nullptr;
    BIO_get_ssl(bio_, &ssl);
    X509* certificate = SSL_get_peer_certificate(ssl);
    char name[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    X509_free(certificate);
    return name;
  }
  std::string ask(const std::string& text) {
    BIO_write(bio_, text.data(), static_cast<int>(text.size()));
    char buffer[4096];
    const int size = BIO_read(bio_, buffer, sizeof buffer);
    return {buffer, static_cast<std::size_t>(std::max(size, 0))};
  }

 private:
  SSL_CTX* context_;
  BIO* bio_;
};

// A self-signed certificate and its key under the names the configuration has, replaced as a renewal does.
void make_certificate(const TempDir& dir, const std::string& name) {
  const std::string command =
      "cd '" + dir.path().string() +
      "' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
      "-days 2 -subj /CN=" +
      name +
      " -keyout new-key.pem -out new-cert.pem 2>/dev/null && mv new-key.pem key.pem && "
      "mv new-cert.pem cert.pem";
  ASSERT_EQ(std::system(command.c_str()), 0);
}

TEST(ProgramTls, HangupServesARenewedCertificateAndKeepsWhatIsOpen) {
  TempDir dir;
  make_certificate(dir, "first");
  const json tls{{"certificate", dir / "cert.pem"}, {"key", dir / "key.pem"}};
  RowhookProcess engine(json{{"server", {{"tls", tls}}}});
  engine.start();
  ASSERT_TRUE(engine.base_url().starts_with("https://"));
  const std::string triggers = request(engine, "GET /api/v1/triggers");
  const auto served_as = [&] { return TlsConnection(port_of(engine)).peer(); };
  TlsConnection before(port_of(engine));
  EXPECT_EQ(before.peer(), "first");
  EXPECT_TRUE(before.ask(triggers).starts_with("HTTP/1.1 200"));

  make_certificate(dir, "second");
  ASSERT_EQ(::kill(engine.pid(), SIGHUP), 0);
  EXPECT_TRUE(eventually([&] { return served_as() == "second"; }));
  EXPECT_TRUE(before.ask(triggers).starts_with("HTTP/1.1 200")) << "an open connection goes on";

  std::ofstream(dir / "key.pem") << "not a key";
  ASSERT_EQ(::kill(engine.pid(), SIGHUP), 0);
  EXPECT_TRUE(
      eventually([&] { return engine.log().find("configuration was not reloaded") != std::string::npos; }));
  EXPECT_EQ(served_as(), "second") << "a wrong pair changes nothing";
  EXPECT_EQ(engine.stop(), 0);
}

}  // namespace
}  // namespace rowhook::testing
