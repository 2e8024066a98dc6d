#include "scripting/script_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "scripting/decimal.h"
#include "scripting/lua_lexer.h"

namespace rowhook {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool ends_with_letters(std::string_view text, std::string_view suffix) {
  if (text.size() <= suffix.size()) return false;
  return std::equal(suffix.begin(), suffix.end(), text.end() - static_cast<std::ptrdiff_t>(suffix.size()),
                    [](char a, char b) { return a == lower(b); });
}

// The decimal digits of a hexadecimal integer with a 64-bit suffix, "" if it is none.
std::string hexadecimal_digits(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {};
  return std::to_string(value);
}

// A literal that a Lua number would round, as JSON digits; "" when a Lua number holds it (or the compiler
// shall judge it).
std::string exact_digits(std::string_view literal) {
  std::string_view digits = literal;
  bool wide = false;
  for (const std::string_view suffix : {"ull", "ll"}) {
    if (!ends_with_letters(digits, suffix)) continue;
    digits.remove_suffix(suffix.size());
    wide = true;
    break;
  }
  if (digits.size() > 2 && digits[0] == '0' && lower(digits[1]) == 'x')
    return wide ? hexadecimal_digits(digits.substr(2)) : std::string{};
  std::string json(digits);
  if (json.front() == '.') json.insert(0, "0");
  if (json.back() == '.') json.pop_back();
  const std::size_t point = json.find("."), exponent = json.find_first_of("eE");
  if (point != std::string::npos && exponent == point + 1) json.erase(point, 1);
  while (json.size() > 1 && json[0] == '0' && json[1] >= '0' && json[1] <= '9') json.erase(0, 1);
  const auto value = Decimal::parse(json);
  if (!value) return {};
  if (wide) return value->text();
  const double nearest = value->nearest();
  const auto held = std::isfinite(nearest) ? Decimal::from(nearest) : std::nullopt;
  return held && held->compare(*value) == 0 ? std::string{} : std::string(json);
}

bool is(const std::vector<LuaToken>& tokens, std::size_t i, std::string_view text) {
  return i < tokens.size() && tokens[i].text == text && tokens[i].kind != LuaToken::Kind::string;
}

bool is_comparison(const std::vector<LuaToken>& tokens, std::size_t i) {
  return is(tokens, i, "==") || is(tokens, i, "~=");
}

// new.column or old.column begins at i.
bool is_column(const std::vector<LuaToken>& tokens, std::size_t i) {
  return (is(tokens, i, "new") || is(tokens, i, "old")) && is(tokens, i + 1, ".") && i + 2 < tokens.size() &&
         tokens[i + 2].kind == LuaToken::Kind::name;
}

// The column that is compared with `null` at token i, "" if none is.
std::string compared_with_null(const std::vector<LuaToken>& tokens, std::size_t i) {
  const auto column = [&](std::size_t at) {
    return std::string(tokens[at].text) + "." + std::string(tokens[at + 2].text);
  };
  if (!is(tokens, i, "null")) return {};
  const bool plain_end = !is(tokens, i + 1, ".") && !is(tokens, i + 1, "[");
  if (i >= 4 && plain_end && is_comparison(tokens, i - 1) && is_column(tokens, i - 4) &&
      (i < 5 || !is(tokens, i - 5, ".")))
    return column(i - 4);
  if (is_comparison(tokens, i + 1) && is_column(tokens, i + 2) && !is(tokens, i + 5, ".") &&
      !is(tokens, i + 5, "["))
    return column(i + 2);
  return {};
}

// The module of require "name" or require("name") at token i.
bool required(const std::vector<LuaToken>& tokens, std::size_t i, std::string_view& name) {
  if (!is(tokens, i, "require") || (i > 0 && (is(tokens, i - 1, ".") || is(tokens, i - 1, ":"))))
    return false;
  const std::size_t at = is(tokens, i + 1, "(") ? i + 2 : i + 1;
  return at < tokens.size() && plain_string(tokens[at], name);
}

bool begins_statement(std::string_view word) {
  constexpr std::array<std::string_view, 9> words{"local", "if",   "for",   "while", "repeat",
                                                  "do",    "goto", "break", "::"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

ScriptText read_script_text(std::string_view source) {
  const auto tokens = lua_tokens(source);
  ScriptText result;
  result.statements = !tokens.empty() && begins_statement(tokens.front().text);
  std::size_t copied = 0;
  int returns = 0;
  const auto problem = [&](int line, std::string text) {
    if (!result.problem) result.problem.emplace(line, std::move(text));
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const LuaToken& token = tokens[i];
    if (token.kind == LuaToken::Kind::number) {
      if (ends_with_letters(token.text, "i")) {
        problem(token.line, "imaginary number '" + std::string(token.text) + "' has no place in a row");
      } else if (const std::string digits = exact_digits(token.text); !digits.empty()) {
        result.text.append(source.substr(copied, token.offset - copied));
        result.text.append(exact_literal).append("\"").append(digits).append("\"");
        copied = token.offset + token.text.size();
      }
      continue;
    }
    if (token.kind != LuaToken::Kind::name) continue;
    if (token.text == "kv") result.uses_state = true;
    if (token.text == "return") {
      result.statements = true;
      result.only_return = ++returns == 1 ? token.line : 0;
    }
    if (std::string_view name;
        required(tokens, i, name) &&
        std::find(result.modules.begin(), result.modules.end(), name) == result.modules.end())
      result.modules.emplace_back(name);
    if (const std::string column = compared_with_null(tokens, i); !column.empty())
      problem(token.line, column + " is never equal to null: SQL NULL reads as nil, so compare with nil");
  }
  result.text.append(source.substr(copied));
  return result;
}

}  // namespace rowhook
