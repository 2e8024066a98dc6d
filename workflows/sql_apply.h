#pragma once

#include <cstddef>
#include <string>

#include "engine/db/connection.h"
#include "engine/event/document.h"

namespace rowhook {

// What makes one effect of one execution different from every other: the primary key of rowhook_applied in
// the target.
struct AppliedKey {
  std::string event_id, execution_id, node_id;
  std::size_t item_index = 0;
};

// Values of templates as parameters. Numbers that are no 64-bit integers go to PostgreSQL as their exact
// digits and to SQLite, which has no exact ones, as doubles; objects and arrays go as JSON text, true and
// false as 1 and 0.
SqlParams sql_params(const std::vector<Document>& values, Dialect dialect);

// {"rows":[{column: value, ...}, ...],"affected":n} as JSON text; bytes as base64. Throws PermanentError
// beyond `max_rows`.
std::string sql_result_json(const SqlResult& result, std::size_t max_rows);
// Runs one statement and gives that; of its rows hardly more than `max_rows` are read.
std::string run_sql(Connection& connection, const std::string& sql, const SqlParams& params,
                    std::size_t max_rows);

// Runs `sql` in a transaction together with the row of rowhook_applied that says it was run; when the row is
// there already nothing is run and the result of that time is given. The table is made when it is missing;
// rows older than 30 days go.
std::string apply_once(Connection& connection, const AppliedKey& key, const std::string& sql,
                       const SqlParams& params, std::size_t max_rows);
void drop_old_applied(Connection& connection);

}  // namespace rowhook
