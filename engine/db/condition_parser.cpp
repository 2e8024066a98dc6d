// Recursive descent over the grammar of docs/conditions.md:
//   condition := conjunction (OR conjunction)*        conjunction := negation (AND negation)*
//   negation  := NOT negation | predicate             predicate   := primary [comparison primary | IN | LIKE
//   | ...] primary   := '(' condition ')' | column | literal
#include <array>

#include "engine/base/errors.h"
#include "engine/db/condition.h"
#include "engine/db/condition_lexer.h"
#include "engine/db/condition_node.h"

namespace rowhook {
namespace {

using Node = Condition::Node;
using Token = ConditionToken;

constexpr std::array<std::string_view, 16> reserved{"AND",  "OR",      "NOT",    "IN",   "LIKE",  "ESCAPE",
                                                    "IS",   "BETWEEN", "NULL",   "TRUE", "FALSE", "DISTINCT",
                                                    "FROM", "ILIKE",   "REGEXP", "GLOB"};

bool is_reserved(const Token& token) {
  return std::any_of(reserved.begin(), reserved.end(),
                     [&](std::string_view word) { return token.keyword(word); });
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), tokens_(tokenize_condition(text)) {}

  Node run() {
    if (peek().kind == Token::Kind::end)
      fail_condition(0, "the condition is empty", "for example: status = 'paid'");
    Node root = condition();
    if (peek().kind != Token::Kind::end) unexpected("AND, OR or the end");
    return root;
  }

 private:
  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  Token take() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }
  bool accept(std::string_view keyword) {
    if (!peek().keyword(keyword)) return false;
    ++at_;
    return true;
  }
  bool accept_symbol(std::string_view sign) {
    if (!peek().symbol(sign)) return false;
    ++at_;
    return true;
  }
  std::size_t previous_end() const { return at_ == 0 ? 0 : tokens_[at_ - 1].end; }
  std::string written(const Token& token) const {
    return std::string(text_.substr(token.begin, token.end - token.begin));
  }

  [[noreturn]] void unexpected(const std::string& expected, const std::string& advice = {}) const {
    const Token& token = peek();
    std::string what = "expected " + expected;
    if (at_ > 0) what += " after '" + written(tokens_[std::min(at_, tokens_.size() - 1) - 1]) + "'";
    what += token.kind == Token::Kind::end ? ", found the end" : ", found '" + written(token) + "'";
    fail_condition(token.begin, what, advice);
  }

  // Guards the recursion: a hostile text must not exhaust the stack here or in the evaluator.
  struct Deeper {
    explicit Deeper(Parser& owner) : parser(owner) {
      if (++parser.depth_ > Condition::max_depth)
        fail_condition(parser.peek().begin,
                       "nested deeper than " + std::to_string(Condition::max_depth) + " levels",
                       "write a Lua filter instead");
    }
    ~Deeper() { --parser.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    Parser& parser;
  };

  Node condition() {
    return chain(Node::Kind::any, "OR",
                 [this] { return chain(Node::Kind::all, "AND", [this] { return negation(); }); });
  }

  template <typename Part>
  Node chain(Node::Kind kind, std::string_view keyword, Part part) {
    Node first = part();
    if (!peek().keyword(keyword)) return first;
    Node node;
    node.kind = kind;
    node.begin = first.begin;
    node.children.push_back(as_condition(std::move(first)));
    while (accept(keyword)) node.children.push_back(as_condition(part()));
    node.end = previous_end();
    return node;
  }

  Node negation() {
    if (!peek().keyword("NOT")) return predicate();
    const Deeper deeper(*this);
    Node node;
    node.kind = Node::Kind::negation;
    node.begin = take().begin;
    node.children.push_back(as_condition(negation()));
    node.end = previous_end();
    return node;
  }

