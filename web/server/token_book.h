#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/backoff.h"
#include "engine/base/clock.h"
#include "engine/base/guarded.h"
#include "web/server/api.h"

namespace rowhook {

class Store;

// 256 random bits behind a recognisable prefix: "rowhook_" and 43 characters of base64url.
std::string new_token_secret(const Random& random);
std::string token_hash(std::string_view secret);  // SHA-256 in lower-case hex; all that is ever stored

// Makes sure that somebody can get in. With `from_environment` ($ROWHOOK_ADMIN_TOKEN; "" when unset) that
// secret becomes the one admin token of that origin. Else, if the store has no admin token in force, a random
// one is written to DATA_DIR/admin-token (mode 0600, replaced atomically). Returns the secret when it was
// made just now, for printing once. Throws ConfigError when the given one is shorter than 16 characters or
// holds blanks, TransientError when the file cannot be written.
std::optional<std::string> ensure_admin_token(Store& store, const std::string& data_dir,
                                              std::string_view from_environment, const Clock& clock,
                                              const Random& random);

// Who a bearer token belongs to, from a copy of the token table in memory: a request costs no SQL. The copy
// is renewed when it is a second old and, for a token it does not know, when it is a tenth of that. Thread
// safety: safe to share.
class TokenBook {
 public:
  TokenBook(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  struct Answer {
    bool stale =
        false;  // the copy is too old to say: call renew() on a thread that may block, then ask again
    std::optional<Principal> principal;
  };
  Answer find(std::string_view secret);
  // Reads the table, and has the store note which tokens were used. Throws TransientError.
  void renew();
  void forget();  // the next find() is stale: a token was made or revoked

 private:
  struct Entry {
    Principal principal;
    bool used = false;  // since the last renew()
  };
  struct Copy {
    std::map<std::string, Entry, std::less<>> by_hash;
    std::chrono::steady_clock::time_point read{};
    bool known = false;
    std::uint64_t forgotten = 0;  // calls of forget()
  };
  Store& store_;
  const Clock& clock_;
  Guarded<Copy> copy_;
};

}  // namespace rowhook
