#include "engine/capture/change_table/sqlite_handle.h"

#include <sqlite3.h>

#include <filesystem>
#include <utility>

namespace rowhook {
namespace {

[[noreturn]] void fail(sqlite3* database, int code, std::string_view doing) {
  const char* file = database ? sqlite3_db_filename(database, "main") : nullptr;
  const std::string path = file ? file : "";
  const std::string reason = database ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const std::string message =
      path + ": " + reason + (doing.empty() ? "" : " (" + std::string(doing.substr(0, 80)) + ")");
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_SCHEMA:
      throw DatabaseBusy(message);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw PermanentError(
          message, "give the user that runs rowhook write access to " + path + " and to its directory");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      throw PermanentError(message, "check the file: sqlite3 '" + path + "' 'PRAGMA integrity_check'");
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL:
      throw TransientError(message);
    default:
      throw PermanentError(message);
  }
}

void check(sqlite3* database, int code, std::string_view doing) {
  if (code != SQLITE_OK) fail(database, code, doing);
}

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

}  // namespace

SqliteCursor::SqliteCursor(sqlite3* database, std::string_view sql) : database_(database) {
  check(database,
        sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &statement_, nullptr),
        sql);
}
SqliteCursor::~SqliteCursor() { sqlite3_finalize(statement_); }
SqliteCursor::SqliteCursor(SqliteCursor&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}
SqliteCursor& SqliteCursor::operator=(SqliteCursor&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(statement_, other.statement_);
  return *this;
}

SqliteCursor& SqliteCursor::bind(int index, std::int64_t value) {
  check(database_, sqlite3_bind_int64(statement_, index, value), "");
  return *this;
}
SqliteCursor& SqliteCursor::bind(int index, std::string_view value) {
  check(database_,
        sqlite3_bind_text64(statement_, index, value.data(), value.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8),  // NOLINT
        "");
  return *this;
}

bool SqliteCursor::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const std::string sql = sqlite3_sql(statement_);
  sqlite3_reset(statement_);  // its result is the extended code
  fail(database_, sqlite3_extended_errcode(database_), sql);
}
void SqliteCursor::run() {
  while (step()) {
  }
  reset();
}
void SqliteCursor::reset() noexcept { sqlite3_reset(statement_); }

SqliteStorage SqliteCursor::storage(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return SqliteStorage::integer;
    case SQLITE_FLOAT:
      return SqliteStorage::real;
    case SQLITE_TEXT:
      return SqliteStorage::text;
    case SQLITE_BLOB:
      return SqliteStorage::blob;
    default:
      return SqliteStorage::null;
  }
}
std::int64_t SqliteCursor::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double SqliteCursor::real(int column) const { return sqlite3_column_double(statement_, column); }
std::string_view SqliteCursor::bytes(int column) const {
  // First the conversion to UTF-8, then its length. A blob comes as it is.
  const void* data = sqlite3_column_type(statement_, column) == SQLITE_BLOB
                         ? sqlite3_column_blob(statement_, column)
                         : static_cast<const void*>(sqlite3_column_text(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
}
int SqliteCursor::columns() const { return sqlite3_column_count(statement_); }

SqliteHandle::SqliteHandle(const std::string& path, bool writable) {
  const int flags =
      (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(std::filesystem::absolute(path).c_str(), &database_, flags, nullptr);
  if (code != SQLITE_OK) {
    const std::string reason = sqlite3_errmsg(database_);
    sqlite3_close(std::exchange(database_, nullptr));
    throw TransientError(
        "cannot open " + path + ": " + reason,
        "check that the file exists and that the user that runs rowhook may read and write it");
  }
  sqlite3_busy_timeout(database_, 0);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}
SqliteHandle::~SqliteHandle() { sqlite3_close_v2(database_); }
SqliteHandle::SqliteHandle(SqliteHandle&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}
SqliteHandle& SqliteHandle::operator=(SqliteHandle&& other) noexcept {
  std::swap(database_, other.database_);
  return *this;
}

void SqliteHandle::execute(const std::string& sql) {
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(database_, code, sql);
}
std::int64_t SqliteHandle::integer(std::string_view sql) {
  SqliteCursor cursor = prepare(sql);
  return cursor.step() ? cursor.integer(0) : 0;
}
std::string SqliteHandle::text(std::string_view sql) {
  SqliteCursor cursor = prepare(sql);
  return cursor.step() ? cursor.text(0) : std::string();
}
bool SqliteHandle::in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

SqliteTransaction::SqliteTransaction(SqliteHandle& handle, Kind kind) : handle_(handle) {
  handle_.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}
SqliteTransaction::~SqliteTransaction() {
  if (!handle_.in_transaction()) return;
  try {
    handle_.execute("ROLLBACK");
  } catch (const Error&) {
    // A failed rollback means that SQLite already rolled back by itself.
  }
}
void SqliteTransaction::commit() { handle_.execute("COMMIT"); }

std::string quote_sqlite_name(std::string_view name) { return quoted(name, '"'); }
std::string quote_sqlite_text(std::string_view text) { return quoted(text, '\''); }

}  // namespace rowhook
