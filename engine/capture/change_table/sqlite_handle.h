// A session with the user's SQLite file: the thinnest layer that turns result codes into the reactions of
// capture. Not engine/db's Connection: the reader needs storage classes as they are, and never waits for a
// lock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/errors.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rowhook {

// Somebody else holds the lock right now (SQLITE_BUSY with all its kinds, SQLITE_LOCKED, a schema that just
// changed). Whatever transaction was open should be rolled back and tried again.
class DatabaseBusy : public TransientError {
 public:
  using TransientError::TransientError;
};

enum class SqliteStorage { integer, real, text, blob, null };

// A prepared statement. Thread safety: none; confined to one thread, and to the life of its handle.
class SqliteCursor {
 public:
  SqliteCursor() = default;
  SqliteCursor(sqlite3* database, std::string_view sql);
  ~SqliteCursor();
  SqliteCursor(SqliteCursor&& other) noexcept;
  SqliteCursor& operator=(SqliteCursor&& other) noexcept;

  // Parameters count from 1. Text is copied.
  SqliteCursor& bind(int index, std::int64_t value);
  SqliteCursor& bind(int index, std::string_view value);
  // True while there is a row. Throws DatabaseBusy, TransientError, PermanentError; the statement is then
  // reset.
  bool step();
  // Runs to the end and resets.
  void run();
  void reset() noexcept;

  // Columns count from 0; views live until the next step() or reset().
  SqliteStorage storage(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view bytes(int column) const;  // of text and blob, in UTF-8 whatever the file's encoding is
  std::string text(int column) const { return std::string(bytes(column)); }
  int columns() const;

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

// Resets at the end of a scope, so that no read transaction stays open behind an exception.
class SqliteCursorUse {
 public:
  explicit SqliteCursorUse(SqliteCursor& cursor) : cursor_(cursor) {}
  ~SqliteCursorUse() { cursor_.reset(); }
  SqliteCursorUse(const SqliteCursorUse&) = delete;
  SqliteCursorUse& operator=(const SqliteCursorUse&) = delete;

 private:
  SqliteCursor& cursor_;
};

// Thread safety: none; confined to one thread at a time.
class SqliteHandle {
 public:
  SqliteHandle() = default;
  // The file must exist. Never waits for locks. Throws TransientError when it cannot be opened,
  // PermanentError when it is not a database or access is denied.
  SqliteHandle(const std::string& path, bool writable);
  ~SqliteHandle();
  SqliteHandle(SqliteHandle&& other) noexcept;
  SqliteHandle& operator=(SqliteHandle&& other) noexcept;
  explicit operator bool() const { return database_ != nullptr; }

  SqliteCursor prepare(std::string_view sql) { return SqliteCursor(database_, sql); }
  void execute(const std::string& sql);
  // First column of the first row; 0 and "" where there is none.
  std::int64_t integer(std::string_view sql);
  std::string text(std::string_view sql);
  bool in_transaction() const;

 private:
  sqlite3* database_ = nullptr;
};

// A transaction that is rolled back unless committed.
class SqliteTransaction {
 public:
  enum class Kind { read, write };
  // Throws DatabaseBusy when a write transaction cannot begin right now.
  SqliteTransaction(SqliteHandle& handle, Kind kind);
  ~SqliteTransaction();
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  void commit();

 private:
  SqliteHandle& handle_;
};

// "name" with quotes doubled; 'text' likewise.
std::string quote_sqlite_name(std::string_view name);
std::string quote_sqlite_text(std::string_view text);

}  // namespace rowhook