  // A bare column or boolean stands for itself; any other operand needs a comparison.
  Node as_condition(Node node) const {
    const bool truth = node.kind == Node::Kind::literal &&
                       (node.value_kind == ValueKind::yes || node.value_kind == ValueKind::no ||
                        node.value_kind == ValueKind::null);
    if (node.kind == Node::Kind::literal && !truth)
      fail_condition(
          node.begin,
          "'" + std::string(text_.substr(node.begin, node.end - node.begin)) + "' is not a condition",
          "compare it with a column, for example: status = 'paid'");
    return node;
  }

  Node predicate() {
    Node left = primary();
    if (comparison_ahead()) return compare(std::move(left));
    if (accept("IS")) return is(std::move(left));
    const bool negated = accept("NOT");
    if (accept("IN")) return in(std::move(left), negated);
    if (accept("LIKE")) return like(std::move(left), negated);
    if (accept("BETWEEN")) return between(std::move(left), negated);
    for (const std::string_view word : {"ILIKE", "REGEXP", "GLOB"})
      if (peek().keyword(word)) unexpected("LIKE, IN, BETWEEN or a comparison", "use LIKE, or a Lua filter");
    if (negated) unexpected("IN, LIKE or BETWEEN");
    return left;
  }

  bool comparison_ahead() const {
    for (const std::string_view sign : {"=", "<>", "!=", "<", "<=", ">", ">="})
      if (peek().symbol(sign)) return true;
    return false;
  }

  Node compare(Node left) {
    require_operand(left);
    const Token sign = take();
    Node node = join(Node::Kind::comparison, std::move(left), false);
    if (sign.text == "=") node.comparison = Comparison::equal;
    if (sign.text == "<>" || sign.text == "!=") node.comparison = Comparison::not_equal;
    if (sign.text == "<") node.comparison = Comparison::less;
    if (sign.text == "<=") node.comparison = Comparison::less_equal;
    if (sign.text == ">") node.comparison = Comparison::greater;
    if (sign.text == ">=") node.comparison = Comparison::greater_equal;
    node.children.push_back(operand());
    node.end = previous_end();
    if (comparison_ahead())
      unexpected("AND, OR or the end", "comparisons cannot be chained: write a < b AND b < c");
    return node;
  }

  Node is(Node left) {
    const bool negated = accept("NOT");
    Node node = join(Node::Kind::is_null, std::move(left), negated);
    if (accept("NULL")) {
      node.kind = Node::Kind::is_null;
    } else if (accept("TRUE")) {
      node.kind = Node::Kind::is_true;
    } else if (accept("FALSE")) {
      node.kind = Node::Kind::is_false;
    } else if (accept("DISTINCT")) {
      if (!accept("FROM")) unexpected("FROM");
      require_operand(node.children.front());
      node.kind = Node::Kind::is_distinct;
      node.children.push_back(operand());
    } else {
      unexpected("NULL, TRUE, FALSE or DISTINCT FROM", "to compare with a value write =");
    }
    node.end = previous_end();
    return node;
  }

  Node in(Node left, bool negated) {
    require_operand(left);
    Node node = join(Node::Kind::in, std::move(left), negated);
    if (!accept_symbol("(")) unexpected("'('", "for example: status IN ('paid', 'shipped')");
    do node.children.push_back(operand());
    while (accept_symbol(","));
    if (!accept_symbol(")")) unexpected("',' or ')'");
    node.end = previous_end();
    return node;
  }

  Node like(Node left, bool negated) {
    require_operand(left);
    Node node = join(Node::Kind::like, std::move(left), negated);
    node.children.push_back(operand());
    if (accept("ESCAPE")) {
      const Token escape = peek();
      const auto lead = static_cast<unsigned char>(escape.text.empty() ? 0 : escape.text.front());
      const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      if (escape.kind != Token::Kind::text || (!escape.text.empty() && escape.text.size() != length))
        unexpected("one character in quotes", "for example: code LIKE '10!%' ESCAPE '!'");
      node.children.push_back(operand());
    }
    node.end = previous_end();
    return node;
  }

