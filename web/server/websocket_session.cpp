#include "web/server/websocket_session.h"

#include <algorithm>

#include "web/server/call.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t small_buffer = 2048, large_buffer = 32U << 10;
// Before authentication nobody needs more than a token.
constexpr std::size_t max_first_message = 4096;
constexpr std::size_t max_open_calls = 32;
constexpr milliseconds look_every{500};
constexpr milliseconds linger{2000};
constexpr milliseconds told_linger{30'000};  // what a slow reader was told may still arrive

std::string frame(FrameKind kind, std::string_view payload) {
  std::string bytes;
  append_frame(bytes, kind, payload);
  return bytes;
}

FramesPtr as_frames(std::string bytes) {
  auto frames = std::make_shared<Frames>();
  frames->bytes = std::move(bytes);
  return frames;
}

}  // namespace

WebSocketSession::WebSocketSession(SessionHost& host, WebSocketOpening opening, std::string_view already_read)
    : SessionBase(host),
      opening_(std::move(opening)),
      session_id_("ws-" + std::to_string(++host.websockets_opened)),
      reader_(max_first_message),
      buffer_(small_buffer),
      opened_(steady_clock::now()),
      progressed_(opened_),
      next_ping_(opened_ + host.settings.websocket.heartbeat) {
  if (opening_.principal.role != Role::nobody) {
    authenticated_ = let_in_ = true;
    reader_.allow(host.settings.websocket.message_bytes);
  }
  idle_ = !authenticated_;  // whoever shows no token makes room first
  reader_.put(already_read);
  host_.count_websockets(1);
}

WebSocketSession::~WebSocketSession() {
  subscriptions_.clear();
  host_.live.presence().leave(session_id_);
  host_.count_websockets(-1);
}

void WebSocketSession::start() {
  queue(as_frames(std::move(opening_.answer)), 0, nullptr);
  opening_.answer = {};
  schedule();
  process();
  if (host_.draining) drain();  // it was on its way when the server stopped
}

void WebSocketSession::cut() {
  closing_ = cut_ = true;
  queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(writing_pieces_), queue_.end());
  subscriptions_.clear();
  host_.live.presence().leave(session_id_);
  close_socket();
}

void WebSocketSession::drain() {
  draining_ = true;
  if (open_calls_ == 0) close(CloseCode::going_away, "the server is shutting down");
}

void WebSocketSession::schedule() {
  const auto now = steady_clock::now();
  if (!closing_) set_deadline(std::min(now + look_every, next_ping_));
}

void WebSocketSession::expire() {
  if (closing_) return cut();
  const auto now = steady_clock::now();
  const auto& settings = host_.settings.websocket;
  if (!authenticated_ && now - opened_ >= host_.settings.head_timeout)
    return close(CloseCode::policy, "no token came in time");
  if (!queue_.empty() && now - progressed_ >= settings.stall_timeout) return drop_slow();
  for (const auto& subscription : subscriptions_)
    if (queued_bytes_ > settings.queue_bytes / 2 && subscription->behind() > settings.max_behind)
      return drop_slow();
  schedule();
  if (now >= next_ping_) {
    if (unanswered_pings_ == 2) return cut();
    unanswered_pings_ += 1;
    next_ping_ = now + settings.heartbeat;
    queue(FrameKind::ping, "");
    if (authenticated_ && !waiting_for_token_) check_token();  // a revoked token ends its subscriptions, too
  }
  go_on();
}

// --- reading

void WebSocketSession::read() {
  if (reading_ || cut_) return;
  reading_ = true;
  read_some(asio::buffer(buffer_));
}

void WebSocketSession::received(const boost::system::error_code& error, std::size_t size) {
  reading_ = false;
  if (error) return cut();
  unanswered_pings_ = 0;
  if (broken_) return read();
  reader_.put({buffer_.data(), size});
  if (size == buffer_.size() && buffer_.size() < large_buffer) buffer_.resize(large_buffer);
  process();
}

void WebSocketSession::process() {
  if (processing_ || cut_) return;
  processing_ = true;
  try {
    if (held_ && !waiting_for_token_) take_text(*std::exchange(held_, std::nullopt));
    while (!cut_ && !broken_ &&
           (closing_ ||
            (!held_ && !waiting_for_token_ && !draining_ && open_calls_ < max_open_calls && has_room()))) {
      const auto message = reader_.next();
      if (!message) {
        read();
        break;
      }
      take(*message);
    }
  } catch (const WebSocketError& error) {
    close(error.code(), error.what());
    broken_ = true;
    read();
  }
  processing_ = false;
}

