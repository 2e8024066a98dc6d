#include "engine/journal/sqlite_file.h"

#include <system_error>
#include <utility>

namespace rowhook {
namespace {

[[noreturn]] void fail(sqlite3* database, const char* doing) {
  const int code = database ? sqlite3_extended_errcode(database) : SQLITE_NOMEM;
  std::string message = std::string("the journal cannot ") + doing + ": ";
  message += database ? sqlite3_errmsg(database) : "out of memory";
  if (const int system = database ? sqlite3_system_errno(database) : 0;
      system != 0 && (code & 0xff) != SQLITE_CORRUPT)
    message += " (" + std::generic_category().message(system) + ")";
  throw SqliteFailure(message, code);
}

std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      constexpr char digits[] = "0123456789abcdef";
      uri += '%';
      uri += digits[static_cast<unsigned char>(c) >> 4];
      uri += digits[static_cast<unsigned char>(c) & 15];
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

SqliteStatement::SqliteStatement(sqlite3* database, std::string_view sql) {
  if (sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement_, nullptr) != SQLITE_OK)
    fail(database, "prepare a statement");
}

SqliteStatement& SqliteStatement::operator=(SqliteStatement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

SqliteStatement& SqliteStatement::bind(int index, std::uint64_t value) {
  return bind(index, static_cast<std::int64_t>(value));
}

SqliteStatement& SqliteStatement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

SqliteStatement& SqliteStatement::bind_text(int index, std::string_view value) {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement_, index, value.data() ? value.data() : "", value.size(), nullptr,
                      SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::bind_blob(int index, std::string_view value) {
  sqlite3_bind_blob64(statement_, index, value.data() ? value.data() : "", value.size(), nullptr);
  return *this;
}

bool SqliteStatement::step() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default: {
      sqlite3* database = sqlite3_db_handle(statement_);
      fail(database, sqlite3_stmt_readonly(statement_) ? "be read" : "be written");
    }
  }
}

void SqliteStatement::run() {
  const StatementUse use(*this);
  step();
}

std::string_view SqliteStatement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return data ? std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
              : std::string_view{};
}

SqliteFile::SqliteFile(const std::string& path, Mode mode, const char* vfs) {
  // Multi-thread mode: every handle is confined, SQLite's own mutexes would only cost.
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::sealed ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE);
  const std::string name = mode == Mode::sealed ? uri_of(path) : path;
  if (sqlite3_open_v2(name.c_str(), &database_, flags, vfs) != SQLITE_OK) {
    sqlite3* failed = std::exchange(database_, nullptr);
    try {
      fail(failed, ("open " + path).c_str());
    } catch (...) {
      sqlite3_close_v2(failed);
      throw;
    }
  }
  sqlite3_busy_timeout(database_, 5000);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_wal_autocheckpoint(database_, 0);
}

SqliteFile::~SqliteFile() { sqlite3_close_v2(database_); }

SqliteFile& SqliteFile::operator=(SqliteFile&& other) noexcept {
  std::swap(database_, other.database_);
  return *this;
}

void SqliteFile::execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(database_, "be written");
}

std::string SqliteFile::text(const char* sql) {
  SqliteStatement statement = prepare(sql);
  return statement.step() ? std::string(statement.bytes(0)) : std::string{};
}

}  // namespace rowhook
