#include "web/server/dispatch.h"

#include "engine/base/log.h"
#include "web/server/assets.h"
#include "web/server/gate.h"
#include "web/server/upgrade.h"

namespace rowhook {
namespace {

bool changes_something(const ApiRequest& request) {
  return request.method != HttpMethod::get && request.method != HttpMethod::head;
}

// Who changed what, for the operator. Posted events are data, not administration.
void log_change(const ApiRequest& request, const Route& route, const ApiResponse& response) {
  if (!changes_something(request) || route.deferred || response.status >= 400) return;
  log::info("changed through the API",
            {{"what", route.name}, {"path", request.path()}, {"by", request.principal.name}});
}

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
    if (auto session = sessions_.find(secret)) {
      request.principal = std::move(session->principal);
      return true;
    }
  }
  if (secret.empty()) {
    if (needed) throw unauthorized("this needs a token");
    return true;
  }
  auto found = tokens_.find(secret);
  if (found.stale) return false;
  if (!found.principal) throw unauthorized("this token is not, or no longer, known");
  request.principal = *std::move(found.principal);
  return true;
}

ReusableAnswerPtr Dispatch::ready(const ApiRequest& request, const RouteMatch& match) const {
  if (match.route->reuse == Reuse::never) return nullptr;
  return answers_.find(request.target);
}

ApiResponse Dispatch::call_handler(ApiRequest& request, const RouteMatch& match) {
  // A deep link into the page carries the page's own parameters.
  const std::string_view query = match.route == &page_route() ? std::string_view() : request.query();
  Call call{request, match, Query(query, match.route->parameters, match.route->listing), context_};
  return match.route->handler(call);
}

ApiResponse Dispatch::run(ApiRequest& request, const RouteMatch& match, ReusableAnswerPtr* reusable) {
  try {
    if (match.route->reuse != Reuse::never) {
      const auto answer =
          answers_.answer(*match.route, request.target, [&] { return call_handler(request, match); });
      if (reusable) *reusable = answer;
      return reusable ? ApiResponse{} : answer->response;
    }
    ApiResponse response = posts_.answer(request, *match.route, [&] { return call_handler(request, match); });
    log_change(request, *match.route, response);
    return response;
  } catch (const std::exception& error) {
    return problem_response(error);
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