void WebSocketSession::take(const WebSocketMessage& message) {
  switch (message.kind) {
    case FrameKind::close:
      peer_closed_ = true;
      if (closing_) {
        if (queue_.empty()) cut();
        return;
      }
      return close(CloseCode::normal, "");
    case FrameKind::ping:
      if (!closing_) queue(FrameKind::pong, message.payload);
      return;
    case FrameKind::text:
      if (!closing_) take_text(message.payload);
      return;
    default:
      return;  // a pong: received() has noted it
  }
}

// --- writing

bool WebSocketSession::has_room() const { return queued_bytes_ < host_.settings.websocket.queue_bytes; }

bool WebSocketSession::offer(const LiveSubscription& subscription, const FramesPtr& frames,
                             std::size_t offset) {
  if (closing_ || !has_room()) return false;
  queue(frames, offset, &subscription);
  return true;
}

void WebSocketSession::queue(FrameKind kind, std::string_view payload) {
  queue(as_frames(frame(kind, payload)), 0, nullptr);
}

void WebSocketSession::queue(FramesPtr frames, std::size_t offset, const LiveSubscription* subscription) {
  if (cut_) return;
  if (queue_.empty()) progressed_ = steady_clock::now();
  queued_bytes_ += frames->bytes.size() - offset;
  queue_.push_back({std::move(frames), offset, subscription});
  if (writing_pieces_ == 0) write();
}

// As many waiting frames as there are go out in one system call.
void WebSocketSession::write() {
  for (const auto& piece : queue_) {
    if (writing_pieces_ == writing_buffers_.size()) break;
    writing_buffers_.at(writing_pieces_++) = asio::buffer(piece.frames->bytes) + piece.offset;
  }
  write_some({writing_buffers_.data(), writing_pieces_});
}

void WebSocketSession::sent(const boost::system::error_code& error, std::size_t size) {
  writing_pieces_ = 0;
  if (error || cut_) return cut_ ? void() : cut();
  if (size > 0) progressed_ = steady_clock::now();
  queued_bytes_ -= size;
  while (!queue_.empty()) {
    Piece& front = queue_.front();
    const std::size_t left = front.frames->bytes.size() - front.offset;
    if (size < left) {
      front.offset += size;
      break;
    }
    size -= left;
    queue_.pop_front();
  }
  if (!queue_.empty()) {
    write();
  } else if (closing_) {
    if (peer_closed_) return cut();
    if (broken_) return finish_sending();
  }
  go_on();
  process();
}

void WebSocketSession::go_on() {
  if (closing_ || queued_bytes_ > host_.settings.websocket.queue_bytes / 4) return;
  for (const auto& subscription : subscriptions_) subscription->go_on();
}

// --- closing

void WebSocketSession::close(CloseCode code, std::string_view reason) {
  if (closing_) return;
  subscriptions_.clear();
  host_.live.presence().leave(session_id_);
  queue(FrameKind::close, close_payload(code, reason));
  closing_ = true;
  idle_ = false;
  set_deadline(linger);
  if (!reading_ && !processing_) process();
}

void WebSocketSession::drop_slow() {
  host_.slow_readers->add();
  while (queue_.size() > writing_pieces_) {
    const Piece& last = queue_.back();
    // The first piece may have been sent in part: its rest must follow.
    if (queue_.size() == 1) break;
    for (const auto& subscription : subscriptions_)
      if (subscription.get() == last.subscription) subscription->take_back(*last.frames, last.offset);
    queued_bytes_ -= last.frames->bytes.size() - last.offset;
    queue_.pop_back();
  }
  for (const auto& subscription : subscriptions_) {
    if (subscription->behind() == 0) continue;
    std::string params;
    JsonObject json(params);
    json.text("subscription", subscription->id());
    json.text("cursor", subscription->cursor());
    json.number("missed", subscription->behind());
    json.text("reason",
              "this connection reads too slowly; subscribe again with the cursor to go on behind it");
    json.close();
    queue(one_frame("missed", params), 0, nullptr);
  }
  close(CloseCode::try_again_later, "reads too slowly");
  set_deadline(told_linger);
}

}  // namespace rowhook
