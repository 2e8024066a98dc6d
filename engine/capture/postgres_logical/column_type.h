// From PostgreSQL's text form of a value to the engine's exact value, straight into an encoded row.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/event/value.h"

namespace rowhook {

// How the text of a type is to be read. Everything not named here is text as the database prints it.
enum class TextForm : std::uint8_t { text, integer, decimal, boolean, bytes, instant, json, array };

// A column's type, domains resolved to their base.
struct ColumnType {
  std::string name;  // as format_type() prints it: "numeric(10,2)"
  TextForm form = TextForm::text;
  TextForm element = TextForm::text;  // of an array
  char delimiter = ',';               // between the elements of an array (box has ';')
};

// The form of a built-in scalar type by its OID; text for all others.
TextForm scalar_form(std::uint32_t oid);
// A built-in type or array of one without a look into the catalogue; the name is format_type()'s without a
// modifier where that is the common one, else "". Types made by users are text.
ColumnType builtin_type(std::uint32_t oid);

// Appends the value whose text form is `text`, as printed under TimeZone=UTC, DateStyle=ISO,
// bytea_output=hex: integers and decimals as numbers (NaN and infinities as text), bytea as bytes,
// timestamptz as RFC 3339 (infinity, BC and years beyond 9999 as printed), arrays as JSON. Text that does not
// have the form of its type stays text. `scratch` is working memory that callers keep between calls.
void write_column(RowWriter& row, const ColumnType& type, std::string_view text, std::string& scratch);

}  // namespace rowhook
