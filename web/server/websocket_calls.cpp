// The calls of a WebSocket connection: JSON-RPC over the routes, and what only a connection can have.
#include <algorithm>

#include "engine/base/json.h"
#include "engine/event/json_writer.h"
#include "web/server/call.h"
#include "web/server/gate.h"
#include "web/server/websocket_session.h"

namespace rowhook {
namespace {

constexpr std::size_t max_subscriptions = 100;
constexpr std::size_t max_place = 255, max_state = 1024;

InvalidInput wrong(const std::string& pointer, const std::string& detail) {
  return InvalidInput("the parameters are not valid: " + detail, {{pointer, detail}});
}

void refuse_unknown(const Document& params, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : *params.object())
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw wrong(pointer_append("", name), "there is no parameter '" + name + "'");
}

std::string text_of(const Document& params, std::string_view name, bool required) {
  const Document* value = params.find(name);
  if (!value || value->is_null()) {
    if (required) throw wrong(pointer_append("", name), "is missing");
    return "";
  }
  if (!value->string()) throw wrong(pointer_append("", name), "expected text");
  return *value->string();
}

std::string unknown_method(const RpcRequest& request) {
  std::vector<std::string> names{"authenticate", "subscribe", "unsubscribe", "presence.set", "ping"};
  for (const auto& route : api_routes())
    if (!route.upgrade && !route.sets_cookie) names.emplace_back(route.name);
  const std::string near = nearest_name(request.method, names);
  std::string message;
  write_json_string(message, "there is no method '" + request.method.substr(0, 255) + "'" +
                                 (near.empty() ? "" : "; did you mean '" + near + "'?"));
  return R"({"jsonrpc":"2.0","id":)" + request.id + R"(,"error":{"code":-32601,"message":)" + message + "}}";
}

// A call of a route on its way; the match holds views into the request.
struct RouteCall {
  ApiRequest request;
  RouteMatch match;
  ApiResponse response;
};

}  // namespace

// The answers of one message, sent together when the last is there.
struct WebSocketSession::Batch {
  bool array = false;
  std::size_t open = 0;
  std::string text;
};

void WebSocketSession::renew_tokens(std::function<void()> then) {
  waiting_for_token_ = true;
  run_off_thread(
      host_, host_.quick, shared_from_this(), [this] { host_.dispatch.tokens().renew(); },
      [this, then = std::move(then)](std::exception_ptr error) {
        waiting_for_token_ = false;
        if (closing_) return;
        if (error) return close(CloseCode::try_again_later, "the store cannot be asked for tokens right now");
        then();
        process();
      });
}

bool WebSocketSession::check_token() {
  if (opening_.token.empty()) return true;
  auto found = host_.dispatch.recognise(opening_.token);
  if (found.stale) {
    renew_tokens([this] { check_token(); });
    return false;
  }
  if (!found.principal) {
    close(CloseCode::policy, "the token is no longer known");
    return false;
  }
  opening_.principal = *std::move(found.principal);
  return true;
}

void WebSocketSession::take_text(const std::string& text) {
  if (authenticated_ && !check_token()) {
    if (!closing_) held_ = text;
    return;
  }
  RpcMessage message = parse_rpc(text);
  auto batch = std::make_shared<Batch>();
  batch->array = message.batch;
  batch->open = message.items.size();
  open_calls_ += message.items.size();
  const auto answer = [self = shared_from_this(), this, batch](const std::string& answer_text) {
    open_calls_ -= 1;
    if (!answer_text.empty()) {
      if (batch->array) batch->text += batch->text.empty() ? '[' : ',';
      batch->text += answer_text;
    }
    if (--batch->open == 0 && !batch->text.empty()) {
      if (batch->array) batch->text += ']';
      if (!closing_) queue(FrameKind::text, batch->text);
    }
    if (draining_ && open_calls_ == 0) return drain();
    process();
  };
  for (auto& item : message.items) {
    if (!item.refusal.empty()) {
      answer(item.refusal);
    } else if (item.request.id.empty()) {
      item.request.id = "null";
      call(item.request, [answer](const std::string&) { answer(""); });  // a notification: nobody waits
    } else {
      call(item.request, answer);
    }
  }
}

void WebSocketSession::call(const RpcRequest& request, const Answer& answer) {
  try {
    if (request.method == "ping") return answer(rpc_result(request.id, "\"pong\""));
    if (request.method == "authenticate") return authenticate(request, answer);
    if (!authenticated_) throw unauthorized("call authenticate with a token first");
    if (request.method == "subscribe") return answer(rpc_result(request.id, subscribe(request.params)));
    if (request.method == "unsubscribe") return answer(rpc_result(request.id, unsubscribe(request.params)));
    if (request.method == "presence.set") return answer(rpc_result(request.id, set_presence(request.params)));
    if (const Route* route = route_of_method(request.method)) return call_route(*route, request, answer);
    answer(unknown_method(request));
  } catch (const std::exception& error) {
    answer(rpc_error(request.id, error));
  }
}

