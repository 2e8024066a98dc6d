#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "engine/db/connection.h"

namespace rowhook {

struct SqliteOptions {
  bool read_only = false;                        // the file must exist; nothing is written to it
  bool create = true;                            // false: a missing file is an error
  std::chrono::milliseconds busy_timeout{5000};  // how long a statement waits for another writer
  bool wal = true;        // switch the file to write-ahead logging (it stays so); false: leave its mode alone
  bool full_sync = true;  // synchronous=FULL: a commit that returned survives power loss
  bool foreign_keys = true;  // enforce them, as the schema says
};

// A session with an SQLite file. Statements are prepared once and kept (256 per session).
// SQLITE_BUSY and its kin, a full disk and I/O errors are TransientError; after a failed write to the file
// the session is not usable() any more. Throws TransientError when the file cannot be opened, PermanentError
// when it is no database. Thread safety: none; confined to one thread at a time, but for cancel().
std::unique_ptr<Connection> open_sqlite(const std::string& path, const SqliteOptions& options = {});

}  // namespace rowhook
