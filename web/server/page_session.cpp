#include "web/server/page_session.h"

#include <nlohmann/json.hpp>

#include "engine/base/spec.h"
#include "web/server/gate.h"
#include "web/server/handlers.h"
#include "web/server/token_book.h"

namespace rowhook {
namespace {

constexpr std::size_t most_codes = 100, most_sessions = 1000;
constexpr Micros token_cookie_life = 30 * 24 * 3600 * Micros{1'000'000};

template <typename Entries, typename Expiry>
void drop_expired(Entries& entries, Micros now, std::size_t most, const Expiry& expiry) {
  for (auto at = entries.begin(); at != entries.end();)
    at = expiry(at->second) <= now ? entries.erase(at) : std::next(at);
  while (entries.size() >= most) {
    auto oldest = entries.begin();
    for (auto at = entries.begin(); at != entries.end(); ++at)
      if (expiry(at->second) < expiry(oldest->second)) oldest = at;
    entries.erase(oldest);
  }
}

std::string cookie_name(const ApiRequest& request) {
  const std::string_view host = request.header("host");
  const auto colon = host.rfind(':');
  std::string port = colon == std::string_view::npos ? "" : std::string(host.substr(colon + 1));
  if (port.find_first_not_of("0123456789") != std::string::npos) port.clear();
  return (request.encrypted ? "__Host-rowhook_" : "rowhook_") +
         (port.empty() ? std::string("session") : port);
}

const Spec& sign_in_spec() {
  static const Spec spec{
      Field::text("code", "The code of the link that `serve` or `demo` printed.").length(1, 255),
      Field::text("token", "A token, as `rowhook token create` prints it.").length(1, 255),
  };
  return spec;
}

ApiResponse session_response(const Principal& principal, std::optional<Micros> expires, int status = 200) {
  return ApiResponse::json(Json{{"name", principal.name},
                                {"role", to_string(principal.role)},
                                {"expires_at", expires ? Json(format_rfc3339(*expires)) : Json(nullptr)}},
                           status);
}

ApiResponse sign_in_with_code(Call& call, const std::string& code) {
  const auto session = call.api.sessions->exchange(code);
  if (!session)
    throw HttpError(401, "code-used",
                    "this link was used already, or has expired: it signs in once, within 15 minutes",
                    "`rowhook page` prints another one; so does starting the engine again");
  return session_response(session->principal, session->expires, 201)
      .with("Set-Cookie", set_session_cookie(call.request, session->secret, PageSessions::session_life));
}

ApiResponse sign_in_with_token(Call& call, const std::string& token) {
  auto found = call.api.tokens->find(token);
  if (found.stale) {
    call.api.tokens->renew();
    found = call.api.tokens->find(token);
  }
  if (!found.principal)
    throw HttpError(401, "unauthorized", "this token is not, or no longer, known",
                    "the admin token stands in the file admin-token of the data directory");
  return session_response(*found.principal, std::nullopt, 201)
      .with("Set-Cookie", set_session_cookie(call.request, token, token_cookie_life));
}

}  // namespace

std::string PageSessions::new_code() {
  const std::string code = new_token_secret(random_);
  const Micros now = clock_.now();
  state_.with([&](State& state) {
    drop_expired(state.codes, now, most_codes, [](Micros expires) { return expires; });
    state.codes[token_hash(code)] = now + code_life;
  });
  return code;
}

std::optional<PageSessions::Session> PageSessions::exchange(std::string_view code) {
  Session session;
  session.secret = new_token_secret(random_);
  const Micros now = clock_.now();
  session.expires = now + session_life;
  const std::string hash = token_hash(session.secret);
  session.principal = {.id = "page-" + hash.substr(0, 12), .name = "page", .role = Role::admin};
  return state_.with([&](State& state) -> std::optional<Session> {
    const auto found = state.codes.find(token_hash(code));
    if (found == state.codes.end()) return std::nullopt;
    const bool in_time = found->second > now;
    state.codes.erase(found);
    if (!in_time) return std::nullopt;
    drop_expired(state.sessions, now, most_sessions, [](const Session& each) { return each.expires; });
    Session kept = session;
    kept.secret.clear();
    state.sessions[hash] = std::move(kept);
    return session;
  });
}

std::optional<PageSessions::Session> PageSessions::find(std::string_view secret) const {
  const std::string hash = token_hash(secret);
  const Micros now = clock_.now();
  return state_.with([&](const State& state) -> std::optional<Session> {
    const auto found = state.sessions.find(hash);
    if (found == state.sessions.end() || found->second.expires <= now) return std::nullopt;
    return found->second;
  });
}

void PageSessions::end(std::string_view secret) {
  const std::string hash = token_hash(secret);
  state_.with([&](State& state) { state.sessions.erase(hash); });
}

std::string_view session_cookie(const ApiRequest& request) {
  const std::string wanted = cookie_name(request) + "=";
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    if (name != "cookie") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const auto end = rest.find(';');
      std::string_view pair = rest.substr(0, end);
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      if (pair.starts_with(wanted)) return pair.substr(wanted.size());
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
  }
  return {};
}

std::string set_session_cookie(const ApiRequest& request, std::string_view secret, Micros life) {
  std::string field =
      cookie_name(request) + "=" + std::string(secret) + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=";
  field += secret.empty() ? "0" : std::to_string(life / 1'000'000);
  if (request.encrypted) field += "; Secure";
  return field;
}

void check_cookie_use(const ApiRequest& request) {
  if (request.method == HttpMethod::get || request.method == HttpMethod::head) return;
  if (request.headers.has("origin") || request.header("sec-fetch-site") == "same-origin") return;
  throw HttpError(403, "foreign-origin", "a request with the page's cookie must say where it comes from",
                  "send Authorization: Bearer TOKEN when it does not come from the page");
}

ApiResponse create_session(Call& call) {
  const Json body = sign_in_spec().parse(json_body(call.request), "the sign-in");
  if (body.contains("code") == body.contains("token"))
    throw InvalidInput("a sign-in is either by code or by token", {{"", "give `code` or `token`"}});
  return body.contains("code") ? sign_in_with_code(call, body["code"].get<std::string>())
                               : sign_in_with_token(call, body["token"].get<std::string>());
}

ApiResponse show_session(Call& call) {
  const auto session = call.api.sessions->find(session_cookie(call.request));
  return session_response(call.request.principal, session ? std::optional(session->expires) : std::nullopt);
}

ApiResponse end_session(Call& call) {
  call.api.sessions->end(session_cookie(call.request));
  return ApiResponse::empty().with("Set-Cookie", set_session_cookie(call.request, "", 0));
}

ApiResponse create_session_code(Call& call) {
  const Micros expires = call.api.services.clock->now() + PageSessions::code_life;
  return ApiResponse::json(
      Json{{"code", call.api.sessions->new_code()}, {"expires_at", format_rfc3339(expires)}}, 201);
}

}  // namespace rowhook
