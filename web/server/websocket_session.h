// One WebSocket connection. Private to server.cpp: it pulls in Boost.Asio.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "web/server/live_hub.h"
#include "web/server/rpc.h"
#include "web/server/session_host.h"
#include "web/server/websocket_frames.h"

namespace rowhook {

// What the handshake brought along.
struct WebSocketOpening {
  std::string token;  // or the cookie of a page session; "" when the first message is to bring one
  Principal principal;
  bool encrypted = false;
  std::string local_address, peer_address;
  std::string answer;  // the bytes of "101 Switching Protocols"
};

// Takes JSON-RPC calls, has them handled as HTTP requests are, and sends their answers and what was
// subscribed to. What waits to be sent is bounded: calls are not read on, subscriptions fall behind and read
// on later. Whoever takes nothing for a while, or falls too far behind, is told what it missed and dropped.
// Thread safety: confined to the network thread.
class WebSocketSession : public SessionBase,
                         public Receiver,
                         public std::enable_shared_from_this<WebSocketSession> {
 public:
  WebSocketSession(SessionHost& host, WebSocketOpening opening, std::string_view already_read);
  ~WebSocketSession() override;
  void start() override;
  void cut() override;
  void expire() override;  // its heart: called when a deadline has passed
  void drain() override;   // answers what was called, then says that the server goes away
  bool offer(const LiveSubscription& subscription, const FramesPtr& frames, std::size_t offset) override;

 protected:
  // Implemented over the stream; each ends in received() or sent().
  virtual void read_some(asio::mutable_buffer buffer) = 0;
  virtual void write_some(std::span<const asio::const_buffer> buffers) = 0;
  virtual void close_socket() = 0;
  virtual void finish_sending() = 0;  // what is written goes out, no more will follow
  void received(const boost::system::error_code& error, std::size_t size);
  void sent(const boost::system::error_code& error, std::size_t size);

 private:
  using Answer = std::function<void(std::string)>;  // takes the answer's text
  struct Piece {
    FramesPtr frames;
    std::size_t offset;
    const LiveSubscription* subscription;  // compared only: it may have ended
  };
  struct Batch;

  // websocket_session.cpp: bytes
  void read();
  void process();
  void take(const WebSocketMessage& message);
  void queue(FrameKind kind, std::string_view payload);
  void queue(FramesPtr frames, std::size_t offset, const LiveSubscription* subscription);
  void write();
  bool has_room() const;
  void close(CloseCode code, std::string_view reason);
  void drop_slow();
  void go_on();
  void schedule();

  // websocket_calls.cpp: messages
  bool check_token();  // false: it is being looked up, or the connection is being closed
  void take_text(const std::string& text);
  void call(const RpcRequest& request, const Answer& answer);
  void call_route(const Route& route, const RpcRequest& request, const Answer& answer);
  void authenticate(const RpcRequest& request, const Answer& answer);
  std::string subscribe(const Document& params);
  std::string unsubscribe(const Document& params);
  std::string set_presence(const Document& params);
  void renew_tokens(std::function<void()> then);

  WebSocketOpening opening_;
  std::string session_id_;
  WebSocketReader reader_;
  std::vector<char> buffer_;
  std::deque<Piece> queue_;
  std::array<asio::const_buffer, 64> writing_buffers_{};
  std::size_t queued_bytes_ = 0, writing_pieces_ = 0;
  std::optional<std::string> held_;  // a message that waits for the token to be looked up
  std::vector<LiveSubscriptionPtr> subscriptions_;
  std::size_t open_calls_ = 0;
  unsigned unanswered_pings_ = 0;  // nothing at all was heard since
  bool authenticated_ = false, waiting_for_token_ = false;
  bool reading_ = false, processing_ = false, closing_ = false, peer_closed_ = false, cut_ = false;
  bool draining_ = false;
  bool broken_ = false;  // what else comes makes no sense and is thrown away
  std::chrono::steady_clock::time_point opened_, progressed_, next_ping_;
};

// The same over a plain or an encrypted stream.
template <typename Stream>
class WebSocketOver final : public WebSocketSession {
 public:
  WebSocketOver(SessionHost& host, Stream stream, WebSocketOpening opening, std::string_view already_read)
      : WebSocketSession(host, std::move(opening), already_read), stream_(std::move(stream)) {}

 private:
  void read_some(asio::mutable_buffer buffer) override {
    stream_.async_read_some(
        buffer, [self = this->shared_from_this(), this](boost::system::error_code error, std::size_t size) {
          received(error, size);
        });
  }
  void write_some(std::span<const asio::const_buffer> buffers) override {
    stream_.async_write_some(
        buffers, [self = this->shared_from_this(), this](boost::system::error_code error, std::size_t size) {
          sent(error, size);
        });
  }
  void close_socket() override {
    boost::system::error_code ignored;
    socket().close(ignored);
  }
  void finish_sending() override {
    boost::system::error_code ignored;
    if constexpr (std::is_same_v<Stream, Tcp::socket>) socket().shutdown(Tcp::socket::shutdown_send, ignored);
  }
  Tcp::socket& socket() { return tcp_socket(stream_); }

  Stream stream_;
};

}  // namespace rowhook
