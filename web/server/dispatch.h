// From a request to its answer, without a network: what the server, the command line without an engine, and
// later JSON-RPC call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "web/server/answer_cache.h"
#include "web/server/api.h"
#include "web/server/call.h"
#include "web/server/idempotency.h"
#include "web/server/page_session.h"
#include "web/server/routes.h"
#include "web/server/services.h"
#include "web/server/token_book.h"

namespace rowhook {

// Thread safety: safe to share. admit() and ready() never block on I/O; the rest may.
class Dispatch {
 public:
  // `allowed_hosts`: names beside our own addresses that a Host field may hold.
  Dispatch(ApiServices services, std::vector<std::string> allowed_hosts);
  ~Dispatch();
  Dispatch(const Dispatch&) = delete;
  Dispatch& operator=(const Dispatch&) = delete;

  // The whole of a request whose principal is set and trusted: everything but Host, Origin and token is
  // checked. Never throws: errors become problem+json. Blocks until the answer is there.
  ApiResponse handle(ApiRequest& request);

  // The three steps a server takes instead.
  // 1. Checks the head; sets request.principal. nullopt: the copy of the tokens is stale, call
  // tokens().renew() where
  //    blocking is allowed and ask again. The match holds views into request.target. Throws what
  //    problem_response() takes.
  std::optional<RouteMatch> admit(ApiRequest& request, bool has_body);
  // 2. An answer that can be given at once; null if there is none.
  ReusableAnswerPtr ready(const ApiRequest& request, const RouteMatch& match) const;
  // 3. Runs the handler. Never throws. `reusable` is set when the answer came from or went into the cache.
  ApiResponse run(ApiRequest& request, const RouteMatch& match, ReusableAnswerPtr* reusable = nullptr);
  // Whether start_deferred() is to be called instead of run(): on the network thread, never blocking.
  static bool is_deferred(const ApiRequest& request, const RouteMatch& match);
  // Calls `reply` once, now or later, on any thread.
  void start_deferred(ApiRequest& request, const RouteMatch& match, Reply reply);

  // Who a token or the cookie of a page session belongs to; as TokenBook::find().
  TokenBook::Answer recognise(std::string_view secret);
  TokenBook& tokens() { return tokens_; }
  PageSessions& sessions() { return sessions_; }
  ApiContext& context() { return context_; }

 private:
  // Who asks, by bearer token, a WebSocket's handshake or the page's cookie; false: the copy of the tokens is
  // stale. `needed`: somebody has to be named. Throws HttpError.
  bool identify(ApiRequest& request, bool upgrade, bool needed);
  ApiResponse call_handler(ApiRequest& request, const RouteMatch& match);
  ApiResponse explain_conflict(const ApiRequest& request, ApiResponse refusal);
  void note_change(const ApiRequest& request, const Route& route, const ApiResponse& response);

  ApiContext context_;
  std::vector<std::string> allowed_hosts_;
  TokenBook tokens_;
  PageSessions sessions_;
  AnswerCache answers_;
  IdempotentPosts posts_;
};

}  // namespace rowhook
