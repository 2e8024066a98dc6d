#include "engine/db/sqlite_connection.h"

#include <sqlite3.h>

#include <cstring>
#include <list>
#include <unordered_map>

namespace rowhook {
namespace {

constexpr std::size_t kept_statements = 256;

// "CHECK constraint failed: chk_a", "UNIQUE constraint failed: t.a, t.b", "NOT NULL constraint failed: t.a",
// "FOREIGN KEY constraint failed".
ConstraintError constraint_error(int code, const std::string& message) {
  using Kind = ConstraintError::Kind;
  const auto colon = message.find(": ");
  const std::string name = colon == std::string::npos ? std::string() : message.substr(colon + 2);
  if (code == SQLITE_CONSTRAINT_CHECK) return {message, Kind::check, name};
  if (code == SQLITE_CONSTRAINT_FOREIGNKEY) return {message, Kind::foreign_key, {}};
  std::string table, column;
  if (const auto dot = name.find('.'); dot != std::string::npos) {
    table = name.substr(0, dot);
    if (name.find(", ") == std::string::npos) column = name.substr(dot + 1);
  }
  if (code == SQLITE_CONSTRAINT_NOTNULL) return {message, Kind::not_null, {}, table, column};
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
    return {message, Kind::unique, {}, table, column};
  return {message, Kind::other, {}, table, column};
}

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(const std::string& path, const SqliteOptions& options) : path_(path) {
    const int flags = SQLITE_OPEN_NOMUTEX | (options.read_only ? SQLITE_OPEN_READONLY
                                             : options.create  ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                               : SQLITE_OPEN_READWRITE);
    const int code = sqlite3_open_v2(path.c_str(), &db_, flags, nullptr);
    read_only_ = options.read_only;
    try {
      if (code != SQLITE_OK) fail(db_ ? sqlite3_extended_errcode(db_) : code);
      sqlite3_extended_result_codes(db_, 1);
      sqlite3_busy_timeout(db_, static_cast<int>(options.busy_timeout.count()));
      execute_script(options.foreign_keys ? "PRAGMA foreign_keys=ON" : "PRAGMA foreign_keys=OFF");
      if (options.wal && !options.read_only) switch_to_wal(options.busy_timeout);
      execute_script(options.full_sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    } catch (...) {
      close();
      throw;
    }
  }
  ~SqliteConnection() override { close(); }

  Dialect dialect() const override { return Dialect::sqlite; }
  bool usable() const override { return usable_; }

  SqlResult query(std::string_view sql, const SqlParams& params) override {
    SqlResult result;
    Use use(*this, sql);
    sqlite3_stmt* statement = use.statement();
    bind(use, params);
    const int columns = sqlite3_column_count(statement);
    for (int i = 0; i < columns; ++i) result.columns.emplace_back(sqlite3_column_name(statement, i));
    const std::int64_t before = sqlite3_total_changes64(db_);
    while (step(statement)) {
      auto& row = result.rows.emplace_back();
      row.reserve(static_cast<std::size_t>(columns));
      for (int i = 0; i < columns; ++i) row.push_back(value(statement, i));
    }
    if (sqlite3_total_changes64(db_) != before)
      result.affected = static_cast<std::uint64_t>(sqlite3_changes64(db_));
    return result;
  }

  void each(std::string_view sql, const SqlParams& params,
            const std::function<bool(std::span<const SqlValue>)>& row) override {
    Use use(*this, sql);
    sqlite3_stmt* statement = use.statement();
    bind(use, params);
    std::vector<SqlValue> values(static_cast<std::size_t>(sqlite3_column_count(statement)));
    while (step(statement)) {
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = value(statement, static_cast<int>(i));
      if (!row(values)) return;
    }
  }

  void execute_script(std::string_view sql) override {
    const std::string text(sql);
    if (const int code = sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr); code != SQLITE_OK)
      fail(code);
  }

