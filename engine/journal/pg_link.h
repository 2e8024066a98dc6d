#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct pg_conn;
struct pg_result;

namespace rowhook {

// A result in the binary format. Thread safety: immutable.
class PgRows {
 public:
  explicit PgRows(pg_result* result);
  int size() const;
  std::int64_t integer(int row, int column) const;  // int8
  bool boolean(int row, int column) const;
  std::string_view bytes(int row, int column) const;  // text, bytea; lives as long as the rows

 private:
  std::shared_ptr<pg_result> result_;
};

// One libpq session of the journal: binary results, and COPY between the statements of one transaction, which
// costs a single round trip. Commits are synchronous whatever the server's default. Errors: TransientError
// when the server cannot be reached or the session is lost, else what throw_server_error() says; a missing
// table is a PermanentError with the command that makes it. Thread safety: none; confined to one thread at a
// time.
class PgLink {
 public:
  PgLink(const std::string& url, const char* application_name);  // connects within 10 s

  // One statement with text parameters $1, $2, ...
  PgRows query(const char* sql, std::span<const std::string> parameters = {});
  // Statements separated by `;`, one transaction unless they say otherwise. With `copied`, one of them is
  // COPY FROM STDIN and that is what it reads.
  void execute(const std::string& sql, std::string_view copied = {});
  std::string literal(std::string_view text) const;  // quoted for SQL; text in UTF-8
  static std::string bytea_literal(std::string_view bytes);
  bool alive() const;  // false once the session is known to be lost

 private:
  void check(pg_result* result) const;
  [[noreturn]] void lost() const;
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  std::unique_ptr<pg_conn, Close> connection_;
};

}  // namespace rowhook
