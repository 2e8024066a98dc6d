#include "scripting/lua_check.h"

#include <algorithm>

#include "scripting/lua_lexer.h"
#include "scripting/lua_names.h"

namespace rowhook {
namespace {

constexpr int deepest = 180;  // as the compiler's own limit
struct DoesNotParse {};

// Recursive descent over Lua 5.1 (with goto). Expressions give what is known about their value.
class Reader {
 public:
  Reader(const std::vector<LuaToken>& tokens, LuaNames& names) : tokens_(tokens), names_(names) {}

  void whole_expression() {
    expression();
    if (at_ != tokens_.size()) throw DoesNotParse{};
  }
  void whole_chunk() {
    block();
    if (at_ != tokens_.size()) throw DoesNotParse{};
  }

 private:
  struct Depth {
    explicit Depth(int& depth) : depth_(depth) {
      if (++depth_ > deepest) throw DoesNotParse{};
    }
    ~Depth() { --depth_; }
    int& depth_;
  };

  bool is(std::string_view text) const { return at_ < tokens_.size() && tokens_[at_].text == text; }
  bool accept(std::string_view text) {
    if (!is(text)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text)) throw DoesNotParse{};
  }
  const LuaToken& take_name() {
    if (at_ >= tokens_.size() || tokens_[at_].kind != LuaToken::Kind::name ||
        LuaNames::is_keyword(tokens_[at_].text))
      throw DoesNotParse{};
    return tokens_[at_++];
  }
  bool block_ends() const {
    return at_ == tokens_.size() || is("end") || is("else") || is("elseif") || is("until");
  }

  void block() {
    const Depth guard(depth_);
    names_.open();
    while (!block_ends()) {
      if (is("return")) {
        ++at_;
        if (!block_ends() && !is(";")) expressions();
        accept(";");
        break;
      }
      statement();
    }
    names_.close();
  }

  void statement() {
    if (accept(";") || accept("break")) return;
    if (accept("::")) {
      take_name();
      expect("::");
    } else if (is("goto") && at_ + 1 < tokens_.size() && tokens_[at_ + 1].kind == LuaToken::Kind::name) {
      at_ += 2;
    } else if (accept("do")) {
      block();
      expect("end");
    } else if (accept("while")) {
      expression();
      expect("do");
      block();
      expect("end");
    } else if (accept("repeat")) {
      repeat();
    } else if (accept("if")) {
      conditional();
    } else if (accept("for")) {
      loop();
    } else if (accept("function")) {
      named_function();
    } else if (accept("local")) {
      local();
    } else {
      assignment_or_call();
    }
  }

  // The condition sees the locals of the body.
  void repeat() {
    const Depth guard(depth_);
    names_.open();
    while (!block_ends()) statement_or_return();
    expect("until");
    expression();
    names_.close();
  }
  void statement_or_return() {
    if (!accept("return")) return statement();
    if (!block_ends() && !is(";")) expressions();
    accept(";");
  }

  void conditional() {
    do {
      expression();
      expect("then");
      block();
    } while (accept("elseif"));
    if (accept("else")) block();
    expect("end");
  }

  void loop() {
    std::vector<const LuaToken*> variables{&take_name()};
    if (accept("=")) {
      expressions();
    } else {
      while (accept(",")) variables.push_back(&take_name());
      expect("in");
      expressions();
    }
    expect("do");
    names_.open();
    for (const auto* name : variables) names_.declare(*name, {}, true);
    block();
    names_.close();
    expect("end");
  }

  void named_function() {
    const LuaToken& name = take_name();
    bool member = false, method = false;
    while (is(".") || is(":")) {
      method = is(":");
      ++at_;
      take_name();
      member = true;
    }
    if (member) {
      names_.use(name);
    } else {
      names_.assign(name);
    }
    function_body(method);
  }

  void local() {
    if (accept("function")) {
      names_.declare(take_name(), {}, false);
      return function_body(false);
    }
    std::vector<const LuaToken*> declared{&take_name()};
    while (accept(",")) declared.push_back(&take_name());
    std::vector<LuaValue> values;
    if (accept("=")) values = expressions();
    for (std::size_t i = 0; i < declared.size(); ++i)
      names_.declare(*declared[i], i < values.size() ? values[i] : LuaValue{}, false);
  }

  void assignment_or_call() {
    std::size_t targets = 0;
    do {
      const std::size_t start = at_;
      const LuaValue target = suffixed(true);
      if (!is("=") && !is(",")) {
        if (targets > 0 || tokens_[at_ - 1].text == "]" || !target.called) throw DoesNotParse{};
        return;
      }
      if (at_ - start == 1) {
        names_.assign(tokens_[start]);
      } else {
        names_.write(tokens_[start], target);
      }
      ++targets;
    } while (accept(","));
    expect("=");
    expressions();
  }

  void function_body(bool method) {
    const Depth guard(depth_);
    names_.open();
    if (method) names_.declare_silently("self");
    expect("(");
    if (!accept(")")) {
      do {
        if (accept("...")) break;
        names_.declare(take_name(), {}, true);
      } while (accept(","));
      expect(")");
    }
    block();
    names_.close();
    expect("end");
  }

  std::vector<LuaValue> expressions() {
    std::vector<LuaValue> values{expression()};
    while (accept(",")) values.push_back(expression());
    return values;
  }