  void copy_in(std::string_view table, std::span<const std::string> columns,
               std::span<const std::vector<SqlValue>> rows) override {
    std::string sql = "INSERT INTO " + std::string(table) + " (";
    std::string places;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      sql += (i ? ",\"" : "\"") + columns[i] + '"';
      places += (i ? ",$" : "$") + std::to_string(i + 1);
    }
    sql += ") VALUES (" + places + ")";
    std::size_t at = 0;
    const auto all = [&] {
      execute_many(sql, [&](SqlParams& row) {
        if (at == rows.size()) return false;
        row = rows[at++];
        return true;
      });
    };
    if (!sqlite3_get_autocommit(db_)) return all();
    Transaction transaction(*this);
    all();
    transaction.commit();
  }

  std::uint64_t execute_many(std::string_view sql, const std::function<bool(SqlParams&)>& next) override {
    Use use(*this, sql);
    sqlite3_stmt* statement = use.statement();
    std::uint64_t affected = 0;
    SqlParams row;
    while (next(row)) {
      bind(use, row);
      while (step(statement)) {
      }
      affected += static_cast<std::uint64_t>(sqlite3_changes64(db_));
      sqlite3_reset(statement);
    }
    return affected;
  }

  void begin() override { query(read_only_ ? "BEGIN" : "BEGIN IMMEDIATE", {}); }
  void commit() override { query("COMMIT", {}); }
  void rollback() noexcept override {
    if (db_ && !sqlite3_get_autocommit(db_)) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void cancel() noexcept override { sqlite3_interrupt(db_); }

 private:
  // The switch wants the file for itself and does not always ask the busy handler: several programs that open
  // a new file at once would see SQLITE_BUSY.
  void switch_to_wal(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
      const int code = sqlite3_exec(db_, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
      if (code == SQLITE_OK) return;
      if ((code & 0xff) != SQLITE_BUSY || std::chrono::steady_clock::now() > deadline) fail(code);
      sqlite3_sleep(2);
    }
  }

  struct Prepared {
    sqlite3_stmt* statement = nullptr;
    std::vector<int> places;  // places[i]: which $n the (i+1)-th parameter of SQLite is
    int highest = 0;
    bool busy = false;
    std::list<const std::string*>::iterator recent;
  };

  // One use of a prepared statement; resets it at the end. A statement that is running already (a query
  // inside each() over the same text) gets a second copy.
  class Use {
   public:
    Use(SqliteConnection& owner, std::string_view sql) : prepared_(owner.prepared(sql)) {
      if (prepared_->busy) {
        own_ = owner.prepare(sql);
        prepared_ = &own_;
      }
      prepared_->busy = true;
    }
    ~Use() {
      sqlite3_reset(prepared_->statement);
      sqlite3_clear_bindings(prepared_->statement);
      prepared_->busy = false;
      if (own_.statement) sqlite3_finalize(own_.statement);
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    sqlite3_stmt* statement() const { return prepared_->statement; }
    const Prepared& prepared() const { return *prepared_; }

   private:
    Prepared* prepared_;
    Prepared own_;
  };

  Prepared prepare(std::string_view sql) {
    Prepared prepared;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared.statement, &tail);
    if (code != SQLITE_OK) fail(code, sql);
    if (!prepared.statement) throw PermanentError("an empty statement");
    std::string_view rest(tail, static_cast<std::size_t>(sql.data() + sql.size() - tail));
    if (rest.find_first_not_of("; \t\r\n") != std::string_view::npos) {
      sqlite3_finalize(prepared.statement);
      throw PermanentError("one statement at a time: there is more text behind the first ';'");
    }
    const int count = sqlite3_bind_parameter_count(prepared.statement);
    for (int i = 1; i <= count; ++i) {
      const char* name = sqlite3_bind_parameter_name(prepared.statement, i);
      const int place = name && name[0] == '$' ? std::atoi(name + 1) : i;
      prepared.places.push_back(place);
      prepared.highest = std::max(prepared.highest, place);
    }
    return prepared;
  }

  Prepared* prepared(std::string_view sql) {
    if (!usable_) throw TransientError("the session with " + path_ + " cannot be used any more");
    if (const auto found = statements_.find(std::string(sql)); found != statements_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second.recent);
      return &found->second;
    }
    Prepared fresh = prepare(sql);
    if (statements_.size() >= kept_statements) forget_oldest();
    const auto [place, inserted] = statements_.emplace(std::string(sql), std::move(fresh));
    recent_.push_front(&place->first);
    place->second.recent = recent_.begin();
    return &place->second;
  }

