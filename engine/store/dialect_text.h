#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/db/connection.h"

namespace rowhook {

// The store's SQL is written once, with four words that differ between the databases:
//   MICROS(expression)  a stored time as microseconds since 1970 (0 for NULL and infinity)
//   TIME($n)            microseconds as a stored time (NULL stays NULL)
//   FIND(text, part)    where `part` begins in `text`, 0 if nowhere
//   LOCKED(alias)       behind a SELECT: its rows of `alias` stay as they are until the transaction ends
std::string in_dialect(std::string_view sql, Dialect dialect);

// Conditions joined by AND, each with its parameter; `?` in a condition stands for it.
// Thread safety: none.
class Where {
 public:
  void add(std::string_view condition) { add_text(condition, {}); }
  void add(std::string_view condition, SqlValue value);
  // As add, with several `?`, one per value.
  void add_all(std::string_view condition, std::vector<SqlValue> values);
  // A further parameter for the rest of the statement: "$3".
  std::string place(SqlValue value);
  const std::string& text() const { return text_; }  // " WHERE a = $1 AND ..." or ""
  const SqlParams& params() const { return params_; }

 private:
  void add_text(std::string_view condition, std::vector<SqlValue> values);
  std::string text_;
  SqlParams params_;
};

}  // namespace rowhook
