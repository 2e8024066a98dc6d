// What the tests of capture from SQLite share: the user's side of a file, and an intake in memory.
#pragma once

#include <sqlite3.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/capture/source.h"
#include "tests/support/temp_dir.h"

namespace rowhook::testing {

using Json = nlohmann::json;

// The user's session with the file. Waits up to 10 s for locks.
class User {
 public:
  explicit User(const std::string& path, bool wal = true);
  ~User();
  User(const User&) = delete;
  User& operator=(const User&) = delete;
  void run(const std::string& sql);             // fails the test when SQLite refuses
  std::string refused(const std::string& sql);  // "" when SQLite does not refuse, else its message
  std::string text(const std::string& sql);     // first column of the first row
  sqlite3* handle() { return database_; }

 private:
  sqlite3* database_ = nullptr;
};

WatchedTable watch(const std::string& table);  // all events

// A source and the journal's part of the contract: keeps events and Resume, ignores redeliveries,
// acknowledges.
class Capture {
 public:
  Capture(const std::string& path, std::vector<WatchedTable> tables);

  SourceSettings settings;
  Resume resume;
  std::vector<Event> events;
  std::size_t redelivered = 0;
  bool acknowledging = true;

  void open();  // (re)opens with `resume` and takes the position that a first open announces
  void close() { source_.reset(); }
  Source& source() { return *source_; }
  // Returns how many events it gave.
  std::size_t step(std::chrono::milliseconds wait = std::chrono::milliseconds{
                       20});  // one read(), taken as the journal would
  // Reads until there is nothing more; returns the events of this call as JSON.
  std::vector<Json> drain();
  // Reads until `count` events were captured in all; false after 30 s.
  bool until(std::size_t count);
  std::vector<std::string> summary(std::size_t from = 0) const;  // "record_inserted 42", ...

 private:
  std::unique_ptr<Source> source_;
};

// A file `shop.db` with `sql` run in it, watched and opened.
struct CaptureTest {
  explicit CaptureTest(const std::string& sql, std::vector<WatchedTable> tables, bool wal = true);
  TempDir directory;
  std::string path;
  User user;
  Capture capture;
};

}  // namespace rowhook::testing
