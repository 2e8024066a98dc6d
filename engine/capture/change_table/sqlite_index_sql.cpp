#include "engine/capture/change_table/sqlite_index_sql.h"

#include <algorithm>

namespace rowhook {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && (is_space(text.back()) || text.back() == ';')) text.remove_suffix(1);
  return std::string(text);
}

bool ends_with_word(std::string_view text, std::string_view upper) {
  if (text.size() <= upper.size()) return false;
  const std::string_view end = text.substr(text.size() - upper.size());
  const bool same = std::equal(end.begin(), end.end(), upper.begin(), [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
  const char before = text[text.size() - upper.size() - 1];
  return same && (is_space(before) || before == ')' || before == '"' || before == ']' || before == '`');
}

std::string without_direction(std::string term) {
  for (const std::string_view word : {"ASC", "DESC"})
    if (ends_with_word(term, word))
      return trimmed(std::string_view(term).substr(0, term.size() - word.size()));
  return term;
}

// The length of the quoted name, text or comment at the front of `sql`; 0 when there is none.
std::size_t opaque_length(std::string_view sql) {
  const auto until = [&](std::string_view end, std::size_t from) {
    const auto at = sql.find(end, from);
    return at == std::string_view::npos ? sql.size() : at + end.size();
  };
  if (sql.starts_with("--")) return until("\n", 2);
  if (sql.starts_with("/*")) return until("*/", 2);
  switch (sql.front()) {
    case '\'':
    case '"':
    case '`':
      return until(sql.substr(0, 1), 1);  // a doubled quote starts another quoted piece right behind
    case '[':
      return until("]", 1);
    default:
      return 0;
  }
}

}  // namespace

SqliteIndexSql parse_sqlite_index(std::string_view sql) {
  SqliteIndexSql index;
  int depth = 0;
  std::string term, rest;
  bool closed = false;
  while (!sql.empty()) {
    const std::size_t opaque = opaque_length(sql);
    const std::string_view piece = sql.substr(0, std::max<std::size_t>(opaque, 1));
    sql.remove_prefix(piece.size());
    const bool comment = piece.starts_with("--") || piece.starts_with("/*");
    const std::string_view kept = comment ? std::string_view(" ") : piece;
    if (closed) {
      rest += kept;
      continue;
    }
    if (piece == "(" && ++depth == 1) continue;
    if (depth == 1 && (piece == "," || piece == ")")) {
      index.terms.push_back(without_direction(trimmed(term)));
      term.clear();
      closed = piece == ")";
      continue;
    }
    if (piece == ")") --depth;
    if (depth > 0) term += kept;
  }
  rest = trimmed(rest);
  if (rest.size() > 5) index.where = trimmed(std::string_view(rest).substr(5));  // behind the word WHERE
  return index;
}

}  // namespace rowhook
