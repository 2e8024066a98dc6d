#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/errors.h"
#include "engine/capture/source.h"

struct pg_conn;
struct pg_result;

namespace rowhook {

// A statement the server refused. Thrown as ServerRefusal (permanent) or as TransientError; see
// PgSession::query.
class ServerRefusal : public PermanentError {
 public:
  ServerRefusal(const std::string& message, std::string sqlstate, std::string hint = {})
      : PermanentError(message, std::move(hint)), sqlstate_(std::move(sqlstate)) {}
  const std::string& sqlstate() const noexcept { return sqlstate_; }

 private:
  std::string sqlstate_;
};

// Rows as text; SQL NULL is nullopt.
using PgRow = std::vector<std::optional<std::string>>;
struct PgAnswer {
  std::vector<PgRow> rows;
  std::string sqlstate, message;  // set when the server refused the statement
  bool ok() const { return sqlstate.empty(); }
};

// One libpq connection with a watched server: for its catalogue and commands, or for replication. Session
// settings make the text of every value canonical (see column_type.h). No message ever holds the password.
// Errors: TransientError when the connection cannot be made or is lost, a lock or the server's resources are
// not to be had. Thread safety: none; confined to one thread at a time.
class PgSession {
 public:
  enum class Purpose { control, replication };
  struct Options {
    Purpose purpose = Purpose::control;
    std::chrono::milliseconds statement_timeout{0};  // of control sessions; 0 = none
    std::chrono::milliseconds lock_timeout{5000};    // likewise
    int interrupt = -1;  // descriptor that, when readable, ends the attempt to connect
  };
  // Connects within 10 s.
  PgSession(const SourceSettings& settings, const Options& options);
  ~PgSession();
  PgSession(const PgSession&) = delete;
  PgSession& operator=(const PgSession&) = delete;

  using Params = std::vector<std::optional<std::string>>;
  // One statement; with parameters $1, $2, ... Throws TransientError or ServerRefusal.
  std::vector<PgRow> query(const std::string& sql, const Params& params = {});
  // The same, but a refusal is an answer.
  PgAnswer try_query(const std::string& sql, const Params& params = {});
  // First column of the first row; throws PermanentError when there is none.
  std::string value(const std::string& sql, const Params& params = {});

  std::string identifier(std::string_view name);  // quoted for SQL
  std::string literal(std::string_view text);
  int server_version() const;  // 150004 is 15.4
  pg_conn* handle() const { return connection_; }

 private:
  void connect(const SourceSettings& settings, const Options& options);
  void await_connection(int interrupt) const;
  void choose_encoding();

  pg_conn* connection_ = nullptr;
  std::string where_;  // "127.0.0.1:5432/shop", for messages
};

// True for SQLSTATEs after which the same statement may work later.
bool is_transient_sqlstate(std::string_view sqlstate);
// libpq's and the server's messages on one line, without "ERROR:" and trailing line breaks.
std::string plain_message(std::string_view message);
// The server the settings point to: "127.0.0.1:5432/shop".
std::string server_name(const SourceSettings& settings);

}  // namespace rowhook
