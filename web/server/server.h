// The HTTP server: the only door from the network.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "web/server/http_parser.h"
#include "web/server/services.h"

namespace rowhook {

class Dispatch;

struct WebSocketSettings {
  std::size_t message_bytes = 1U << 20;  // of one message of a client
  std::size_t queue_bytes = 1U << 20;    // that wait for one connection
  std::chrono::milliseconds heartbeat{
      30'000};  // a ping that often; who answers two of them with silence is gone
  std::chrono::milliseconds stall_timeout{10'000};  // who takes nothing for so long is dropped
  std::uint64_t max_behind = 1'000'000;             // and who falls so many events behind
};

struct ServerSettings {
  std::string listen =
      "127.0.0.1:8088";  // ADDRESS:PORT, [IPV6]:PORT or localhost:PORT; port 0 picks a free one
  std::string tls_certificate, tls_key;  // PEM files (the chain, the key); both or none
  std::vector<std::string>
      allowed_hosts;  // names beside our addresses that requests may use; "*.example.org" for all below
  HttpLimits limits;
  WebSocketSettings websocket;
  std::size_t max_connections = 4096;  // beyond it the connection that has idled longest is dropped
  std::size_t max_body_bytes_at_once = 64U << 20;  // of all requests that are being read
  std::chrono::milliseconds head_timeout{
      10'000};  // from the first byte of a request (or the TLS handshake) to the end of its head
  std::chrono::milliseconds body_timeout{
      30'000};  // for body and answer: this long, and a second for every 16 KiB
  std::chrono::milliseconds idle_timeout{75'000};  // a connection without a request
  unsigned quick_threads = 2;                      // SQL and journal look-ups
  unsigned slow_threads = 2;                       // scripts, workflows, bulk work
};

// Listens, and serves until stop(). One network thread; handlers run on worker threads.
// Thread safety: start() and stop() belong to one thread; port() is safe to share once started.
class ApiServer {
 public:
  ApiServer(ApiServices services, ServerSettings settings);
  ~ApiServer();  // stop() without grace

  // Throws ConfigError when the settings cannot be used (an address that is not loopback needs TLS;
  // certificate and key must be readable and belong together), TransientError when the address is taken.
  void start();
  // Takes no more connections, lets running requests end for up to `grace`, then cuts them off. Idempotent.
  void stop(std::chrono::milliseconds grace);
  // Reads certificate and key anew, from these files, for connections from now on. Throws ConfigError when
  // they cannot be used; then those in use stay. Only while it runs, and from the thread of start() and
  // stop().
  void reload_tls(const std::string& certificate, const std::string& key);
  std::uint16_t port() const;    // the bound one
  std::string base_url() const;  // "http://127.0.0.1:8088"
  // The API without the network, also before start(): shares tokens and reusable answers with it.
  Dispatch& dispatch();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowhook
