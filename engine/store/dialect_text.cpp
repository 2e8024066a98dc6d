#include "engine/store/dialect_text.h"

namespace rowhook {
namespace {

// Replaces every WORD(argument) by what `expand` makes of the argument; arguments may hold parentheses.
template <typename Expand>
void replace_calls(std::string& sql, std::string_view word, Expand expand) {
  for (std::size_t at = sql.find(word); at != std::string::npos; at = sql.find(word, at)) {
    std::size_t end = at + word.size();
    for (int depth = 1; depth > 0; ++end) depth += sql.at(end) == '(' ? 1 : sql.at(end) == ')' ? -1 : 0;
    const std::string argument = sql.substr(at + word.size(), end - 1 - at - word.size());
    const std::string text = expand(argument);
    sql.replace(at, end - at, text);
    at += text.size();
  }
}

}  // namespace

std::string in_dialect(std::string_view text, Dialect dialect) {
  const bool sqlite = dialect == Dialect::sqlite;
  std::string sql(text);
  replace_calls(sql, "MICROS(", [&](const std::string& x) {
    // Times that other programs wrote into SQLite with CURRENT_TIMESTAMP are texts.
    return sqlite ? "(CASE typeof(" + x + ") WHEN 'integer' THEN " + x +
                        " WHEN 'text' THEN COALESCE(CAST(ROUND((julianday(" + x +
                        ") - 2440587.5) * 86400000) AS INTEGER) * 1000, 0) ELSE 0 END)"
                  : "(CASE WHEN isfinite(" + x + ") THEN (extract(epoch FROM " + x +
                        ") * 1000000)::bigint ELSE 0 END)";
  });
  replace_calls(sql, "TIME(", [&](const std::string& x) {
    return sqlite ? x : "(timestamptz 'epoch' + " + x + "::bigint * interval '1 microsecond')";
  });
  replace_calls(sql, "FIND(",
                [&](const std::string& x) { return (sqlite ? "instr(" : "strpos(") + x + ")"; });
  replace_calls(sql, "LOCKED(",
                [&](const std::string& x) { return sqlite ? std::string() : "FOR UPDATE OF " + x; });
  return sql;
}

void Where::add(std::string_view condition, SqlValue value) {
  std::vector<SqlValue> values;
  values.push_back(std::move(value));
  add_text(condition, std::move(values));
}

void Where::add_all(std::string_view condition, std::vector<SqlValue> values) {
  add_text(condition, std::move(values));
}

std::string Where::place(SqlValue value) {
  params_.push_back(std::move(value));
  return "$" + std::to_string(params_.size());
}

void Where::add_text(std::string_view condition, std::vector<SqlValue> values) {
  text_ += text_.empty() ? " WHERE " : " AND ";
  auto value = values.begin();
  for (const char c : condition) {
    if (c == '?')
      text_ += place(std::move(*value++));
    else
      text_ += c;
  }
}

}  // namespace rowhook
