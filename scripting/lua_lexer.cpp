#include "scripting/lua_lexer.h"

#include <algorithm>

namespace rowhook {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_name(char c) { return is_name_start(c) || is_digit(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<LuaToken> run() {
    while (skip_blank() && at_ < source_.size()) {
      const std::size_t start = at_;
      const int line = line_;
      const LuaToken::Kind kind = scan();
      tokens_.push_back({kind, source_.substr(start, at_ - start), line, start});
      if (kind == LuaToken::Kind::bad) break;
    }
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  void step() {
    if (source_[at_] == '\n') ++line_;
    ++at_;
  }

  // False when a comment does not end: the rest is one bad token.
  bool skip_blank() {
    while (at_ < source_.size()) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f') {
        step();
      } else if (c == '-' && peek(1) == '-') {
        const std::size_t start = at_;
        const int line = line_;
        at_ += 2;
        if (peek() == '[' && level() >= 0) {
          if (!long_bracket(level())) {
            tokens_.push_back({LuaToken::Kind::bad, source_.substr(start), line, start});
            return false;
          }
        } else {
          while (at_ < source_.size() && peek() != '\n') ++at_;
        }
      } else {
        return true;
      }
    }
    return true;
  }

  // Level of the long bracket that opens here, -1 if none does.
  int level() const {
    std::size_t i = 1;
    while (peek(i) == '=') ++i;
    return peek(i) == '[' ? static_cast<int>(i) - 1 : -1;
  }

  bool long_bracket(int level) {
    const std::string close = "]" + std::string(static_cast<std::size_t>(level), '=') + "]";
    const std::size_t end = source_.find(close, at_);
    const std::size_t stop = end == std::string_view::npos ? source_.size() : end + close.size();
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(stop), '\n'));
    at_ = stop;
    return end != std::string_view::npos;
  }

  bool quoted() {
    const char quote = peek();
    step();
    while (at_ < source_.size() && peek() != quote) {
      if (peek() == '\n') return false;
      if (peek() == '\\' && at_ + 1 < source_.size()) {
        if (peek(1) == 'z') {
          at_ += 2;
          while (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n') step();
          continue;
        }
        step();
      }
      step();
    }
    if (at_ >= source_.size()) return false;
    step();
    return true;
  }

  LuaToken::Kind scan() {
    const char c = peek();
    if (is_name_start(c)) {
      while (is_name(peek())) ++at_;
      return LuaToken::Kind::name;
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      // As LuaJIT: an exponent's sign belongs to the number, and so does every letter, digit and dot that
      // follows.
      const bool hex = c == '0' && (peek(1) | 0x20) == 'x';
      while (is_name(peek()) || peek() == '.') {
        const char low = static_cast<char>(peek() | 0x20);
        ++at_;
        if (low == (hex ? 'p' : 'e') && (peek() == '+' || peek() == '-')) ++at_;
      }
      return LuaToken::Kind::number;
    }
    if (c == '"' || c == '\'') return quoted() ? LuaToken::Kind::string : LuaToken::Kind::bad;
    if (c == '[' && level() >= 0) return long_bracket(level()) ? LuaToken::Kind::string : LuaToken::Kind::bad;
    constexpr std::string_view wide[] = {"...", "..", "==", "~=", "<=", ">=", "::"};
    for (const auto symbol : wide) {
      if (source_.substr(at_, symbol.size()) == symbol) {
        at_ += symbol.size();
        return LuaToken::Kind::symbol;
      }
    }
    ++at_;
    return LuaToken::Kind::symbol;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::vector<LuaToken> tokens_;
};

}  // namespace

std::vector<LuaToken> lua_tokens(std::string_view source) { return Lexer(source).run(); }

bool plain_string(const LuaToken& token, std::string_view& value) {
  if (token.kind != LuaToken::Kind::string) return false;
  std::string_view text = token.text;
  if (text.front() == '[') {
    const std::size_t open = text.find('[', 1) + 1;
    text = text.substr(open, text.size() - 2 * open);
    if (!text.empty() && text.front() == '\n') text.remove_prefix(1);
    value = text;
    return true;
  }
  value = text.substr(1, text.size() - 2);
  return value.find('\\') == std::string_view::npos;
}

}  // namespace rowhook
