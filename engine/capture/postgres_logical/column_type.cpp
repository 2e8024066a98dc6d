#include "engine/capture/postgres_logical/column_type.h"

#include <algorithm>
#include <array>
#include <optional>

#include "engine/capture/postgres_logical/array_text.h"
#include "engine/capture/postgres_logical/text_form.h"

namespace rowhook {
namespace {

// OIDs of src/include/catalog/pg_type.dat; they never change.
struct BuiltIn {
  std::uint32_t oid, array;
  std::string_view name;
  TextForm form;
};
constexpr std::array built_in{
    BuiltIn{16, 1000, "boolean", TextForm::boolean},
    BuiltIn{17, 1001, "bytea", TextForm::bytes},
    BuiltIn{18, 1002, "\"char\"", TextForm::text},
    BuiltIn{19, 1003, "name", TextForm::text},
    BuiltIn{20, 1016, "bigint", TextForm::integer},
    BuiltIn{21, 1005, "smallint", TextForm::integer},
    BuiltIn{23, 1007, "integer", TextForm::integer},
    BuiltIn{25, 1009, "text", TextForm::text},
    BuiltIn{26, 1028, "oid", TextForm::integer},
    BuiltIn{114, 199, "json", TextForm::json},
    BuiltIn{700, 1021, "real", TextForm::decimal},
    BuiltIn{701, 1022, "double precision", TextForm::decimal},
    BuiltIn{1042, 1014, "character", TextForm::text},
    BuiltIn{1043, 1015, "character varying", TextForm::text},
    BuiltIn{1082, 1182, "date", TextForm::text},
    BuiltIn{1114, 1115, "timestamp without time zone", TextForm::text},
    BuiltIn{1184, 1185, "timestamp with time zone", TextForm::instant},
    BuiltIn{1700, 1231, "numeric", TextForm::decimal},
    BuiltIn{2950, 2951, "uuid", TextForm::text},
    BuiltIn{3802, 3807, "jsonb", TextForm::json},
    BuiltIn{5069, 271, "xid8", TextForm::integer},
};

}  // namespace

TextForm scalar_form(std::uint32_t oid) {
  const auto* const found =
      std::find_if(built_in.begin(), built_in.end(), [&](const BuiltIn& type) { return type.oid == oid; });
  return found == built_in.end() ? TextForm::text : found->form;
}

ColumnType builtin_type(std::uint32_t oid) {
  for (const BuiltIn& type : built_in) {
    if (type.oid == oid) return {.name = std::string(type.name), .form = type.form};
    if (type.array == oid)
      return {.name = std::string(type.name) + "[]", .form = TextForm::array, .element = type.form};
  }
  return {};
}

void write_column(RowWriter& row, const ColumnType& type, std::string_view text, std::string& scratch) {
  switch (type.form) {
    case TextForm::integer:
    case TextForm::decimal:
      row.add(is_json_number(text) ? ValueKind::number : ValueKind::text, text);
      return;
    case TextForm::boolean:
      if (text == "t") return row.add(ValueKind::yes);
      if (text == "f") return row.add(ValueKind::no);
      break;
    case TextForm::bytes:
      scratch.clear();
      if (append_hex_bytes(scratch, text)) return row.add(ValueKind::bytes, scratch);
      break;
    case TextForm::instant:
      if (InstantText instant; format_instant(text, instant)) return row.add(ValueKind::text, instant.view());
      break;
    case TextForm::json:
      if (is_plain_json(text)) return row.add(ValueKind::json, text);
      scratch.clear();
      append_clean_json(scratch, text);
      return row.add(ValueKind::json, scratch);
    case TextForm::array:
      scratch.clear();
      if (append_array_json(scratch, type.element, type.delimiter, text))
        return row.add(ValueKind::json, scratch);
      break;
    case TextForm::text:
      break;
  }
  row.add(ValueKind::text, text);
}

}  // namespace rowhook
