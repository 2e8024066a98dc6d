#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/errors.h"
#include "engine/event/value.h"

namespace rowhook {

enum class Dialect { sqlite, postgres };

// A parameter or result value: null, integer, real, text (also exact decimals as digits) or bytes.
struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};
using SqlValue = std::variant<std::nullptr_t, std::int64_t, double, std::string, Bytes>;
using SqlParams = std::vector<SqlValue>;

// A whole result in memory; use Connection::each for results without a known bound.
struct SqlResult {
  std::vector<std::string> columns;
  std::vector<std::vector<SqlValue>> rows;
  std::uint64_t affected = 0;
  bool empty() const { return rows.empty(); }
};

std::int64_t as_int(const SqlValue& value);  // 0 for null; parses text; throws PermanentError otherwise
std::string as_text(const SqlValue& value);  // "" for null; digits of numbers
bool as_bool(const SqlValue& value);         // 0/1, t/f, true/false
bool is_null(const SqlValue& value);

// One session with a database. Placeholders are $1, $2, ... in every dialect; values are never pasted into
// SQL. Errors: TransientError (connection lost, busy, timeout, serialization failure, deadlock: retry the
// transaction), PermanentError (bad SQL, constraint violation: see ConstraintError). Thread safety: none;
// confined to one thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Dialect dialect() const = 0;
  virtual SqlResult query(std::string_view sql, const SqlParams& params = {}) = 0;
  // Runs each row through `row` as it arrives; memory bounded. Return false to stop.
  virtual void each(std::string_view sql, const SqlParams& params,
                    const std::function<bool(std::span<const SqlValue>)>& row) = 0;
  // Several statements separated by `;`, without parameters (migrations).
  virtual void execute_script(std::string_view sql) = 0;
  // Bulk insert, the fastest way the database has (COPY; a prepared multi-insert): rows of `columns` into
  // `table`.
  virtual void copy_in(std::string_view table, std::span<const std::string> columns,
                       std::span<const std::vector<SqlValue>> rows) = 0;
  virtual void begin() = 0;  // SQLite: BEGIN IMMEDIATE
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;
  // From another thread: makes the running query end with TransientError("cancelled"). Best effort.
  virtual void cancel() noexcept = 0;
  // Runs `sql` once for every row `next` puts into its argument, until it returns false; returns the rows
  // affected. The argument keeps its values (and their memory) between calls. Begin a transaction around it.
  virtual std::uint64_t execute_many(std::string_view sql, const std::function<bool(SqlParams&)>& next);
  // False once the session is lost or may not be trusted any more (a failed fsync): open another one.
  virtual bool usable() const { return true; }
};

// A constraint of the schema refused the statement.
class ConstraintError : public PermanentError {
 public:
  enum class Kind { check, foreign_key, unique, not_null, too_long, other };
  ConstraintError(const std::string& message, Kind kind, std::string constraint, std::string table = {},
                  std::string column = {})
      : PermanentError(message),
        kind_(kind),
        constraint_(std::move(constraint)),
        table_(std::move(table)),
        column_(std::move(column)) {}
  Kind kind() const noexcept { return kind_; }
  const std::string& constraint() const noexcept {
    return constraint_;
  }                                                               // "chk_source_format"; "" if unknown
  const std::string& table() const noexcept { return table_; }    // "" if unknown
  const std::string& column() const noexcept { return column_; }  // "" if unknown or several

 private:
  Kind kind_;
  std::string constraint_, table_, column_;
};

// Begins on construction, rolls back unless commit() was called.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) { connection_.begin(); }
  ~Transaction() {
    if (!done_) connection_.rollback();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() {
    connection_.commit();
    done_ = true;
  }

 private:
  Connection& connection_;
  bool done_ = false;
};

}  // namespace rowhook
