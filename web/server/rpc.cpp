#include "web/server/rpc.h"

#include <algorithm>

#include "engine/base/json.h"
#include "engine/event/json_writer.h"
#include "web/server/query.h"

namespace rowhook {
namespace {

constexpr std::size_t max_batch = 100;

std::string refusal(const std::string& id, int code, std::string_view message, std::string_view data = {}) {
  std::string out = R"({"jsonrpc":"2.0","id":)" + (id.empty() ? "null" : id) + R"(,"error":{"code":)" +
                    std::to_string(code) + R"(,"message":)";
  write_json_string(out, message);
  if (!data.empty()) out.append(R"(,"data":)").append(data);
  return out + "}}";
}

RpcMessage::Item read_item(const Document& document) {
  RpcMessage::Item item;
  const auto refuse = [&](const char* why) {
    item.refusal = refusal(item.request.id, -32600, why);
    return item;
  };
  if (!document.object()) return refuse("a request is an object with jsonrpc, method and params");
  const Document* id = document.find("id");
  if (id && !id->is_null() && !id->number() && !id->string()) return refuse("'id' is a string or a number");
  if (id) item.request.id = id->text();
  const Document* version = document.find("jsonrpc");
  if (!version || !version->string() || *version->string() != "2.0")
    return refuse("'jsonrpc' must be \"2.0\"");
  const Document* method = document.find("method");
  if (!method || !method->string()) return refuse("'method' is missing");
  item.request.method = *method->string();
  if (const Document* params = document.find("params"); params && !params->is_null()) {
    if (!params->object()) return refuse("'params' are an object: every parameter has a name");
    item.request.params = *params;
  }
  return item;
}

bool in_query(const Route& route, std::string_view name) {
  if (route.listing && (name == "skip" || name == "limit" || name == "cursor")) return true;
  return std::any_of(route.parameters.begin(), route.parameters.end(),
                     [&](const QueryParameter& known) { return known.name == name; });
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> head_parameters{
    {{"if_match", "if-match"},
     {"if_none_match", "if-none-match"},
     {"idempotency_key", "idempotency-key"},
     {"content_type", "content-type"}}};

std::string_view field_of(std::string_view name) {
  for (const auto& [parameter, field] : head_parameters)
    if (parameter == name) return field;
  return {};
}

// The text a scalar stands for in a path, a query or a head.
std::string scalar(std::string_view name, const Document& value) {
  if (const auto* text = value.string()) return *text;
  if (value.number() || value.boolean()) return value.text();
  throw InvalidInput("the parameter '" + std::string(name) + "' is not valid",
                     {{pointer_append("", name), "expected text, a number or a boolean"}});
}

// "/api/v1/triggers/{id}" with its parameters filled in.
std::string path_of(const Route& route, const Document& params, std::vector<std::string>& used) {
  std::string path;
  std::string_view rest = route.pattern;
  for (auto brace = rest.find('{'); brace != std::string_view::npos; brace = rest.find('{')) {
    const auto end = rest.find('}', brace);
    const std::string name(rest.substr(brace + 1, end - brace - 1));
    const Document* value = params.find(name);
    if (!value || value->is_null() || scalar(name, *value).empty())
      throw InvalidInput("the parameter '" + name + "' is missing",
                         {{pointer_append("", name), "is missing"}});
    path += rest.substr(0, brace);
    path += percent_encode(scalar(name, *value));
    used.push_back(name);
    rest.remove_prefix(end + 1);
  }
  return path.append(rest);
}

bool takes_body(const Route& route) {
  return route.method == HttpMethod::post || route.method == HttpMethod::put;
}

}  // namespace

RpcMessage parse_rpc(std::string_view text) {
  RpcMessage message;
  Document document;
  try {
    document = Document::parse(text);
  } catch (const InvalidInput& error) {
    message.items.push_back({{}, refusal("", -32700, error.what())});
    return message;
  }
  const Document::Array* batch = document.array();
  if (!batch) {
    message.items.push_back(read_item(document));
  } else if (batch->empty() || batch->size() > max_batch) {
    message.items.push_back({{}, refusal("", -32600, "a batch has 1 to 100 requests")});
  } else {
    message.batch = true;
    for (const auto& each : *batch) message.items.push_back(read_item(each));
  }
  return message;
}

const Route* route_of_method(std::string_view method) {
  for (const auto& route : api_routes())
    if (route.name == method) return route.upgrade || route.sets_cookie ? nullptr : &route;
  return nullptr;
}

ApiRequest request_of_call(const Route& route, const Document& params) {
  ApiRequest request;
  request.method = route.method;
  std::vector<std::string> used;
  request.target = path_of(route, params, used);
  Document::Object body;
  const Document* whole_body = nullptr;
  char joint = '?';
  for (const auto& [name, value] : *params.object()) {
    if (const std::string_view field = field_of(name); !field.empty()) {
      // A revision is an entity tag without its quotes; both are taken.
      if (!value.is_null()) request.headers.add(field, scalar(name, value));
    } else if (in_query(route, name)) {
      if (value.is_null()) continue;
      request.target += joint + percent_encode(name) + '=' + percent_encode(scalar(name, value));
      joint = '&';
    } else if (takes_body(route) && name == "body") {
      whole_body = &value;
    } else if (std::find(used.begin(), used.end(), name) != used.end()) {
      continue;
    } else if (takes_body(route)) {
      body.emplace_back(name, value);
    } else {
      throw InvalidInput("the method '" + std::string(route.name) + "' has no parameter '" + name + "'",
                         {{pointer_append("", name), "is not known"}});
    }
  }
  if (whole_body && !body.empty())
    throw InvalidInput("give either 'body' or its members, not both",
                       {{pointer_append("", body.front().first), "stands beside 'body'"}});
  if (whole_body) {
    request.body = whole_body->text();
  } else if (!body.empty()) {
    request.body = Document(std::move(body)).text();
  }
  if (!request.body.empty() && !request.headers.has("content-type"))
    request.headers.add("content-type", "application/json");
  return request;
}

int rpc_code(int status) {
  if (status == 400 || status == 422) return -32602;
  if (status == 500) return -32603;
  return -32000 - status;
}

std::string rpc_result(const std::string& id, std::string_view json) {
  std::string out;
  out.reserve(json.size() + id.size() + 40);
  out.append(R"({"jsonrpc":"2.0","id":)").append(id).append(R"(,"result":)").append(json);
  return out += '}';
}

std::string rpc_answer(const std::string& id, const ApiResponse& response) {
  if (response.status >= 400) {
    const Document problem = Document::parse(response.body);
    const Document* detail = problem.find("detail");
    return refusal(
        id, rpc_code(response.status),
        detail && detail->string() ? *detail->string() : std::string(reason_phrase(response.status)),
        response.body);
  }
  if (response.body.empty()) return rpc_result(id, "null");
  if (response.content_type == "application/json") return rpc_result(id, response.body);
  std::string text;
  write_json_string(text, response.body);
  return rpc_result(id, text);
}

std::string rpc_error(const std::string& id, const std::exception& error) {
  return rpc_answer(id, problem_response(error));
}

std::string rpc_notification(std::string_view method, std::string_view params_json) {
  std::string out = R"({"jsonrpc":"2.0","method":)";
  write_json_string(out, method);
  return out.append(R"(,"params":)").append(params_json).append("}");
}

}  // namespace rowhook
