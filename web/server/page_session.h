// How a browser signs in: a one-time code from the link that was printed, or a pasted token, becomes a cookie
// that no script can read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/backoff.h"
#include "engine/base/clock.h"
#include "engine/base/guarded.h"
#include "web/server/api.h"

namespace rowhook {

// Sessions that began with a code. In memory only: they end with the process, and the next start prints a new
// link. A pasted token needs no session: the cookie then carries the token. Thread safety: safe to share.
class PageSessions {
 public:
  static constexpr Micros code_life = 15 * 60 * Micros{1'000'000};
  static constexpr Micros session_life = 7 * 24 * 3600 * Micros{1'000'000};

  PageSessions(const Clock& clock, Random random) : clock_(clock), random_(std::move(random)) {}

  struct Session {
    std::string secret;  // only in the answer of exchange()
    Principal principal;
    Micros expires = 0;
  };
  // A code that is exchanged once within `code_life`, for a session of the role admin. 256 random bits.
  std::string new_code();
  // nullopt: there is no such code, or it was used, or it has expired.
  std::optional<Session> exchange(std::string_view code);
  std::optional<Session> find(std::string_view secret) const;
  void end(std::string_view secret);

 private:
  struct State {
    std::map<std::string, Micros, std::less<>> codes;  // by hash: when it expires
    std::map<std::string, Session, std::less<>> sessions;
  };
  const Clock& clock_;
  Random random_;
  Guarded<State> state_;
};

// The cookie's value; "" when the request has none. Its name carries the port, because browsers share cookies
// between the ports of a host.
std::string_view session_cookie(const ApiRequest& request);
// The Set-Cookie field: HttpOnly, SameSite=Strict, over TLS also Secure and bound to this host. An empty
// secret removes it.
std::string set_session_cookie(const ApiRequest& request, std::string_view secret, Micros life);
// A cookie comes along by itself, so a request that changes something with it must say that it comes from our
// own page; check_origin() has looked at what is said. Throws HttpError 403 when nothing is.
void check_cookie_use(const ApiRequest& request);

}  // namespace rowhook
