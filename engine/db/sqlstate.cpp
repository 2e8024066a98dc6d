#include "engine/db/sqlstate.h"

#include "engine/db/connection.h"

namespace rowhook {
namespace {

std::string_view line_from(std::string_view text, std::size_t start) {
  return text.substr(start, text.find('\n', start) - start);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string field(std::string_view text, std::string_view label) {
  for (std::size_t at = text.find(label); at != std::string_view::npos; at = text.find(label, at + 1))
    if (at > 0 && text[at - 1] == '\n') return std::string(trimmed(line_from(text, at + label.size())));
  return {};
}

bool is_sqlstate(std::string_view text) {
  return text.size() == 5 &&
         text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

bool transient(std::string_view state) {
  const std::string_view kind = state.substr(0, 2);
  return state.empty() || kind == "08" || kind == "40" || kind == "53" || kind == "58" || state == "55P03" ||
         state == "55006" || state == "57014" || state == "57P01" || state == "57P02" || state == "57P03" ||
         state == "57P05" || state == "25P03" || state == "26000" || state == "25006";
}

std::string hint(std::string_view state) {
  if (state == "57014") return "the statement took longer than query_timeout, or it was cancelled";
  if (state == "53300") return "raise max_connections of the server, or lower connection_pool_size";
  if (state == "53100") return "free space on the disk of the database server";
  if (state == "25006") return "the server is a standby that only reads; connect to the primary";
  return {};
}

ConstraintError::Kind kind(std::string_view state) {
  using Kind = ConstraintError::Kind;
  if (state == "23514") return Kind::check;
  if (state == "23503") return Kind::foreign_key;
  if (state == "23505") return Kind::unique;
  if (state == "23502") return Kind::not_null;
  if (state == "22001" || state == "54000") return Kind::too_long;
  return Kind::other;
}

}  // namespace

ServerError parse_server_error(std::string_view verbose, std::string_view sqlstate) {
  ServerError error;
  error.sqlstate = sqlstate;
  std::string_view first = trimmed(line_from(verbose, 0));
  // The severity is in the server's language; the code behind it is not.
  if (const auto colon = first.find(":  "); colon != std::string_view::npos) {
    first = trimmed(first.substr(colon + 3));
    if (first.size() > 6 && first[5] == ':' && is_sqlstate(first.substr(0, 5))) {
      if (error.sqlstate.empty()) error.sqlstate = first.substr(0, 5);
      first = trimmed(first.substr(6));
    }
  }
  error.message = first;
  error.constraint = field(verbose, "CONSTRAINT NAME:");
  error.table = field(verbose, "TABLE NAME:");
  error.column = field(verbose, "COLUMN NAME:");
  return error;
}

void throw_server_error(const ServerError& error) {
  const std::string& state = error.sqlstate;
  if (state.empty()) throw TransientError("connection lost: " + error.message);
  const std::string message = error.message + " (SQLSTATE " + state + ")";
  if (state == "57014") throw TransientError("cancelled: " + message, hint(state));
  if (transient(state)) throw TransientError(message, hint(state));
  // 54000 with a constraint: the row does not fit into that index.
  if (state.substr(0, 2) == "23" || state == "22001" || (state == "54000" && !error.constraint.empty()))
    throw ConstraintError(message, kind(state), error.constraint, error.table, error.column);
  throw PermanentError(message, hint(state));
}

}  // namespace rowhook
