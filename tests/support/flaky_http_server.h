#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/guarded.h"

namespace rowhook::testing {

struct SeenRequest {
  std::string method, target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// A real HTTP/1.1 server on a loopback port, one thread for each connection, that behaves as badly as a test
// wants. Thread safety: safe to share.
class FlakyHttpServer {
 public:
  // What a test does with one request on its connection. Sending fails silently once the client is gone.
  class Exchange {
   public:
    Exchange(int fd, std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {}
    // A whole answer on a connection that stays open.
    void answer(int status, const std::string& headers = {}, const std::string& body = {});
    bool send(const std::string& bytes);  // raw; false when the client has gone
    void hang();                          // until the client goes away or the server stops
    void drip(const std::string& bytes);  // one byte every 5 ms, until the client goes away
    void reset();                         // ends the connection with RST
    void close();                         // ends it with FIN

   private:
    friend class FlakyHttpServer;
    bool client_is_gone() const;
    int fd_;
    std::atomic<bool>& stopping_;
    bool open_ = true;
  };
  using Behaviour = std::function<void(const SeenRequest&, Exchange&)>;

  // `address`: 127.0.0.1 or ::1.
  explicit FlakyHttpServer(Behaviour behaviour, const std::string& address = "127.0.0.1");
  ~FlakyHttpServer();

  std::string url(const std::string& target = "/") const;
  std::uint16_t port() const { return port_; }
  std::vector<SeenRequest> requests();
  std::size_t connections() const { return accepted_; }  // so far

 private:
  void accept_connections();
  void serve(int fd);

  Behaviour behaviour_;
  bool is_v6_;
  std::uint16_t port_ = 0;
  int listener_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> accepted_{0};
  Guarded<std::vector<SeenRequest>> seen_;
  std::list<std::thread> threads_;  // of the accepting thread
  std::thread acceptor_;
};

}  // namespace rowhook::testing
