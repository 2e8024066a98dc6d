#include "web/server/dispatch.h"

#include "engine/base/log.h"
#include "engine/store/store.h"
#include "web/server/assets.h"
#include "web/server/conflict.h"
#include "web/server/gate.h"
#include "web/server/handlers.h"
#include "web/server/upgrade.h"

namespace rowhook {
namespace {

// Posted events are data, not administration.
bool is_change(const ApiRequest& request, const Route& route, const ApiResponse& response) {
  return request.method != HttpMethod::get && request.method != HttpMethod::head &&
         request.method != HttpMethod::options && !route.deferred && !route.only_asks &&
         response.status < 400 && response.header("Idempotency-Replayed").data() == nullptr;
}

std::string_view below_api(std::string_view path) {
  if (constexpr std::string_view api = "/api/v1"; path.starts_with(api)) path.remove_prefix(api.size());
  return path;
}

// Where the listing begins and where it goes on (RFC 8288), with all else that was asked for.
std::string links(const ApiRequest& request, const std::string& next_cursor) {
  std::string rest;
  for (std::string_view query = request.query(); !query.empty();) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.starts_with("cursor=") || pair.starts_with("skip=")) continue;
    rest.append(rest.empty() ? "" : "&").append(pair);
  }
  const std::string path(request.path());
  return "<" + path + "?" + rest + (rest.empty() ? "" : "&") + "cursor=" + percent_encode(next_cursor) +
         ">; rel=\"next\", <" + path + (rest.empty() ? "" : "?" + rest) + ">; rel=\"first\"";
}

// The store's word for a cursor that it did not give is one of a document; here it stands in the query.
ApiResponse answer_of(Call& call) {
  try {
    return call.match.route->handler(call);
  } catch (const InvalidInput& error) {
    if (!call.query.has("cursor") || error.problems().empty() ||
        error.problems().front().pointer != "/cursor")
      throw;
    throw bad_request(error.what(), "", error.problems().front().detail);
  }
}

constexpr Route options_route{.name = "options",
                              .method = HttpMethod::options,
                              .pattern = "",
                              .role = Role::nobody,
                              .handler = allowed_methods,
                              .summary = "",
                              .only_asks = true};

}  // namespace

Dispatch::Dispatch(ApiServices services, std::vector<std::string> allowed_hosts)
    : allowed_hosts_(std::move(allowed_hosts)),
      tokens_(*services.store, *services.clock),
      sessions_(*services.clock, services.random),
      answers_(*services.store, *services.clock),
      posts_(*services.store) {
  context_.services = std::move(services);
  context_.changed = [this] {
    answers_.changed();
    if (context_.services.changed) context_.services.changed();
  };
  context_.tokens_changed = [this] { tokens_.forget(); };
  context_.tokens = &tokens_;
  context_.sessions = &sessions_;
  context_.draining = [] { return false; };
}

Dispatch::~Dispatch() = default;

ApiResponse Dispatch::handle(ApiRequest& request) {
  RouteMatch match;
  try {
    match = match_route(request.method, request.path());
    if (request.method == HttpMethod::options && !match.allow.empty()) match.route = &options_route;
    check_found(match, request);
    check_role(request.principal, *match.route);
  } catch (const std::exception& error) {
    return problem_response(error);
  }
  return run(request, match);
}

std::optional<RouteMatch> Dispatch::admit(ApiRequest& request, bool has_body) {
  RouteMatch match = match_route(request.method, request.path());
  if (!match.route && match.allow.empty() && is_page_request(request)) match.route = &page_route();
  const bool is_public = match.route && match.route->role == Role::nobody;
  // Probes of an orchestrator ask by whatever address they know; what they hear tells nothing.
  const bool probe = is_public && (match.route->name == "health.live" || match.route->name == "health.ready");
  if (!probe) check_host(request, allowed_hosts_);
  request.principal = {};
  const bool upgrade = match.route && match.route->upgrade;
  if (!identify(request, upgrade, !is_public)) return std::nullopt;
  if (request.method == HttpMethod::options && !match.allow.empty()) match.route = &options_route;
  check_found(match, request);
  check_role(request.principal, *match.route);
  upgrade ? check_same_origin(request) : check_origin(request);
  check_media_type(request, *match.route, has_body);
  return match;
}