void WebSocketSession::authenticate(const RpcRequest& request, const Answer& answer) {
  refuse_unknown(request.params, {"token"});
  const std::string token = text_of(request.params, "token", true);
  auto found = host_.dispatch.tokens().find(token);
  if (found.stale)
    return renew_tokens([this, request, answer] {
      try {
        authenticate(request, answer);
      } catch (const std::exception& error) {
        answer(rpc_error(request.id, error));
      }
    });
  if (!found.principal) {
    answer(rpc_error(request.id, unauthorized("this token is not, or no longer, known")));
    return close(CloseCode::policy, "the token is not known");
  }
  opening_.token = token;
  opening_.principal = *std::move(found.principal);
  authenticated_ = let_in_ = true;
  idle_ = false;
  reader_.allow(host_.settings.websocket.message_bytes);
  std::string result;
  JsonObject json(result);
  json.text("name", opening_.principal.name);
  json.text("role", to_string(opening_.principal.role));
  json.text("session", session_id_);
  json.close();
  answer(rpc_result(request.id, result));
}

void WebSocketSession::call_route(const Route& route, const RpcRequest& request, const Answer& answer) {
  auto call = std::make_shared<RouteCall>();
  call->request = request_of_call(route, request.params);
  call->request.principal = opening_.principal;
  call->request.encrypted = opening_.encrypted;
  call->request.local_address = opening_.local_address;
  call->request.peer_address = opening_.peer_address;
  call->match = match_route(call->request.method, call->request.path());
  check_found(call->match, call->request);
  if (call->match.route->name != route.name)  // e.g. an event whose id is "tail"
    throw NotFound("there is nothing at " + std::string(call->request.path()));
  check_role(opening_.principal, route);
  const auto reply = [self = shared_from_this(), this, call, id = request.id,
                      answer](const ApiResponse& response) { answer(rpc_answer(id, response)); };
  if (const ReusableAnswerPtr ready = host_.dispatch.ready(call->request, call->match))
    return reply(ready->response);
  if (Dispatch::is_deferred(call->request, call->match)) {
    host_.dispatch.start_deferred(call->request, call->match, [&io = host_.io, reply](ApiResponse response) {
      asio::post(io, [reply, response = std::move(response)] { reply(response); });
    });
    return;
  }
  run_off_thread(
      host_, route.work == Work::slow ? host_.slow : host_.quick, shared_from_this(),
      [this, call] { call->response = host_.dispatch.run(call->request, call->match); },
      [reply, call](std::exception_ptr error) {
        if (!error) return reply(call->response);
        try {
          std::rethrow_exception(error);
        } catch (const std::exception& failure) {
          reply(problem_response(failure));
        }
      });
}

std::string WebSocketSession::subscribe(const Document& params) {
  refuse_unknown(params, {"topic", "filter", "cursor"});
  if (subscriptions_.size() >= max_subscriptions)
    throw Conflict("a connection has at most " + std::to_string(max_subscriptions) + " subscriptions");
  const std::string topic = text_of(params, "topic", true);
  auto opened = host_.live.subscribe(topic, params.find("filter"), text_of(params, "cursor", false), *this);
  for (const auto& known : subscriptions_)
    if (known->id() == opened.subscription->id())
      throw Conflict("this connection has that subscription already: " + known->id(),
                     "unsubscribe from it first");
  std::string result;
  JsonObject json(result);
  json.text("subscription", opened.subscription->id());
  json.text("topic", topic);
  json.text_or_null("cursor", opened.subscription->cursor());
  if (!opened.state.empty()) json.raw("present", opened.state);
  json.close();
  subscriptions_.push_back(std::move(opened.subscription));
  return result;
}

std::string WebSocketSession::unsubscribe(const Document& params) {
  refuse_unknown(params, {"subscription"});
  const std::string id = text_of(params, "subscription", true);
  const auto found = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                                  [&](const auto& subscription) { return subscription->id() == id; });
  if (found == subscriptions_.end()) throw NotFound("this connection has no subscription '" + id + "'");
  std::string result;
  JsonObject json(result);
  json.text("subscription", id);
  json.text_or_null("cursor", (*found)->cursor());
  json.close();
  subscriptions_.erase(found);
  return result;
}

std::string WebSocketSession::set_presence(const Document& params) {
  refuse_unknown(params, {"place", "state"});
  Present who;
  who.session = session_id_;
  who.name = opening_.principal.name;
  who.role = to_string(opening_.principal.role);
  who.place = text_of(params, "place", false);
  if (who.place.size() > max_place) throw wrong("/place", "takes at most 255 bytes");
  const Document* state = params.find("state");
  who.state = state ? state->text() : "null";
  if (who.state.size() > max_state) throw wrong("/state", "takes at most 1024 bytes");
  who.since = host_.dispatch.context().services.clock->now();
  host_.live.presence().set(who);
  return R"({"present":)" + (who.place.empty() ? "[]" : host_.live.presence().json(who.place)) + "}";
}

}  // namespace rowhook
