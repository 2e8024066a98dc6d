// Every route of the API in one table. Routing, authorization, 405, OpenAPI, the reference page and the
// methods of JSON-RPC come from it. A route that is not in the table does not exist, and one without a role
// of `nobody` needs a token.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "web/server/api.h"
#include "web/server/query.h"

namespace rowhook {

struct Call;  // web/server/call.h
using Reply = std::function<void(ApiResponse)>;

// Which threads a handler runs on.
enum class Work {
  quick,  // SQL and journal look-ups: the workers that keep reads fast
  slow,   // runs scripts or workflows, or many statements: workers of their own
};

// How long a GET's answer may be served again without asking anybody.
enum class Reuse {
  never,
  until_change,  // a function of triggers, workflows and scripts alone: until one of them changes
  briefly,       // 250 ms: states that are looked at often
};

// Thread safety: immutable.
struct Route {
  std::string_view name;  // "triggers.list": the method of JSON-RPC and the operationId
  HttpMethod method;
  std::string_view pattern;  // "/api/v1/triggers/{id}"
  Role role;                 // the least that may call it; nobody: no token needed
  ApiResponse (*handler)(Call&);
  std::string_view summary;
  Work work = Work::quick;
  Reuse reuse = Reuse::never;
  bool listing = false;  // takes skip, limit and cursor; answers {"items","next_cursor","total"}
  std::span<const QueryParameter> parameters = {};
  // When set, the network thread calls this instead of `handler`: it must not block and calls the reply later
  // or now.
  void (*deferred)(Call&, Reply) = nullptr;
  bool secret_answer = false;  // never remembered under an Idempotency-Key
  bool cloud_events = false;   // takes the media types of CloudEvents
  bool upgrade = false;        // a WebSocket handshake, not a call
  bool sets_cookie = false;    // signs a browser in or out: no method of JSON-RPC
  bool only_asks = false;      // changes nothing, whatever its method
};

std::span<const Route> api_routes();

// A route and the raw (percent-encoded) values of its parameters in the order of the pattern.
// The values are views into the path that was matched.
struct RouteMatch {
  const Route* route = nullptr;
  std::array<std::string_view, 4> values{};
  std::string
      allow;  // "GET, POST": methods of that path when no route has the method; "" when there is no such path
};

// Literal segments win over parameters. HEAD matches GET. Thread safety: safe to call from any thread.
RouteMatch match_route(HttpMethod method, std::string_view path);
// As above over another table; for tests of matching.
RouteMatch match_route(std::span<const Route> routes, HttpMethod method, std::string_view path);

}  // namespace rowhook
