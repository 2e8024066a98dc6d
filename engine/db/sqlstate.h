#pragma once

#include <string>
#include <string_view>

namespace rowhook {

// What a server of PostgreSQL's family says about a failed statement.
struct ServerError {
  std::string sqlstate;                   // five characters; "" when the connection was lost
  std::string message;                    // the primary message, one line, without DETAIL (which quotes rows)
  std::string constraint, table, column;  // "" where the server did not name them
};

// Reads libpq's message in the VERBOSE form ("ERROR:  23514: new row ...\nDETAIL: ...\nTABLE NAME:  t\n...").
// `sqlstate` wins over the one in the text when it is not empty.
ServerError parse_server_error(std::string_view verbose, std::string_view sqlstate = {});

// Throws TransientError for lost connections, serialization failures, deadlocks, time-outs, cancelled
// statements, lack of resources and a server that starts or stops; ConstraintError for class 23 and for text
// too long for its column (22001); PermanentError for all else. The message ends in "(SQLSTATE xxxxx)".
[[noreturn]] void throw_server_error(const ServerError& error);

}  // namespace rowhook