  Node between(Node left, bool negated) {
    require_operand(left);
    Node node = join(Node::Kind::between, std::move(left), negated);
    node.children.push_back(operand());
    if (!accept("AND")) unexpected("AND", "for example: total BETWEEN 10 AND 20");
    node.children.push_back(operand());
    node.end = previous_end();
    return node;
  }

  static Node join(Node::Kind kind, Node left, bool negated) {
    Node node;
    node.kind = kind;
    node.negated = negated;
    node.begin = left.begin;
    node.children.push_back(std::move(left));
    return node;
  }

  void require_operand(const Node& node) const {
    if (!node.operand())
      fail_condition(node.begin, "expected a column or a literal, found a condition",
                     "conditions are joined with AND and OR, not compared");
  }

  Node operand() {
    Node node = primary();
    require_operand(node);
    return node;
  }

  Node primary() {
    if (peek().symbol("(")) {
      const Deeper deeper(*this);
      ++at_;
      Node node = condition();
      if (!accept_symbol(")")) unexpected("AND, OR or ')'");
      return node;
    }
    Node node;
    node.begin = peek().begin;
    switch (peek().kind) {
      case Token::Kind::number:
        literal(node, ValueKind::number);
        break;
      case Token::Kind::text:
        literal(node, ValueKind::text);
        break;
      case Token::Kind::bytes:
        literal(node, ValueKind::bytes);
        break;
      case Token::Kind::symbol:
        if (!accept_symbol("-")) unexpected("a column or a literal");
        literal(node, ValueKind::number);
        node.text.insert(0, 1, '-');
        break;
      case Token::Kind::end:
        unexpected("a column or a literal");
      case Token::Kind::name:
      case Token::Kind::quoted_name:
        word(node);
        break;
    }
    node.end = previous_end();
    return node;
  }

  void literal(Node& node, ValueKind kind) {
    node.kind = Node::Kind::literal;
    node.value_kind = kind;
    node.text = take().text;
  }

  // true, false, null or a column: `name`, `old.name`, `"quoted name"`, `a.path.into.json`.
  void word(Node& node) {
    for (const auto& [keyword, kind] :
         {std::pair{"TRUE", ValueKind::yes}, {"FALSE", ValueKind::no}, {"NULL", ValueKind::null}})
      if (accept(keyword)) {
        node.value_kind = kind;
        return;
      }
    if (is_reserved(peek()))
      unexpected("a column or a literal", "a column with the name of a keyword is written in double quotes");
    node.kind = Node::Kind::column;
    const Token first = take();
    if (peek().symbol("("))
      fail_condition(first.begin, "functions are not part of a condition", "use a Lua filter");
    node.text = first.text;
    bool qualifier = first.keyword("OLD") || first.keyword("NEW");
    while (accept_symbol(".")) {
      if (peek().kind != Token::Kind::name && peek().kind != Token::Kind::quoted_name) unexpected("a name");
      const Token part = take();
      if (qualifier) {
        node.qualifier = first.keyword("OLD") ? "old" : "new";
        node.text = part.text;
      } else {
        node.text += '.' + part.text;
      }
      qualifier = false;
    }
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

void collect(const Node& node, std::set<std::string>& names) {
  if (node.kind == Node::Kind::column) names.insert(node.text);
  for (const auto& child : node.children) collect(child, names);
}

}  // namespace

Condition::Condition(std::shared_ptr<const Node> root, std::string text)
    : root_(std::move(root)), text_(std::move(text)) {}

Condition Condition::parse(std::string_view text) {
  if (text.size() > max_length)
    fail_condition(0, "the condition is longer than " + std::to_string(max_length) + " bytes",
                   "write a Lua filter instead");
  Parser parser(text);
  return Condition(std::make_shared<const Node>(parser.run()), std::string(text));
}

const std::string& Condition::text() const { return text_; }

std::set<std::string> Condition::columns() const {
  std::set<std::string> names;
  collect(*root_, names);
  return names;
}

}  // namespace rowhook
