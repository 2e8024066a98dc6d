// Words of a condition's text. Internal to engine/db.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rowhook {

struct ConditionToken {
  enum class Kind { name, quoted_name, number, text, bytes, symbol, end };
  Kind kind = Kind::end;
  std::string text;  // of names, texts and bytes: without quotes, escapes resolved; of numbers: a JSON number
  std::size_t begin = 0, end = 0;  // byte offsets
  // An unquoted name that is this keyword, in any letter case. `upper` in upper case.
  bool keyword(std::string_view upper) const;
  bool symbol(std::string_view sign) const { return kind == Kind::symbol && text == sign; }
};

// The last token is always Kind::end. Throws InvalidInput naming the column (from 1) and what to write
// instead.
std::vector<ConditionToken> tokenize_condition(std::string_view text);
// InvalidInput "column N: what", where N counts from 1 at byte `offset`.
[[noreturn]] void fail_condition(std::size_t offset, const std::string& what, const std::string& advice = {});

}  // namespace rowhook