  void forget_oldest() {
    for (auto at = recent_.rbegin(); at != recent_.rend(); ++at) {
      const auto found = statements_.find(**at);
      if (found->second.busy) continue;
      sqlite3_finalize(found->second.statement);
      recent_.erase(found->second.recent);
      statements_.erase(found);
      return;
    }
  }

  void bind(const Use& use, const SqlParams& params) {
    if (use.prepared().highest > static_cast<int>(params.size()))
      throw PermanentError("the statement has the parameter $" + std::to_string(use.prepared().highest) +
                           ", " + std::to_string(params.size()) + " were given");
    int index = 0;
    for (const int place : use.prepared().places)
      bind(use.statement(), ++index, params[static_cast<std::size_t>(place) - 1]);
  }

  void bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
    int code = SQLITE_OK;
    if (const auto* text = std::get_if<std::string>(&value))
      code = sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    else if (const auto* integer = std::get_if<std::int64_t>(&value))
      code = sqlite3_bind_int64(statement, index, *integer);
    else if (const auto* real = std::get_if<double>(&value))
      code = sqlite3_bind_double(statement, index, *real);
    else if (const auto* bytes = std::get_if<Bytes>(&value))
      code = sqlite3_bind_blob64(statement, index, bytes->data.data(), bytes->data.size(), SQLITE_STATIC);
    else
      code = sqlite3_bind_null(statement, index);
    if (code != SQLITE_OK) fail(code);
  }

  bool step(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail(code, sqlite3_sql(statement));
  }

  static SqlValue value(sqlite3_stmt* statement, int index) {
    const auto data = [&](const void* start) {
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
      return start ? std::string(static_cast<const char*>(start), size) : std::string();
    };
    switch (sqlite3_column_type(statement, index)) {
      case SQLITE_INTEGER:
        return static_cast<std::int64_t>(sqlite3_column_int64(statement, index));
      case SQLITE_FLOAT:
        return sqlite3_column_double(statement, index);
      case SQLITE_TEXT:
        return data(sqlite3_column_text(statement, index));
      case SQLITE_BLOB:
        return Bytes{data(sqlite3_column_blob(statement, index))};
      default:
        return nullptr;
    }
  }

  // Turns a result code into the error named for what the caller does about it.
  [[noreturn]] void fail(int code, std::string_view sql = {}) {
    std::string message = db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
    const int primary = code & 0xff;
    switch (primary) {
      case SQLITE_CONSTRAINT:
        throw constraint_error(code, message);
      case SQLITE_INTERRUPT:
        throw TransientError("cancelled");
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
      case SQLITE_PROTOCOL:
        throw TransientError(path_ + ": " + message,
                             "another program holds a lock on the file; it is tried again");
      case SQLITE_FULL:
        throw TransientError(path_ + ": " + message, "free space on the disk of " + path_);
      case SQLITE_IOERR:
        usable_ = false;
        [[fallthrough]];
      case SQLITE_CANTOPEN:
      case SQLITE_NOMEM:
      case SQLITE_SCHEMA:
        throw TransientError(path_ + ": " + message);
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        usable_ = false;
        throw PermanentError(path_ + ": " + message);
      case SQLITE_READONLY:
        throw PermanentError(path_ + ": " + message, "check the rights of the file and its directory");
      default:
        break;
    }
    if (!sql.empty()) message += " in: " + std::string(sql.substr(0, 200));
    throw PermanentError(message);
  }

  void close() noexcept {
    for (auto& [sql, prepared] : statements_) sqlite3_finalize(prepared.statement);
    statements_.clear();
    sqlite3_close(db_);
    db_ = nullptr;
  }

  std::string path_;
  sqlite3* db_ = nullptr;
  bool read_only_ = false;
  bool usable_ = true;
  std::unordered_map<std::string, Prepared> statements_;
  std::list<const std::string*> recent_;  // most recently used first
};

}  // namespace

std::unique_ptr<Connection> open_sqlite(const std::string& path, const SqliteOptions& options) {
  // Nobody asks SQLite how much memory it uses; counting takes a lock per allocation (5 % of a bulk insert).
  // Without effect when another part of the program has used SQLite before.
  static const int config = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(config);
  return std::make_unique<SqliteConnection>(path, options);
}

}  // namespace rowhook
