#pragma once

#include "engine/capture/change_table/sqlite_handle.h"
#include "engine/event/value.h"

namespace rowhook {

// How the declared type of a column bends what SQLite stores.
enum class SqliteForm { plain, boolean, json };
SqliteForm sqlite_form(std::string_view declared_type);

// Appends the value of a result column by its storage class, exactly: integers and reals as JSON numbers
// (reals with the digits that read back as the same double, infinities as text), text, bytes, null. 0 and 1
// of BOOLEAN columns are booleans, valid JSON text of JSON columns is JSON. Returns false when text was not
// UTF-8 and was added as bytes.
bool add_sqlite_value(RowWriter& row, const SqliteCursor& cursor, int column, SqliteForm form);

}  // namespace rowhook