bool Dispatch::identify(ApiRequest& request, bool upgrade, bool needed) {
  if (!needed && !upgrade) return true;
  std::string_view secret = upgrade ? websocket_token(request) : bearer_token(request);
  if (secret.empty()) {
    secret = session_cookie(request);
    if (!secret.empty()) check_cookie_use(request);
  }
  if (secret.empty()) {
    if (needed) throw unauthorized("this needs a token");
    return true;
  }
  auto found = recognise(secret);
  if (found.stale) return false;
  if (!found.principal) throw unauthorized("this token is not, or no longer, known");
  request.principal = *std::move(found.principal);
  return true;
}

TokenBook::Answer Dispatch::recognise(std::string_view secret) {
  if (auto session = sessions_.find(secret))
    return {.stale = false, .principal = std::move(session->principal)};
  return tokens_.find(secret);
}

ReusableAnswerPtr Dispatch::ready(const ApiRequest& request, const RouteMatch& match) const {
  if (match.route->reuse == Reuse::never) return nullptr;
  return answers_.find(request.target);
}

ApiResponse Dispatch::call_handler(ApiRequest& request, const RouteMatch& match) {
  // A deep link into the page carries the page's own parameters.
  const std::string_view query = match.route == &page_route() ? std::string_view() : request.query();
  Call call{request, match, Query(query, match.route->parameters, match.route->listing), context_};
  ApiResponse response = answer_of(call);
  if (response.next_cursor) response.headers.emplace_back("Link", links(request, *response.next_cursor));
  return response;
}

// What a client needs that was not the first to change something: what is stored now, and what differs.
ApiResponse Dispatch::explain_conflict(const ApiRequest& request, ApiResponse refusal) {
  ApiRequest look;
  look.target = std::string(request.path());
  look.principal = request.principal;
  return with_conflict(std::move(refusal), handle(look), request.body);
}

// Into the audit log and, for whoever reads along, into the engine's log.
void Dispatch::note_change(const ApiRequest& request, const Route& route, const ApiResponse& response) {
  if (!is_change(request, route, response)) return;
  answers_.changed();  // whatever was changed, what was said of it before holds no more
  AuditEntry entry;
  entry.who = request.principal.name.empty() ? "nobody" : request.principal.name;  // a sign-in
  entry.token_id = request.principal.id;
  entry.address = request.peer_address;
  entry.action = route.name;
  const std::string_view made = response.header("Location");
  entry.object = below_api(made.data() != nullptr ? made : request.path());
  JsonObject detail(entry.detail);
  detail.number("status", std::int64_t{response.status});
  if (const auto tag = response.header("ETag"); tag.size() > 2)
    detail.raw("revision", tag.substr(1, tag.size() - 2));
  detail.close();
  log::info("changed through the API", {{"what", entry.action}, {"object", entry.object}, {"by", entry.who}});
  try {
    context_.store().add_audit(entry);
  } catch (const Error& error) {
    // The change has happened and the client must hear that: the log keeps what the table could not.
    log::error(
        "a change is missing in the audit log",
        {{"what", entry.action}, {"object", entry.object}, {"by", entry.who}, {"error", error.what()}});
  }
}

ApiResponse allowed_methods(Call& call) { return ApiResponse::empty().with("Allow", call.match.allow); }

ApiResponse Dispatch::run(ApiRequest& request, const RouteMatch& match, ReusableAnswerPtr* reusable) {
  try {
    if (match.route->reuse != Reuse::never) {
      const auto answer =
          answers_.answer(*match.route, request.target, [&] { return call_handler(request, match); });
      if (reusable) *reusable = answer;
      return reusable ? ApiResponse{} : answer->response;
    }
    ApiResponse response = posts_.answer(request, *match.route, [&] { return call_handler(request, match); });
    note_change(request, *match.route, response);
    return response;
  } catch (const std::exception& error) {
    ApiResponse refusal = problem_response(error);
    return request.method == HttpMethod::put && refusal.status == 412
               ? explain_conflict(request, std::move(refusal))
               : refusal;
  }
}

bool Dispatch::is_deferred(const ApiRequest& request, const RouteMatch& match) {
  return match.route->deferred && !request.headers.has("idempotency-key");
}

void Dispatch::start_deferred(ApiRequest& request, const RouteMatch& match, Reply reply) {
  try {
    Call call{request, match, Query(request.query(), match.route->parameters, match.route->listing),
              context_};
    match.route->deferred(call, reply);
  } catch (const std::exception& error) {
    reply(problem_response(error));
  }
}

}  // namespace rowhook
