#pragma once

#include <chrono>
#include <string>

namespace rowhook {

// Tells when somebody writes to an SQLite file or its -wal and -journal, without opening them (inotify on the
// directory). Best effort: a network file system tells nothing, so whoever waits looks now and then as well.
// Thread safety: confined to one thread, but for interrupt().
class SqliteFileWatch {
 public:
  SqliteFileWatch();  // watches nothing yet
  ~SqliteFileWatch();
  SqliteFileWatch(const SqliteFileWatch&) = delete;
  SqliteFileWatch& operator=(const SqliteFileWatch&) = delete;

  // From now on this file, and no other.
  void watch(const std::string& path);
  // False where writes may go unnoticed: on network file systems, or without inotify.
  bool notices_writes() const { return local_; }

  enum class Wake { written, interrupted, time };
  // interrupted wins, and stays so until it was returned once.
  Wake wait(std::chrono::milliseconds time);
  void interrupt() noexcept;

 private:
  bool drain_events();

  std::string name_;
  int notify_ = -1, wake_ = -1;
  bool local_ = false;
};

}  // namespace rowhook
