// JSON-RPC 2.0 over the table of routes: a method is a route's name, its parameters are the path's, the
// query's and the body's. Pure; the connection brings requests and takes answers (docs/websocket.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/event/document.h"
#include "web/server/api.h"
#include "web/server/routes.h"

namespace rowhook {

struct RpcRequest {
  std::string id;  // as JSON text; "" for a notification, which gets no answer
  std::string method;
  Document params{Document::Object{}};
};

// One message: a request or a batch of them, each read or refused on its own.
struct RpcMessage {
  struct Item {
    RpcRequest request;
    std::string refusal;  // the answer to what is not a request; "" for a request
  };
  bool batch = false;
  std::vector<Item> items;
};

// Never throws: what is not JSON, an empty batch or one of more than 100 becomes one refused item.
RpcMessage parse_rpc(std::string_view text);

// The route of that name; null when there is none. Aliases of a route share its name: the first one counts.
const Route* route_of_method(std::string_view method);

// The HTTP request that stands for a call: path parameters by their names, parameters the route declares (and
// skip, limit, cursor of a listing) into the query, `if_match`, `if_none_match`, `idempotency_key` and
// `content_type` into the head, and the rest as the body (or `body` as the whole of it). Throws InvalidInput
// with a pointer into the parameters.
ApiRequest request_of_call(const Route& route, const Document& params);

// Answers, as text. The result is the body of the API's answer; an error's `data` is its problem+json.
std::string rpc_answer(const std::string& id, const ApiResponse& response);
std::string rpc_result(const std::string& id, std::string_view json);
std::string rpc_error(const std::string& id, const std::exception& error);
// -32600 invalid request, -32601 unknown method, -32602 invalid parameters (400, 422), -32603 internal error
// (500), else -32000 less the HTTP status: -32404 not found, -32412 somebody else was faster.
int rpc_code(int http_status);
std::string rpc_notification(std::string_view method, std::string_view params_json);

}  // namespace rowhook
