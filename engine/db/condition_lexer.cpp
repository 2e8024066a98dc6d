#include "engine/db/condition_lexer.h"

#include <array>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char upper_ascii(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) { return starts_name(c) || is_digit(c) || c == '$'; }
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char upper = upper_ascii(c);
  return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

struct Advice {
  std::string_view sign, advice;
};
// What people write who know SQL or C, and what to write here. Longer signs first.
constexpr std::array<Advice, 20> foreign_signs{{
    {"==", "write = to compare"},
    {"&&", "write AND"},
    {"||", "write OR; texts cannot be joined here"},
    {"--", "comments are not part of a condition"},
    {"/*", "comments are not part of a condition"},
    {"::", "casts are not part of a condition; a number written as text compares as a number"},
    {"!~", "regular expressions are not part of a condition: use LIKE, or a Lua filter"},
    {"!", "write NOT, or <> for 'not equal'"},
    {"~", "regular expressions are not part of a condition: use LIKE, or a Lua filter"},
    {"+", "arithmetic is not part of a condition: use a Lua filter"},
    {"-", "arithmetic is not part of a condition: use a Lua filter"},
    {"*", "arithmetic is not part of a condition: use a Lua filter"},
    {"/", "arithmetic is not part of a condition: use a Lua filter"},
    {"%", "arithmetic is not part of a condition: use a Lua filter"},
    {";", "a condition is one expression, without a semicolon"},
    {"`", "write column names as name or \"name\""},
    {"[", "write column names as name or \"name\""},
    {"$", "conditions have no parameters: write the value"},
    {"?", "conditions have no parameters: write the value"},
    {":", "conditions have no parameters: write the value"},
}};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<ConditionToken> run() {
    std::vector<ConditionToken> tokens;
    for (skip_space(); at_ < text_.size(); skip_space()) tokens.push_back(next());
    tokens.push_back({ConditionToken::Kind::end, {}, at_, at_});
    return tokens;
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  ConditionToken next() {
    ConditionToken token;
    token.begin = at_;
    const char c = peek();
    if ((c == 'x' || c == 'X') && peek(1) == '\'') {
      token.kind = ConditionToken::Kind::bytes;
      ++at_;
      token.text = bytes(quoted('\''), token.begin);
    } else if (c == '\'') {
      token.kind = ConditionToken::Kind::text;
      token.text = quoted('\'');
    } else if (c == '"') {
      token.kind = ConditionToken::Kind::quoted_name;
      token.text = quoted('"');
      if (token.text.empty()) fail_condition(token.begin, "a column name is empty");
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      token.kind = ConditionToken::Kind::number;
      token.text = number();
    } else if (starts_name(c)) {
      token.kind = ConditionToken::Kind::name;
      while (continues_name(peek())) token.text += text_[at_++];
    } else {
      token.kind = ConditionToken::Kind::symbol;
      token.text = symbol();
    }
    token.end = at_;
    return token;
  }

  // Text between two quotes; a doubled quote stands for one.
  std::string quoted(char quote) {
    const std::size_t start = at_++;
    std::string out;
    for (;;) {
      const auto end = text_.find(quote, at_);
      if (end == std::string_view::npos)
        fail_condition(start, std::string("the quote ") + quote + " is never closed",
                       std::string("close it with ") + quote + "; a quote inside is written twice");
      out += text_.substr(at_, end - at_);
      at_ = end + 1;
      if (peek() != quote) return out;
      out += quote;
      ++at_;
    }
  }

  static std::string bytes(const std::string& digits, std::size_t start) {
    std::string out;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      const int high = hex_digit(digits[i]);
      const int low = i + 1 < digits.size() ? hex_digit(digits[i + 1]) : -1;
      if (high < 0 || low < 0)
        fail_condition(start, "bytes are written as pairs of hexadecimal digits", "for example x'0aff'");
      out += static_cast<char>(high * 16 + low);
    }
    return out;
  }

  // As a JSON number: `.5` becomes 0.5, `5.` becomes 5, leading zeros go.
  std::string number() {
    const std::size_t start = at_;
    std::string whole, fraction, exponent;
    while (is_digit(peek())) whole += text_[at_++];
    if (peek() == '.') {
      ++at_;
      while (is_digit(peek())) fraction += text_[at_++];
    }
    const bool has_exponent =
        upper_ascii(peek()) == 'E' &&
        (is_digit(peek(1)) || ((peek(1) == '+' || peek(1) == '-') && is_digit(peek(2))));
    if (has_exponent) {
      exponent = "e";
      ++at_;
      if (!is_digit(peek())) exponent += text_[at_++];
      while (is_digit(peek())) exponent += text_[at_++];
      if (exponent.size() > 10) fail_condition(start, "the exponent of the number is too large");
    }
    if (continues_name(peek()) || peek() == '.')
      fail_condition(
          start, "'" + std::string(text_.substr(start, at_ + 1 - start)) + "' is not a number",
          "text is written in single quotes, a column name that starts with a digit in double quotes");
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
    if (whole.empty()) whole = "0";
    return whole + (fraction.empty() ? "" : "." + fraction) + exponent;
  }

  std::string symbol() {
    const std::string_view rest = text_.substr(at_);
    if (rest.front() == '-' && (is_digit(peek(1)) || (peek(1) == '.' && is_digit(peek(2))))) return take(1);
    for (const auto& [sign, advice] : foreign_signs)
      if (rest.starts_with(sign) && !rest.starts_with("!="))
        fail_condition(at_, "'" + std::string(sign) + "' is not understood", std::string(advice));
    for (const std::string_view sign : {"<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", "."})
      if (rest.starts_with(sign)) return take(sign.size());
    fail_condition(at_, "this character is not understood",
                   "a condition has columns, literals, comparisons, AND, OR, NOT and parentheses");
  }
  std::string take(std::size_t length) {
    at_ += length;
    return std::string(text_.substr(at_ - length, length));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool ConditionToken::keyword(std::string_view upper) const {
  if (kind != Kind::name || text.size() != upper.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (upper_ascii(text[i]) != upper[i]) return false;
  return true;
}

std::vector<ConditionToken> tokenize_condition(std::string_view text) { return Lexer(text).run(); }

void fail_condition(std::size_t offset, const std::string& what, const std::string& advice) {
  const std::string message = "column " + std::to_string(offset + 1) + ": " + what;
  throw InvalidInput(message, {{"", advice.empty() ? message : message + "; " + advice}}, advice);
}

}  // namespace rowhook
