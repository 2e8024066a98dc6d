#include "workflows/sql_statement.h"

#include <algorithm>

namespace rowhook {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Goes over a text token by token. Thread safety: confined to the call.
class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  SqlStatement scan() {
    while (at_ < sql_.size() && result_.fault.empty()) token();
    return std::move(result_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  // Something of a statement stands here.
  void begin_statement() {
    if (!in_statement_) ++result_.statements;
    in_statement_ = true;
  }

  void token() {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++at_;
    } else if (c == ';') {
      in_statement_ = false;
      ++at_;
    } else if (c == '-' && peek(1) == '-') {
      at_ = std::min(sql_.find('\n', at_), sql_.size());
    } else if (c == '/' && peek(1) == '*') {
      comment();
    } else {
      begin_statement();
      part_of_statement(c);
      result_.end = at_;
    }
  }

  void part_of_statement(char c) {
    if (c == '\'' || c == '"' || c == '`') {
      quoted(c, false);
    } else if ((c == 'E' || c == 'e') && peek(1) == '\'') {
      ++at_;
      quoted('\'', true);
    } else if (c == '$') {
      dollar();
    } else if (is_letter(c)) {
      word();
    } else {
      ++at_;
    }
  }

  void comment() {
    int depth = 0;
    do {
      if (at_ + 1 >= sql_.size()) {
        result_.fault = "a comment does not end";
        return;
      }
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0);
  }

  // A doubled quote stands for one; with `backslashes` (E'...' of PostgreSQL) so does \'.
  void quoted(char quote, bool backslashes) {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (backslashes && peek() == '\\') {
        ++at_;
      } else if (peek() == quote) {
        if (peek(1) != quote) {
          ++at_;
          return;
        }
        ++at_;
      }
    }
    result_.fault = quote == '\'' ? "a string does not end" : "a quoted name does not end";
  }

  // $1 is a parameter; $tag$ begins a string that ends with the same.
  void dollar() {
    std::size_t end = at_ + 1;
    if (is_digit(peek(1))) {
      std::size_t number = 0;
      for (; end < sql_.size() && is_digit(sql_[end]) && number < 100'000; ++end)
        number = number * 10 + static_cast<std::size_t>(sql_[end] - '0');
      result_.parameters = std::max(result_.parameters, number);
      at_ = end;
      return;
    }
    while (end < sql_.size() && (is_letter(sql_[end]) || is_digit(sql_[end]))) ++end;
    if (end >= sql_.size() || sql_[end] != '$') {
      at_ = end;
      return;
    }
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    const auto close = sql_.find(tag, end + 1);
    if (close == std::string_view::npos) result_.fault = "a string in " + std::string(tag) + " does not end";
    at_ = close == std::string_view::npos ? sql_.size() : close + tag.size();
  }

  void word() {
    const std::size_t start = at_;
    while (is_letter(peek()) || is_digit(peek()) || peek() == '$') ++at_;
    std::string word(sql_.substr(start, at_ - start));
    for (char& c : word)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    for (const char* writing : {"INSERT", "UPDATE", "DELETE", "MERGE", "INTO"})
      result_.writes = result_.writes || word == writing;
    result_.returning = result_.returning || word == "RETURNING";
    if (result_.first_word.empty()) result_.first_word = std::move(word);
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  bool in_statement_ = false;
  SqlStatement result_;
};

}  // namespace

SqlStatement scan_sql(std::string_view sql) { return Scanner(sql).scan(); }

std::string with_row_limit(const std::string& sql, std::size_t rows, bool postgres) {
  const SqlStatement statement = scan_sql(sql);
  const auto begins = [&](std::initializer_list<const char*> words) {
    return std::find(words.begin(), words.end(), statement.first_word) != words.end();
  };
  const std::string inner = sql.substr(0, statement.end), limit = " LIMIT " + std::to_string(rows);
  if (begins({"SELECT", "VALUES", "WITH"}) && !statement.writes)
    return "SELECT * FROM (" + inner + "\n) AS limited" + limit;
  if (postgres && statement.returning && begins({"INSERT", "UPDATE", "DELETE"}))
    return "WITH changed AS (" + inner + "\n) SELECT * FROM changed" + limit;
  return sql;
}

}  // namespace rowhook
