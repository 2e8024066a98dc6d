#include "workflows/template_parser.h"

#include <algorithm>
#include <array>

#include "engine/base/json.h"

namespace rowhook {
namespace {

using Expression = Template::Expression;

constexpr std::array<std::string_view, 5> roots{"item", "event", "new", "old", "execution"};
constexpr std::array<std::string_view, 4> filters{"default", "json", "urlencode", "raw"};

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

// Recursive descent over one expression:
//   expression = (path | literal) { '|' filter } ; path = name { '.' name | '[' (string | digits) ']' }
//   filter = 'default' '(' literal ')' | 'json' | 'urlencode' | 'raw'
class Parser {
 public:
  Parser(std::string_view text, std::size_t column) : text_(text), column_(column) {}

  Expression parse() {
    Expression expression;
    expression.source = trimmed();
    skip_space();
    const char c = peek();
    if (c == '\'' || c == '"' || c == '-' || (c >= '0' && c <= '9')) {
      expression.fallback = literal();
    } else {
      expression.path = path();
    }
    for (skip_space(); peek() == '|'; skip_space()) {
      ++at_;
      filter(expression);
    }
    if (at_ < text_.size()) fail("expected '|' or '}}', found '" + std::string(1, peek()) + "'");
    return expression;
  }

 private:
  [[noreturn]] void fail(const std::string& detail) const { template_error(column_ + at_, detail); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }
  std::string trimmed() const {
    const auto first = text_.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return std::string(text_.substr(first, text_.find_last_not_of(" \t\r\n") - first + 1));
  }

  std::string name(const char* what) {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    if (at_ == start) fail(std::string("expected ") + what);
    return std::string(text_.substr(start, at_ - start));
  }

  std::vector<std::string> path() {
    const std::size_t start = at_;
    std::vector<std::string> path{name("a path such as item.id")};
    if (std::find(roots.begin(), roots.end(), path.front()) == roots.end()) {
      at_ = start;
      const std::string near =
          nearest_name(path.front(), std::vector<std::string>(roots.begin(), roots.end()));
      fail("unknown name '" + path.front() + "': a path begins with item, event, new, old or execution" +
           (near.empty() ? ", as in item." + path.front() : "; did you mean '" + near + "'?"));
    }
    for (;;) {
      if (peek() == '.') {
        ++at_;
        path.push_back(name("a name after '.'"));
      } else if (peek() == '[') {
        ++at_;
        path.push_back(peek() == '\'' || peek() == '"' ? quoted()
                                                       : name("a name in quotes or an index after '['"));
        if (peek() != ']') fail("expected ']'");
        ++at_;
      } else {
        return path;
      }
    }
  }

  std::string quoted() {
    const char quote = text_[at_++];
    std::string out;
    for (; peek() != quote; ++at_) {
      if (at_ >= text_.size()) fail("the text in quotes does not end");
      if (peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_];
    }
    ++at_;
    return out;
  }

  Document literal() {
    if (peek() == '\'' || peek() == '"') return Document(quoted());
    const std::size_t start = at_;
    while (is_name_char(peek()) || peek() == '.' || peek() == '+') ++at_;
    try {
      Document value = Document::parse(text_.substr(start, at_ - start));
      if (value.object() || value.array() || value.string()) throw InvalidInput("not a literal", {});
      return value;
    } catch (const InvalidInput&) {
      at_ = start;
      fail("expected a text in quotes, a number, true, false or null");
    }
  }

  void filter(Expression& expression) {
    skip_space();
    const std::size_t start = at_;
    const std::string word = name("a filter after '|'");
    if (word == "default") {
      skip_space();
      if (peek() != '(') fail("expected '(' after default, as in default('none')");
      ++at_;
      skip_space();
      expression.fallback = literal();
      skip_space();
      if (peek() != ')') fail("expected ')'");
      ++at_;
    } else if (word == "json") {
      expression.form = Expression::Form::json;
    } else if (word == "urlencode") {
      expression.form = Expression::Form::urlencode;
    } else if (word == "raw") {
      expression.form = Expression::Form::raw;
    } else {
      at_ = start;
      const std::string near = nearest_name(word, std::vector<std::string>(filters.begin(), filters.end()));
      fail(
          "unknown filter '" + word + "'" +
          (near.empty() ? "; known are default, json, urlencode and raw" : "; did you mean '" + near + "'?"));
    }
  }

  std::string_view text_;
  std::size_t column_;
  std::size_t at_ = 0;
};

}  // namespace

void template_error(std::size_t column, const std::string& detail) {
  const std::string message = "column " + std::to_string(column) + ": " + detail;
  throw InvalidInput(message, {{"", message}});
}

Expression parse_expression(std::string_view text, std::size_t column) {
  return Parser(text, column).parse();
}

}  // namespace rowhook
