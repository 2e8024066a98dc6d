// One HTTP connection. Private to server.cpp: it pulls in Boost.Asio.
#pragma once

#include <cstring>
#include <memory>

#include "web/server/gate.h"
#include "web/server/http_parser.h"
#include "web/server/session_host.h"
#include "web/server/upgrade.h"
#include "web/server/websocket_session.h"

namespace rowhook {

// Reads a request, checks its head, reads its body, has it handled, writes the answer; one at a time, in
// order. Requests that stand ready in the buffer (pipelining) are answered with one write where their answers
// are at hand. Thread safety: confined to the network thread.
template <typename Stream>
class Session final : public SessionBase, public std::enable_shared_from_this<Session<Stream>> {
 public:
  Session(SessionHost& host, Stream stream)
      : SessionBase(host), stream_(std::move(stream)), parser_(host.settings.limits) {
    boost::system::error_code error;
    request_.local_address = plain_address(socket().local_endpoint(error).address());
    request_.encrypted = is_tls;
    request_.peer_address = plain_address(socket().remote_endpoint(error).address());
  }
  ~Session() override { forget_body(); }

  void start() override {
    set_deadline(host_.settings.head_timeout);
    idle_ = true;
    parser_.start(request_);
    if constexpr (is_tls) {
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](boost::system::error_code error) {
                                if (!error) self->read();
                              });
    } else {
      read();
    }
  }

  void cut() override {
    boost::system::error_code ignored;
    socket().close(ignored);
  }

  // What the client had sent when the server stopped is answered, read or not.
  void drain() override {
    if (idle() && !has_unread()) cut();
  }

  void expire() override {
    const bool reading_request = state_ == State::head || state_ == State::body;
    if (!reading_request || !begun_ || writing_) return cut();
    close_after_ = true;
    answer(problem_response(HttpError(408, "timeout", "the request took too long to arrive")));
    flush();
  }

 private:
  static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;
  static constexpr std::size_t small_buffer = 4096, large_buffer = 64U << 10, max_pending_output = 256U << 10;
  enum class State { head, body, handling, closing, lingering, handed_over };

  Tcp::socket& socket() { return tcp_socket(stream_); }
  bool has_unread() {
    boost::system::error_code error;
    return buffered_ > 0 || socket().available(error) > 0;
  }

  // --- reading

  void read() {
    if (reading_) return;
    if (state_ == State::body && buffer_.size() < large_buffer) buffer_.resize(large_buffer);
    if (buffer_.size() - buffered_ < 512) buffer_.resize(std::max(small_buffer, buffer_.size() * 4));
    reading_ = true;
    stream_.async_read_some(
        asio::buffer(buffer_.data() + buffered_, buffer_.size() - buffered_),
        [self = this->shared_from_this()](boost::system::error_code error, std::size_t size) {
          self->reading_ = false;
          if (error) return self->ended();
          self->buffered_ += size;
          self->work();
        });
  }

  // The client has closed its side, or the connection broke: nothing more comes. Whoever still writes goes
  // on.
  void ended() {
    if (!writing_) cut();
  }

  // Goes on with whatever is possible now. While an answer is being written nothing is read: that is the
  // back-pressure.
  void work() {
    if (state_ == State::lingering) return linger();
    if (writing_) return;
    working_ = true;
    try {
      while ((state_ == State::head || state_ == State::body) && step()) {
      }
    } catch (const std::exception& error) {
      refuse(error);
    }
    working_ = false;
    buffered_ -= consumed_;
    if (consumed_ > 0 && buffered_ > 0) std::memmove(buffer_.data(), buffer_.data() + consumed_, buffered_);
    consumed_ = 0;
    if (state_ == State::handed_over) return;
    if (!output_.empty()) return flush();
    if (state_ == State::head || state_ == State::body) {
      note_waiting();
      read();
    }
  }

  // One step of reading; false when more bytes are needed.
  bool step() {
    if (buffered_ == consumed_ || output_.size() > max_pending_output) return false;
    if (state_ == State::head) {
      if (!parser_.head_done()) {
        if (!begun_) begin();
        consumed_ += parser_.feed({buffer_.data() + consumed_, buffered_ - consumed_});
        if (!parser_.head_done()) return false;
      }
      return admit();
    }
    if (!parser_.done()) {
      const std::size_t before = request_.body.size();
      consumed_ += parser_.feed({buffer_.data() + consumed_, buffered_ - consumed_});
      count_body(request_.body.size() - before);
      if (!parser_.done()) return false;
    }
    handle();
    return true;
  }

  void begin() {
    begun_ = true;
    idle_ = false;
    started_ = std::chrono::steady_clock::now();
  }

  void note_waiting() {
    if (state_ == State::body) {
      // A second for every 16 KiB that arrived: a slow client is waited for, one that drips is not.
      set_deadline(started_ + host_.settings.body_timeout +
                   std::chrono::seconds(request_.body.size() >> 14U));
    } else if (begun_) {
      set_deadline(started_ + host_.settings.head_timeout);
    } else {
      set_deadline(host_.settings.idle_timeout);
      idle_ = true;
      if (host_.draining && !has_unread()) return cut();
      if (buffered_ == 0 && buffer_.size() > small_buffer) std::vector<char>(small_buffer).swap(buffer_);
      if (request_.body.capacity() > large_buffer) std::string().swap(request_.body);
    }
  }

  void count_body(std::size_t bytes) {
    counted_body_ += bytes;
    host_.body_bytes += bytes;
    if (host_.body_bytes > host_.settings.max_body_bytes_at_once)
      throw TransientError("too many large requests are being read already");
  }
  void forget_body() {
    host_.body_bytes -= counted_body_;
    counted_body_ = 0;
  }

  // --- the checks of the head

  bool admit() {
    const auto match = host_.dispatch.admit(request_, parser_.has_body());
    if (!match) {
      state_ = State::handling;
      off_thread(
          host_.quick, [this] { host_.dispatch.tokens().renew(); },
          [this](std::exception_ptr error) {
            state_ = State::head;
            try {
              if (error) std::rethrow_exception(error);
              if (admit()) work();
            } catch (const std::exception& failure) {
              refuse(failure);
              flush();
            }
          });
      return false;
    }
    match_ = *match;
    let_in_ = let_in_ || request_.principal.role != Role::nobody;
    if (parser_.has_body())
      check_body_size(request_.principal, parser_.content_length(), host_.settings.limits.body_bytes);
    if (parser_.done()) {
      handle();
      return true;
    }
    state_ = State::body;
    if (parser_.expects_continue()) output_ += "HTTP/1.1 100 Continue\r\n\r\n";
    return true;
  }

  // Something was wrong before the request was complete: where the next one begins is unknown, so the
  // connection ends.
  void refuse(const std::exception& error) {
    close_after_ = close_after_ || !parser_.head_done() || !parser_.done();
    answer(problem_response(error));
  }

  // --- handling

  void handle() {
    if (match_.route->upgrade && hand_over()) return;
    const bool reusable = match_.route->reuse != Reuse::never;
    if (reusable) {
      if (const ReusableAnswerPtr ready = host_.dispatch.ready(request_, match_)) return answer(*ready);
    }
    state_ = State::handling;
    no_deadline();
    auto self = this->shared_from_this();
    if (Dispatch::is_deferred(request_, match_)) {
      host_.dispatch.start_deferred(request_, match_, [self](ApiResponse response) {
        if (self->host_.io.get_executor().running_in_this_thread()) return self->answer_later(response);
        asio::post(self->host_.io, [self, response = std::move(response)] { self->answer_later(response); });
      });
      return;
    }
    auto response = std::make_shared<ApiResponse>();
    auto cached = std::make_shared<ReusableAnswerPtr>();
    off_thread(
        match_.route->work == Work::slow ? host_.slow : host_.quick,
        [this, response, cached, reusable] {
          *response = host_.dispatch.run(request_, match_, reusable ? cached.get() : nullptr);
        },
        [this, response, cached](std::exception_ptr error) {
          try {
            if (error) std::rethrow_exception(error);
            if (*cached) {
              answer(**cached);
            } else {
              answer(*response);
            }
          } catch (const std::exception& failure) {
            answer(problem_response(failure));
          }
          flush();
        });
  }

  template <typename Job, typename Then>
  void off_thread(Workers& workers, Job job, Then then) {
    run_off_thread(host_, workers, this->shared_from_this(), std::move(job), std::move(then));
  }

  // The connection goes on as a WebSocket, and this session has nothing to do any more; false when that is
  // not what the request asks for.
  bool hand_over() {
    const std::string head = websocket_head(request_, host_.date_now());
    if (head.empty()) return false;
    const std::string_view token = websocket_token(request_);
    WebSocketOpening opening{.token = std::string(token.empty() ? session_cookie(request_) : token),
                             .principal = request_.principal,
                             .encrypted = is_tls,
                             .local_address = request_.local_address,
                             .peer_address = request_.peer_address,
                             .answer = output_ + head};
    host_.by_class[1]->add();
    state_ = State::handed_over;
    const std::string_view rest(buffer_.data() + consumed_, buffered_ - consumed_);
    std::make_shared<WebSocketOver<Stream>>(host_, std::move(stream_), std::move(opening), rest)->start();
    return true;
  }

  void answer_later(const ApiResponse& response) {
    answer(response);
    if (!working_) flush();  // else work() goes on behind the call and flushes
  }

  // --- answering

  void answer(const ApiResponse& response) {
    if (is_fresh(request_, response)) return answer_with({304, response.headers, "", ""});
    answer_with(response);
  }

  void answer_with(const ApiResponse& response) {
    write_head(response.status);
    output_ += head_behind_date(response, close_after_, is_tls);
    if (request_.method != HttpMethod::head) output_ += response.body;
    next_request();
  }

  void answer(const ReusableAnswer& ready) {
    if (is_tls || !parser_.keep_alive() || host_.draining || close_after_ ||
        is_fresh(request_, ready.response))
      return answer(ready.response);
    write_head(ready.response.status);
    output_ += ready.head;
    if (request_.method != HttpMethod::head) output_ += ready.response.body;
    next_request();
  }

  void write_head(int status) {
    close_after_ = close_after_ || host_.draining || !parser_.head_done() || !parser_.keep_alive();
    write_status_line(output_, status);
    output_ += host_.date_now();
    host_.by_class.at(static_cast<std::size_t>(std::clamp(status / 100, 0, 5)))->add();
    if (begun_)
      host_.seconds->observe(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count());
  }

  void next_request() {
    forget_body();
    begun_ = false;
    state_ = close_after_ ? State::closing : State::head;
    parser_.start(request_);
  }

  void flush() {
    if (writing_) return;
    if (output_.empty()) return work();
    writing_ = true;
    sending_.swap(output_);
    output_.clear();
    sent_ = 0;
    write_started_ = std::chrono::steady_clock::now();
    write();
  }

  void write() {
    // As with bodies: a second for every 16 KiB that was taken. A slow reader is waited for, one that reads
    // nothing is not.
    set_deadline(write_started_ + host_.settings.body_timeout + std::chrono::seconds(sent_ >> 14U));
    stream_.async_write_some(
        asio::buffer(sending_.data() + sent_, sending_.size() - sent_),
        [self = this->shared_from_this()](boost::system::error_code error, std::size_t size) {
          self->sent_ += size;
          if (error) return self->cut();
          if (self->sent_ < self->sending_.size()) return self->write();
          self->written();
        });
  }

  void written() {
    writing_ = false;
    sending_.clear();
    if (sending_.capacity() > large_buffer) std::string().swap(sending_);
    if (state_ == State::closing) return begin_linger();
    if (state_ == State::handling) no_deadline();
    work();
  }

  // --- closing: what the client still sends is thrown away for a moment, or the answer might be lost with a
  // reset

  void begin_linger() {
    state_ = State::lingering;
    set_deadline(std::chrono::seconds{2});
    boost::system::error_code ignored;
    if constexpr (is_tls) {
      stream_.async_shutdown([self = this->shared_from_this()](boost::system::error_code) { self->cut(); });
    } else {
      socket().shutdown(Tcp::socket::shutdown_send, ignored);
      linger();
    }
  }

  void linger() {
    lingered_ += buffered_;
    buffered_ = 0;
    if (lingered_ > (1U << 20)) return cut();
    read();
  }

  Stream stream_;
  HttpParser parser_;
  ApiRequest request_;
  RouteMatch match_;
  State state_ = State::head;
  std::vector<char> buffer_;
  std::size_t buffered_ = 0, consumed_ = 0, counted_body_ = 0, lingered_ = 0, sent_ = 0;
  std::string output_, sending_;
  bool reading_ = false, writing_ = false, working_ = false, begun_ = false, close_after_ = false;
  std::chrono::steady_clock::time_point started_{}, write_started_{};
};

}  // namespace rowhook
