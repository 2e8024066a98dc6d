// What connections share with their server, and what the server sees of one. Private to server.cpp: it pulls
// in Boost.Asio.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <ctime>
#include <exception>
#include <functional>
#include <list>
#include <string>

#include "engine/base/metrics.h"
#include "web/server/dispatch.h"
#include "web/server/live_hub.h"
#include "web/server/response_head.h"
#include "web/server/server.h"
#include "web/server/workers.h"

namespace rowhook {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using TlsStream = asio::ssl::stream<Tcp::socket>;

inline Tcp::socket& tcp_socket(Tcp::socket& stream) { return stream; }
inline Tcp::socket& tcp_socket(TlsStream& stream) { return stream.next_layer(); }

class SessionBase;

// "127.0.0.1" for an IPv4 address in whatever clothes.
inline std::string plain_address(const asio::ip::address& address) {
  std::string text = address.to_string();
  if (const std::string_view mapped = "::ffff:"; text.starts_with(mapped)) text.erase(0, mapped.size());
  return text;
}

// What sessions share with their server. Confined to the network thread, but for what `dispatch`, `quick` and
// `slow` allow.
struct SessionHost {
  SessionHost(asio::io_context& network, Dispatch& api, Workers& quick_workers, Workers& slow_workers,
              LiveHub& live_hub, const ServerSettings& server_settings)
      : io(network),
        dispatch(api),
        quick(quick_workers),
        slow(slow_workers),
        live(live_hub),
        settings(server_settings) {}

  asio::io_context& io;
  Dispatch& dispatch;
  Workers& quick;
  Workers& slow;
  LiveHub& live;
  const ServerSettings& settings;
  bool draining = false;
  std::list<SessionBase*> sessions;
  std::size_t dropped = 0;     // of them: on their way out
  std::size_t body_bytes = 0;  // of bodies that are being read or handled
  std::time_t date_second = 0;
  std::string date;                    // the Date field of this second
  std::array<Counter*, 6> by_class{};  // requests by status class
  Histogram* seconds = nullptr;
  Counter* slow_readers = nullptr;
  Gauge* websockets = nullptr;
  std::uint64_t websockets_opened = 0;
  std::size_t websockets_open = 0;
  std::function<void()> session_began, session_ended;

  void count_websockets(int by) {
    by > 0 ? ++websockets_open : --websockets_open;
    websockets->set(static_cast<double>(websockets_open));
  }

  const std::string& date_now() {
    const std::time_t now = std::time(nullptr);
    if (now != date_second) {
      date_second = now;
      date = date_field(now);
    }
    return date;
  }
};

// Runs `job` on a worker and then `then` with its error, if any, on the network thread; `self` lives that
// long.
template <typename Self, typename Job, typename Then>
void run_off_thread(SessionHost& host, Workers& workers, std::shared_ptr<Self> self, Job job, Then then) {
  const bool taken = workers.run([&host, self, job = std::move(job), then]() mutable {
    std::exception_ptr error;
    try {
      job();
    } catch (...) {
      error = std::current_exception();
    }
    // The session must not end here, on the worker: the reference goes along.
    asio::post(host.io, [self = std::move(self), then = std::move(then), error] { then(error); });
  });
  if (!taken)
    asio::post(host.io, [self, then] {
      then(std::make_exception_ptr(TransientError("the server has too much to do right now")));
    });
}

// What the server does with a session without knowing its stream. Confined to the network thread.
class SessionBase {
 public:
  explicit SessionBase(SessionHost& host)
      : host_(host), place_(host.sessions.insert(host.sessions.end(), this)) {
    host_.session_began();
  }
  SessionBase(const SessionBase&) = delete;
  SessionBase& operator=(const SessionBase&) = delete;
  virtual ~SessionBase() {
    host_.sessions.erase(place_);
    if (dropped_) host_.dropped -= 1;
    host_.session_ended();
  }
  virtual void start() = 0;
  virtual void cut() = 0;  // closes at once
  // The server stops: ends when nothing is in work any more.
  virtual void drain() {
    if (idle()) cut();
  }
  // Cuts an idle one off for want of room. Its last step is still to come, but it counts no more.
  void drop() {
    idle_ = false;
    dropped_ = true;
    host_.dropped += 1;
    cut();
  }
  virtual void expire() = 0;  // the deadline has passed
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }
  bool idle() const { return idle_; }      // no request is in work
  bool let_in() const { return let_in_; }  // a request with a token was accepted

 protected:
  void set_deadline(std::chrono::steady_clock::time_point at) { deadline_ = at; }
  void set_deadline(std::chrono::milliseconds from_now) {
    deadline_ = std::chrono::steady_clock::now() + from_now;
  }
  void no_deadline() { deadline_ = std::chrono::steady_clock::time_point::max(); }

  SessionHost& host_;
  bool idle_ = false, let_in_ = false;

 private:
  bool dropped_ = false;
  std::list<SessionBase*>::iterator place_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
};

}  // namespace rowhook
