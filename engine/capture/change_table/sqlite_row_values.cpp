#include "engine/capture/change_table/sqlite_row_values.h"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>

#include "engine/capture/change_table/sqlite_catalog.h"
#include "engine/event/document.h"

namespace rowhook {
namespace {

void add_integer(RowWriter& row, std::int64_t value, SqliteForm form) {
  if (form == SqliteForm::boolean && (value == 0 || value == 1)) {
    row.add(value == 1 ? ValueKind::yes : ValueKind::no);
    return;
  }
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  row.add(ValueKind::number, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void add_real(RowWriter& row, double value) {
  if (!std::isfinite(value)) {
    row.add(ValueKind::text, std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    return;
  }
  std::array<char, 40> buffer{};
  auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;  // the shortest that reads back
  std::string_view digits(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  if (digits.find_first_of(".e") ==
      std::string_view::npos) {  // 100.0, as SQLite prints it: a real, no integer
    *end++ = '.';
    *end++ = '0';
    digits = {buffer.data(), digits.size() + 2};
  }
  row.add(ValueKind::number, digits);
}

bool is_json(std::string_view text) {
  try {
    Document::parse(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

SqliteForm sqlite_form(std::string_view declared_type) {
  if (same_sqlite_name(declared_type, "BOOLEAN") || same_sqlite_name(declared_type, "BOOL"))
    return SqliteForm::boolean;
  if (same_sqlite_name(declared_type, "JSON") || same_sqlite_name(declared_type, "JSONB"))
    return SqliteForm::json;
  return SqliteForm::plain;
}

bool add_sqlite_value(RowWriter& row, const SqliteCursor& cursor, int column, SqliteForm form) {
  switch (cursor.storage(column)) {
    case SqliteStorage::null:
      row.add(ValueKind::null);
      return true;
    case SqliteStorage::integer:
      add_integer(row, cursor.integer(column), form);
      return true;
    case SqliteStorage::real:
      add_real(row, cursor.real(column));
      return true;
    case SqliteStorage::blob:
      row.add(ValueKind::bytes, cursor.bytes(column));
      return true;
    case SqliteStorage::text:
      break;
  }
  const std::string_view text = cursor.bytes(column);
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    row.add(ValueKind::bytes, text);
    return false;
  }
  row.add(form == SqliteForm::json && is_json(text) ? ValueKind::json : ValueKind::text, text);
  return true;
}

}  // namespace rowhook
