// One SQLite database file of the journal and its prepared statements: the thinnest layer that turns codes
// into errors.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/errors.h"

namespace rowhook {

// A call of SQLite failed. Writing: the transaction did not happen. code() is the extended result code.
class SqliteFailure : public TransientError {
 public:
  SqliteFailure(const std::string& message, int code) : TransientError(message), code_(code) {}
  int code() const noexcept { return code_; }

 private:
  int code_;
};

// Thread safety: none; confined to one thread at a time.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  SqliteStatement(sqlite3* database, std::string_view sql);
  ~SqliteStatement() { sqlite3_finalize(statement_); }
  SqliteStatement(SqliteStatement&& other) noexcept : statement_(other.statement_) {
    other.statement_ = nullptr;
  }
  SqliteStatement& operator=(SqliteStatement&& other) noexcept;

  // Parameters count from 1. Texts and blobs are not copied: they must live until the next reset().
  SqliteStatement& bind(int index, std::uint64_t value);
  SqliteStatement& bind(int index, std::int64_t value);
  SqliteStatement& bind_text(int index, std::string_view value);
  SqliteStatement& bind_blob(int index, std::string_view value);
  // True while there is a row. Throws SqliteFailure; reset() follows in both cases before the next use.
  bool step();
  // Runs a statement that gives no rows, and resets it.
  void run();
  void reset() noexcept { sqlite3_reset(statement_); }
  // Columns count from 0. Views live until the next step() or reset().
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::uint64_t unsigned_integer(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  std::string_view bytes(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
};

// Resets a statement at the end of a scope, so that no read transaction stays open behind an exception.
class StatementUse {
 public:
  explicit StatementUse(SqliteStatement& statement) : statement_(statement) {}
  ~StatementUse() { statement_.reset(); }
  StatementUse(const StatementUse&) = delete;
  StatementUse& operator=(const StatementUse&) = delete;

 private:
  SqliteStatement& statement_;
};

// Thread safety: none; confined to one thread at a time.
class SqliteFile {
 public:
  enum class Mode {
    write,   // the file must exist
    read,    // beside a writer
    sealed,  // the file never changes again: no locks, no -wal, no -shm
  };
  SqliteFile() = default;
  // `vfs` nullptr is the system's. Throws SqliteFailure.
  SqliteFile(const std::string& path, Mode mode, const char* vfs);
  // Closes without a checkpoint: that one is the sealer's work, and never wanted on a handle that failed.
  ~SqliteFile();
  SqliteFile(SqliteFile&& other) noexcept : database_(other.database_) { other.database_ = nullptr; }
  SqliteFile& operator=(SqliteFile&& other) noexcept;
  explicit operator bool() const { return database_ != nullptr; }

  sqlite3* handle() const { return database_; }
  void execute(const char* sql);
  std::string text(const char* sql);  // the first column of the first row; "" if none
  SqliteStatement prepare(std::string_view sql) { return SqliteStatement(database_, sql); }

 private:
  sqlite3* database_ = nullptr;
};

}  // namespace rowhook
