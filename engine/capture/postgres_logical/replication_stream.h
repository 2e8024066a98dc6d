#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "engine/capture/postgres_logical/lsn.h"
#include "engine/capture/postgres_logical/pg_session.h"

namespace rowhook {

// A running START_REPLICATION: CopyData in both directions. A thread of its own reports our positions to the
// server in time, so that wal_sender_timeout never ends the connection while the owner is busy or blocked
// elsewhere. Errors: TransientError when the connection is lost; ServerRefusal with the SQLSTATE when the
// server ended the stream. Thread safety: confined to one thread; the reporting thread is inside.
class ReplicationStream {
 public:
  struct Options {
    std::string slot;
    std::vector<std::string> publications;
    Lsn start = 0;
    std::chrono::milliseconds wal_sender_timeout{60000};  // the server's; 0 = none
    int interrupt = -1;                                   // descriptor that, when readable, ends wait()
  };
  // Takes a replication session and starts the stream on it.
  ReplicationStream(std::unique_ptr<PgSession> session, const Options& options);
  // Reports the last acknowledged position and closes; takes up to 300 ms when the server is slow to take it.
  ~ReplicationStream();
  ReplicationStream(const ReplicationStream&) = delete;
  ReplicationStream& operator=(const ReplicationStream&) = delete;

  // Hands every complete message that has arrived to `take`, until it returns false or nothing is left. Never
  // waits. True when there may be more: `take` returned false.
  bool drain(const std::function<bool(std::string_view)>& take);
  // Waits until something arrives, the interrupt descriptor is readable or the time is up.
  void wait(std::chrono::milliseconds time);
  // As wait(), but does not look at what arrives.
  void pause(std::chrono::milliseconds time) const;

  void received(Lsn position) { received_ = position; }  // told to the server as the write position
  // Everything up to `position` is durable. Told to the server within a second, or now.
  void acknowledge(Lsn position, bool now);
  Lsn acknowledged() const { return acknowledged_; }

 private:
  void start(const Options& options);
  void finish() noexcept;
  void report(const std::unique_lock<std::mutex>& lock) noexcept;
  void report_in_time();
  [[noreturn]] void ended();
  bool has_buffered_input() const;

  std::unique_ptr<PgSession> session_;
  const int interrupt_;
  const std::chrono::milliseconds interval_;  // between two reports
  std::atomic<Lsn> received_, acknowledged_;

  std::mutex connection_;  // held while libpq is used
  std::chrono::steady_clock::time_point reported_at_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread reporter_;
};

}  // namespace rowhook
