#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "engine/db/connection.h"

namespace rowhook {

struct PostgresOptions {
  std::chrono::milliseconds statement_timeout{60000};  // 0: none
  std::chrono::seconds connect_timeout{10};            // unless the URL says connect_timeout
  std::string application_name = "rowhook";            // as pg_stat_activity shows it, unless the URL says so
};

// A session with a PostgreSQL server, over libpqxx. `url` is a postgresql:// URL or a libpq connection
// string. Statements are prepared once and kept (256 per session). Times arrive in UTC, ISO style; booleans
// as 0 and 1. Text with a NUL character is refused (PermanentError): PostgreSQL cannot hold it. each() reads
// through a cursor, 1000 rows at a time, in a transaction of its own unless one is open. Throws
// TransientError when the server cannot be reached, PermanentError when it refuses the user. Thread safety:
// none; confined to one thread at a time, but for cancel().
std::unique_ptr<Connection> open_postgres(const std::string& url, const PostgresOptions& options = {});
std::unique_ptr<Connection> open_postgres(const std::string& url,
                                          std::chrono::milliseconds statement_timeout);

// An array literal of SQL text ('{"a",NULL}') for a parameter that is cast to an array, e.g.
// unnest($1::text[]). Thread safety: none.
class PostgresArray {
 public:
  void add(std::string_view text);
  void add(std::int64_t number);
  void add(double number);
  void add_null();
  std::string take();  // the literal; the array is empty afterwards

 private:
  std::string text_ = "{";
};

}  // namespace rowhook