  static int precedence(std::string_view symbol) {
    if (symbol == "or") return 1;
    if (symbol == "and") return 2;
    if (symbol == "<" || symbol == ">" || symbol == "<=" || symbol == ">=" || symbol == "~=" ||
        symbol == "==")
      return 3;
    if (symbol == "..") return 5;
    if (symbol == "+" || symbol == "-") return 6;
    if (symbol == "*" || symbol == "/" || symbol == "%") return 7;
    return symbol == "^" ? 10 : 0;
  }

  LuaValue expression(int above = 0) {
    const Depth guard(depth_);
    LuaValue left;
    if (is("not") || is("-") || is("#")) {
      const std::string_view sign = tokens_[at_++].text;
      expression(8);
      left.kind = sign == "not" ? LuaValue::Kind::boolean : LuaValue::Kind::number;
    } else {
      left = simple();
    }
    for (;;) {
      if (at_ >= tokens_.size()) return left;
      const LuaToken& symbol = tokens_[at_];
      if (symbol.kind == LuaToken::Kind::string) return left;
      const int level = precedence(symbol.text);
      if (level == 0 || level <= above) return left;
      ++at_;
      const LuaValue right = expression(level == 5 || level == 10 ? level - 1 : level);
      left = names_.combine(symbol, left, right, level);
    }
  }

  LuaValue simple() {
    if (at_ >= tokens_.size()) throw DoesNotParse{};
    const LuaToken& token = tokens_[at_];
    if (token.kind == LuaToken::Kind::bad) throw DoesNotParse{};
    if (token.kind == LuaToken::Kind::number || token.kind == LuaToken::Kind::string) {
      ++at_;
      return {.kind = token.kind == LuaToken::Kind::number ? LuaValue::Kind::number : LuaValue::Kind::text};
    }
    if (accept("nil") || accept("...")) return {};
    if (accept("true") || accept("false")) return {.kind = LuaValue::Kind::boolean};
    if (is("{")) return table();
    if (accept("function")) {
      function_body(false);
      return {};
    }
    return suffixed(false);
  }

  // A name or a bracketed expression with its members, indices and calls.
  LuaValue suffixed(bool target) {
    const Depth guard(depth_);
    LuaValue value;
    if (accept("(")) {
      value = expression();
      expect(")");
      value.called = false;
    } else {
      const LuaToken& name = take_name();
      const bool assigned = target && (is("=") || is(","));
      if (!assigned) value = names_.use(name);
    }
    for (;;) {
      if (accept(".")) {
        value = names_.member(value, take_name());
      } else if (accept("[")) {
        value = index(value);
      } else if (accept(":")) {
        take_name();
        arguments();
        value = {.called = true};
      } else if (is("(") || is("{") ||
                 (at_ < tokens_.size() && tokens_[at_].kind == LuaToken::Kind::string)) {
        arguments();
        value = names_.called(value);
      } else {
        return value;
      }
    }
  }

  LuaValue index(const LuaValue& value) {
    const LuaToken* only = at_ + 1 < tokens_.size() && tokens_[at_ + 1].text == "]" ? &tokens_[at_] : nullptr;
    expression();
    expect("]");
    std::string_view name;
    if (only && only->kind == LuaToken::Kind::string && plain_string(*only, name))
      return names_.member(value, *only, name);
    return {};
  }

  void arguments() {
    if (at_ < tokens_.size() && tokens_[at_].kind == LuaToken::Kind::string) {
      ++at_;
    } else if (is("{")) {
      table();
    } else {
      expect("(");
      if (accept(")")) return;
      expressions();
      expect(")");
    }
  }

  LuaValue table() {
    const Depth guard(depth_);
    expect("{");
    while (!accept("}")) {
      if (accept("[")) {
        expression();
        expect("]");
        expect("=");
      } else if (at_ + 1 < tokens_.size() && tokens_[at_].kind == LuaToken::Kind::name &&
                 tokens_[at_ + 1].text == "=") {
        take_name();
        expect("=");
      }
      expression();
      if (!accept(",") && !accept(";")) {
        expect("}");
        break;
      }
    }
    return {.kind = LuaValue::Kind::table};
  }

  const std::vector<LuaToken>& tokens_;
  LuaNames& names_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::vector<ScriptProblem> check_lua(std::string_view source, std::span<const ScriptTable> tables) {
  const auto tokens = lua_tokens(source);
  for (const bool chunk : {false, true}) {
    LuaNames names(source, tables);
    Reader reader(tokens, names);
    try {
      chunk ? reader.whole_chunk() : reader.whole_expression();
      return names.take();
    } catch (const DoesNotParse&) {
    }
  }
  return {};
}

int column_of_message(std::string_view source, int line, std::string_view message) {
  const auto tokens = lua_tokens(source);
  const auto column = [&](std::size_t offset) {
    const std::size_t start = offset == 0 ? 0 : source.rfind('\n', offset - 1) + 1;
    return static_cast<int>(offset - start) + 1;
  };
  const std::size_t near = message.rfind("near '");
  if (near == std::string_view::npos || !message.ends_with('\'')) return 0;
  const std::string_view word = message.substr(near + 6, message.size() - near - 7);
  if (word == "<eof>") return column(source.size());
  for (auto token = tokens.rbegin(); token != tokens.rend(); ++token)
    if (token->line == line && (token->text == word || token->text.starts_with(word)))
      return column(token->offset);
  return 0;
}

}  // namespace rowhook
