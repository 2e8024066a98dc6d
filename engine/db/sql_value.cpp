#include <charconv>

#include "engine/db/connection.h"

namespace rowhook {

std::int64_t as_int(const SqlValue& value) {
  if (is_null(value)) return 0;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* real = std::get_if<double>(&value)) {
    // 2^63 is exact as a double; anything from there on does not fit.
    if (*real >= -9223372036854775808.0 && *real < 9223372036854775808.0) {
      const auto integer = static_cast<std::int64_t>(*real);
      if (static_cast<double>(integer) == *real) return integer;
    }
    throw PermanentError("expected an integer, the database sent " + as_text(value));
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    std::int64_t integer = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), integer);
    if (error == std::errc{} && end == text->data() + text->size()) return integer;
    throw PermanentError("expected an integer, the database sent '" + text->substr(0, 100) + "'");
  }
  throw PermanentError("expected an integer, the database sent bytes");
}

std::string as_text(const SqlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* bytes = std::get_if<Bytes>(&value)) return bytes->data;
  if (const auto* real = std::get_if<double>(&value)) {
    char digits[32];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, *real);
    return std::string(digits, end);
  }
  return {};
}

bool as_bool(const SqlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (*text == "t" || *text == "true" || *text == "1") return true;
    if (*text == "f" || *text == "false" || *text == "0" || text->empty()) return false;
    throw PermanentError("expected true or false, the database sent '" + text->substr(0, 100) + "'");
  }
  return as_int(value) != 0;
}

bool is_null(const SqlValue& value) { return std::holds_alternative<std::nullptr_t>(value); }

std::uint64_t Connection::execute_many(std::string_view sql, const std::function<bool(SqlParams&)>& next) {
  std::uint64_t affected = 0;
  SqlParams row;
  while (next(row)) affected += query(sql, row).affected;
  return affected;
}

}  // namespace rowhook
