#include "engine/capture/postgres_logical/replication_stream.h"

#include <libpq-fe.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "engine/capture/postgres_logical/wire.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds goodbye{300};

// A quarter of the server's patience, at most a second: the position of a quiet source is known to the server
// soon, and standard servers wake up no more than once a second for us.
milliseconds report_interval(milliseconds wal_sender_timeout) {
  constexpr milliseconds longest{1000};
  return wal_sender_timeout.count() == 0 ? longest
                                         : std::clamp(wal_sender_timeout / 4, milliseconds{100}, longest);
}

void poll_for(pollfd* waits, nfds_t count, milliseconds time) {
  ::poll(waits, count, static_cast<int>(std::clamp<std::int64_t>(time.count(), 0, 3'600'000)));
}

}  // namespace

ReplicationStream::ReplicationStream(std::unique_ptr<PgSession> session, const Options& options)
    : session_(std::move(session)),
      interrupt_(options.interrupt),
      interval_(report_interval(options.wal_sender_timeout)),
      received_(options.start),
      acknowledged_(options.start),
      reported_at_(steady_clock::now()) {
  start(options);
  reporter_ = std::thread([this] { report_in_time(); });
}

ReplicationStream::~ReplicationStream() {
  {
    std::unique_lock lock(connection_);
    stopping_ = true;
    report(lock);
    finish();
  }
  stop_.notify_all();
  reporter_.join();
}

// Closing a socket with unread input resets it, and the last report may be lost on the way: end the copy, and
// read what still comes.
void ReplicationStream::finish() noexcept {
  PGconn* const connection = session_->handle();
  if (PQputCopyEnd(connection, nullptr) != 1 || PQflush(connection) < 0) return;
  const auto deadline = steady_clock::now() + goodbye;
  for (;;) {
    char* bytes = nullptr;
    const int size = PQgetCopyData(connection, &bytes, 1);
    PQfreemem(bytes);
    if (size < 0 || steady_clock::now() >= deadline) return;
    if (size > 0) continue;
    pollfd wait_for{PQsocket(connection), POLLIN, 0};
    poll_for(&wait_for, 1, std::chrono::ceil<milliseconds>(deadline - steady_clock::now()));
    if (PQconsumeInput(connection) == 0) return;
  }
}

void ReplicationStream::start(const Options& options) {
  std::string names;
  for (const std::string& name : options.publications)
    names += (names.empty() ? "" : ",") + session_->identifier(name);
  const std::string command = "START_REPLICATION SLOT " + session_->identifier(options.slot) + " LOGICAL " +
                              format_lsn(options.start) + " (proto_version '1', publication_names " +
                              session_->literal(names) + ")";
  PGconn* const connection = session_->handle();
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection, command.c_str()), &PQclear);
  if (PQresultStatus(result.get()) != PGRES_COPY_BOTH) {
    const char* const sqlstate = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    const std::string message = "cannot start replication from slot " + options.slot + ": " +
                                plain_message(PQerrorMessage(connection));
    if (!sqlstate || is_transient_sqlstate(sqlstate)) throw TransientError(message);
    throw ServerRefusal(message, sqlstate);
  }
  PQsetnonblocking(connection, 1);
}

bool ReplicationStream::drain(const std::function<bool(std::string_view)>& take) {
  std::unique_lock lock(connection_);
  PGconn* const connection = session_->handle();
  bool tried = false;  // the socket was asked since the last message
  for (;;) {
    char* bytes = nullptr;
    const int size = PQgetCopyData(connection, &bytes, 1);
    if (size > 0) {
      const std::unique_ptr<char, decltype(&PQfreemem)> guard(bytes, &PQfreemem);
      tried = false;
      if (!take({bytes, static_cast<std::size_t>(size)})) break;
    } else if (size == 0 && !tried) {
      tried = true;
      if (PQconsumeInput(connection) == 0) ended();
    } else if (size == 0) {
      if (steady_clock::now() - reported_at_ >= interval_) report(lock);
      return false;
    } else {
      ended();
    }
  }
  if (steady_clock::now() - reported_at_ >= interval_) report(lock);
  return true;
}

void ReplicationStream::ended() {
  PGconn* const connection = session_->handle();
  PQsetnonblocking(connection, 0);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQgetResult(connection), &PQclear);
  const char* const sqlstate = result ? PQresultErrorField(result.get(), PG_DIAG_SQLSTATE) : nullptr;
  const char* const primary = result ? PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY) : nullptr;
  const std::string why = plain_message(primary ? primary : PQerrorMessage(connection));
  const std::string message = "the server ended the replication stream" + (why.empty() ? "" : ": " + why);
  if (!sqlstate || (is_transient_sqlstate(sqlstate) && std::string_view(sqlstate) != "58P01"))
    throw TransientError(message);
  throw ServerRefusal(message, sqlstate);
}

// TLS may have decrypted more than libpq took: the socket says nothing about that.
bool ReplicationStream::has_buffered_input() const {
  auto* const tls = static_cast<SSL*>(PQsslStruct(session_->handle(), "OpenSSL"));
  return tls && SSL_pending(tls) > 0;
}

void ReplicationStream::wait(milliseconds time) {
  {
    const std::unique_lock lock(connection_);
    if (has_buffered_input()) return;
  }
  std::array<pollfd, 2> waits{pollfd{PQsocket(session_->handle()), POLLIN, 0}, pollfd{interrupt_, POLLIN, 0}};
  poll_for(waits.data(), waits.size(), time);
}

void ReplicationStream::pause(milliseconds time) const {
  pollfd interrupted{interrupt_, POLLIN, 0};
  poll_for(&interrupted, 1, time);
}

void ReplicationStream::acknowledge(Lsn position, bool now) {
  acknowledged_ = position;
  if (received_ < position) received_ = position;
  if (!now) return;
  std::unique_lock lock(connection_);
  report(lock);
}

// Standby status update: write, flush and apply positions, our clock, no reply wanted. A failure shows at the
// next read.
void ReplicationStream::report(const std::unique_lock<std::mutex>&) noexcept {
  reported_at_ = steady_clock::now();
  std::string status = "r";
  put_u64(status, received_);
  put_u64(status, acknowledged_);
  put_u64(status, acknowledged_);
  put_u64(status, static_cast<std::uint64_t>(system_clock().now() - postgres_epoch));
  status += '\0';
  PGconn* const connection = session_->handle();
  if (PQputCopyData(connection, status.data(), static_cast<int>(status.size())) == 1) PQflush(connection);
}

void ReplicationStream::report_in_time() {
  std::unique_lock lock(connection_);
  while (!stop_.wait_for(lock, interval_, [this] { return stopping_; }))
    if (steady_clock::now() - reported_at_ >= interval_ / 2) report(lock);
}

}  // namespace rowhook
