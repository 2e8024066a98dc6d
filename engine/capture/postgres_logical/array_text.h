// PostgreSQL's text form of arrays: {1,2,NULL,"a \"b\""}, {{1,2},{3,4}}, [0:1]={5,6}.
#pragma once

#include <string>
#include <string_view>

#include "engine/capture/postgres_logical/column_type.h"

namespace rowhook {

// Appends the array as JSON: numbers exact (NaN and infinities as strings), booleans, null, base64 of bytea,
// RFC 3339 of timestamptz, json as it is, everything else as strings; dimensions nest, lower bounds are
// dropped. False when the text is not an array; `out` then holds rubbish behind its former end.
bool append_array_json(std::string& out, TextForm element, char delimiter, std::string_view text);

}  // namespace rowhook
