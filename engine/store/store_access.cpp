#include "engine/store/dialect_text.h"
#include "engine/store/refusals.h"
#include "engine/store/sql_store.h"

namespace rowhook {
namespace {

constexpr Micros minute = Micros{60} * 1'000'000;
constexpr Micros day = 24 * 60 * minute;

constexpr const char* token_select =
    "SELECT id, name, role, hash, MICROS(created_at), last_used_at IS NULL, MICROS(last_used_at), revoked_at "
    "IS NULL, "
    "MICROS(revoked_at) FROM tokens";

Token token_from_row(std::span<const SqlValue> row) {
  Token token;
  token.id = as_text(row[0]);
  token.name = as_text(row[1]);
  token.role = as_text(row[2]);
  token.hash = as_text(row[3]);
  token.created_at = as_int(row[4]);
  if (!as_bool(row[5])) token.last_used_at = as_int(row[6]);
  if (!as_bool(row[7])) token.revoked_at = as_int(row[8]);
  return token;
}

}  // namespace

void SqlStore::add_token(const Token& token) {
  try {
    database_.write([&](Connection& connection) {
      connection.query(
          in_dialect(
              "INSERT INTO tokens (id, name, role, hash, created_at) VALUES ($1, $2, $3, $4, TIME($5)) "
              "ON CONFLICT (hash) DO NOTHING",
              connection.dialect()),
          {token.id, token.name, token.role, token.hash, token.created_at ? token.created_at : clock_.now()});
    });
  } catch (const ConstraintError& error) {
    refuse_token(error);
  }
}

std::optional<Token> SqlStore::token_by_hash(const std::string& hash) {
  const auto token = database_.read([&](Connection& connection) -> std::optional<Token> {
    const SqlResult result =
        connection.query(in_dialect(std::string(token_select) + " WHERE hash = $1 AND revoked_at IS NULL",
                                    connection.dialect()),
                         {hash});
    if (result.empty()) return std::nullopt;
    return token_from_row(result.rows[0]);
  });
  const Micros now = clock_.now();
  // Once a minute is enough to see which tokens nobody uses any more.
  if (token && (!token->last_used_at || now - *token->last_used_at > minute || now < *token->last_used_at))
    database_.write([&](Connection& connection) {
      connection.query(
          in_dialect("UPDATE tokens SET last_used_at = TIME($2) WHERE hash = $1", connection.dialect()),
          {hash, now});
    });
  return token;
}

std::vector<Token> SqlStore::tokens() {
  return database_.read([](Connection& connection) {
    std::vector<Token> list;
    const SqlResult result = connection.query(
        in_dialect(std::string(token_select) + " ORDER BY created_at DESC, id DESC", connection.dialect()));
    for (const auto& row : result.rows) list.push_back(token_from_row(row));
    return list;
  });
}

bool SqlStore::revoke_token(const std::string& id) {
  return database_.write([&](Connection& connection) {
    return connection
               .query(
                   in_dialect("UPDATE tokens SET revoked_at = TIME($2) WHERE id = $1 AND revoked_at IS NULL",
                              connection.dialect()),
                   {id, clock_.now()})
               .affected > 0;
  });
}

std::optional<RememberedAnswer> SqlStore::remembered(const std::string& key, const std::string& who) {
  return database_.read([&](Connection& connection) -> std::optional<RememberedAnswer> {
    const SqlResult result =
        connection.query(in_dialect("SELECT request_hash, status, content_type, body FROM idempotency_keys "
                                    "WHERE key = $1 AND who = $2 AND created_at >= TIME($3)",
                                    connection.dialect()),
                         {key, who, clock_.now() - day});
    if (result.empty()) return std::nullopt;
    const auto& row = result.rows[0];
    return RememberedAnswer{as_text(row[0]), static_cast<int>(as_int(row[1])), as_text(row[2]),
                            as_text(row[3])};
  });
}

void SqlStore::remember(const std::string& key, const std::string& who, const RememberedAnswer& answer) {
  database_.write([&](Connection& connection) {
    // The first answer holds for a day; after that the key may be used again.
    connection.query(
        in_dialect(
            "INSERT INTO idempotency_keys (key, who, request_hash, status, content_type, body, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, TIME($7)) ON CONFLICT (key, who) DO UPDATE SET "
            "request_hash = excluded.request_hash, status = excluded.status, "
            "content_type = excluded.content_type, body = excluded.body, created_at = excluded.created_at "
            "WHERE idempotency_keys.created_at < TIME($8)",
            connection.dialect()),
        {key, who, answer.request_hash, std::int64_t{answer.status}, answer.content_type, answer.body,
         clock_.now(), clock_.now() - day});
  });
}

}  // namespace rowhook
