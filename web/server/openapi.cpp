#include "web/server/openapi.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "web/server/handlers.h"
#include "web/server/routes.h"

namespace rowhook {
namespace {

constexpr RouteShape shapes[] = {
    {"triggers.list", "", "Trigger"},
    {"triggers.create", "TriggerInput", "Trigger", 201},
    {"triggers.validate", "TriggerInput", "Validation"},
    {"triggers.backtest", "BacktestInput", "Backtest"},
    {"triggers.replay", "ReplayInput", "Replay"},
    {"triggers.get", "", "Trigger"},
    {"triggers.save", "TriggerInput", "Trigger"},
    {"triggers.delete", "", "", 204},
    {"triggers.activate", "", "Trigger"},
    {"triggers.deactivate", "", "Trigger"},
    {"triggers.test", "EventChoice", "TriggerTest"},
    {"events.list", "", "Event"},
    {"events.post", "PostedEvent", "PostedAll", 202},
    {"events.tail", "", "Tail"},
    {"events.list_by_trigger", "", "Event"},
    {"events.get", "", "Event"},
    {"events.explain", "", "Explanation"},
    {"workflows.list", "", "Workflow"},
    {"workflows.create", "WorkflowInput", "Workflow", 201},
    {"workflows.get", "", "Workflow"},
    {"workflows.save", "WorkflowInput", "Workflow"},
    {"workflows.delete", "", "", 204},
    {"workflows.input_nodes", "", "InputNode"},
    {"workflows.run", "WorkflowRun", "Execution"},
    {"definitions.apply", "Definitions", "DefinitionChanges"},
    {"node_types.list", "", "NodeType"},
    {"executions.list", "", "Execution"},
    {"executions.get", "", "Execution"},
    {"executions.retry", "RetryInput", "Execution", 202},
    {"executions.cancel", "", "Execution", 202},
    {"dead_letters.list", "", "Execution"},
    {"dead_letters.retry", "DeadLetterSelection", "DeadLetterResult"},
    {"dead_letters.discard", "DeadLetterSelection", "DeadLetterResult"},
    {"scripts.list", "", "Script"},
    {"scripts.library", "", "ScriptLibrary", 200, true},
    {"scripts.check", "ScriptCheckInput", "ScriptCheck"},
    {"scripts.run", "ScriptRun", "ScriptResult"},
    {"scripts.get", "", "Script"},
    {"scripts.save", "ScriptInput", "Script"},
    {"scripts.delete", "", "", 204},
    {"scripts.versions", "", "ScriptVersion"},
    {"scripts.state", "", "ScriptState"},
    {"scripts.clear_state", "", "", 204},
    {"scripts.rollback", "RollbackInput", "Script"},
    {"sources.list", "", "Source"},
    {"sources.get", "", "Source"},
    {"sources.doctor", "", "FindingPage"},
    {"sources.pause", "", "Source"},
    {"sources.resume", "", "Source"},
    {"metrics.triggers", "", "TriggerMetric"},
    {"metrics.trigger_series", "", "TriggerSeries"},
    {"metrics.node_targeting", "", "NodeTargeting"},
    {"metrics.prometheus", "", "text"},
    {"tokens.list", "", "Token"},
    {"tokens.create", "TokenInput", "NewToken", 201},
    {"tokens.revoke", "", "", 204},
    {"audit_log.list", "", "AuditEntry"},
    {"openapi.get", "", "object"},
    {"session.create", "SignIn", "Session", 201},
    {"session.get", "", "Session"},
    {"session.end", "", "", 204},
    {"session.create_code", "", "SignInCode", 201},
    {"websocket.open", "", "", 101},
    {"health.get", "", "Health"},
    {"health.live", "", "Alive"},
    {"health.ready", "", "Alive"},
};

const RouteShape& shape_of(const Route& route) {
  for (const auto& shape : shapes)
    if (shape.route == route.name) return shape;
  static constexpr RouteShape any{"", "object", "object"};
  return any;
}

std::string answer_name(const Route& route, const RouteShape& shape) {
  return std::string(shape.answers) + (route.listing ? "Page" : "");
}

Json reference(const std::string& name) {
  if (name == "object") return {{"type", "object"}};
  if (name == "text") return {{"type", "string"}};
  return {{"$ref", "#/components/schemas/" + name}};
}

Json page_of(const std::string& name) {
  return {{"type", "object"},
          {"required", {"items", "next_cursor", "total"}},
          {"properties",
           {{"items", {{"type", "array"}, {"items", reference(name)}}},
            {"next_cursor", {{"type", {"string", "null"}}, {"description", "Where the next page begins."}}},
            {"total", {{"type", "integer"}}},
            {"total_is_at_least", {{"type", "boolean"}, {"description", "Counting stopped at `total`."}}}}}};
}

Json schemas_with_pages() {
  Json schemas = openapi_schemas();
  std::set<std::string> pages{"PostedPage"};
  for (const auto& route : api_routes()) {
    const std::string name = answer_name(route, shape_of(route));
    if (name.ends_with("Page")) pages.insert(name);
  }
  for (const auto& page : pages) schemas[page] = page_of(page.substr(0, page.size() - 4));
  return schemas;
}

Json parameter(const std::string& name, const char* in, const std::string& doc, Json schema) {
  return {{"name", name},
          {"in", in},
          {"description", doc},
          {"required", std::string_view(in) == "path"},
          {"schema", std::move(schema)}};
}

Json parameters_of(const Route& route) {
  Json list = Json::array();
  std::string_view rest = route.pattern;
  for (auto brace = rest.find('{'); brace != std::string_view::npos; brace = rest.find('{')) {
    const auto end = rest.find('}', brace);
    const std::string name(rest.substr(brace + 1, end - brace - 1));
    const bool number =
        (name == "id" && rest.find("/triggers/") != std::string_view::npos) || name == "trigger_id";
    list.push_back(parameter(name, "path", "Which one.", {{"type", number ? "integer" : "string"}}));
    rest.remove_prefix(end + 1);
  }
  for (const auto& query : route.parameters)
    list.push_back(parameter(std::string(query.name), "query", std::string(query.doc), {{"type", "string"}}));
  if (route.listing)
    for (const char* name : {"skip", "limit", "cursor"})
      list.push_back(Json{{"$ref", std::string("#/components/parameters/") + name}});
  if (route.method == HttpMethod::put || route.method == HttpMethod::del)
    list.push_back(Json{{"$ref", "#/components/parameters/if_match"}});
  if (route.method == HttpMethod::post)
    list.push_back(Json{{"$ref", "#/components/parameters/idempotency_key"}});
  return list;
}

Json body_of(const Route& route, const RouteShape& shape) {
  Json content{{"application/json", {{"schema", reference(std::string(shape.takes))}}}};
  if (route.cloud_events) {
    content["application/cloudevents+json"] = {{"schema", reference("CloudEvent")}};
    content["application/cloudevents-batch+json"] = {
        {"schema", {{"type", "array"}, {"items", reference("CloudEvent")}, {"maxItems", 1000}}}};
  }
  return {{"content", std::move(content)}};
}

Json responses_of(const Route& route, const RouteShape& shape) {
  Json answer{{"description", std::string(reason_phrase(shape.status))}};
  const std::string name = answer_name(route, shape);
  if (!name.empty())
    answer["content"] = {{name == "text" ? "text/plain" : "application/json", {{"schema", reference(name)}}}};
  if (shape.or_text) answer["content"]["text/plain"] = {{"schema", reference("text")}};
  Json responses{{std::to_string(shape.status), std::move(answer)},
                 {"default", {{"$ref", "#/components/responses/problem"}}}};
  if (route.method == HttpMethod::put && shape.status == 200) {
    responses["201"] = responses["200"];
    responses["201"]["description"] = "Made under that name";
  }
  return responses;
}

std::string tag_of(const Route& route) { return std::string(route.name.substr(0, route.name.find('.'))); }

Json operation_of(const Route& route, const std::string& id) {
  const RouteShape& shape = shape_of(route);
  Json operation{
      {"operationId", id},
      {"summary", std::string(route.summary)},
      {"description", route.role == Role::nobody
                          ? "Needs no token."
                          : "Needs the role " + std::string(to_string(route.role)) + " or a higher one."},
      {"tags", {tag_of(route)}},
      {"parameters", parameters_of(route)},
      {"responses", responses_of(route, shape)}};
  if (route.role == Role::nobody) operation["security"] = Json::array();
  if (route.role != Role::nobody) operation["x-rowhook-role"] = to_string(route.role);
  if (!shape.takes.empty()) operation["requestBody"] = body_of(route, shape);
  return operation;
}

Json shared_parameters() {
  const auto number = [](int low, int high, int fallback) {
    Json schema{{"type", "integer"}, {"minimum", low}, {"default", fallback}};
    if (high > 0) schema["maximum"] = high;
    return schema;
  };
  return {
      {"skip", parameter("skip", "query", "Leaves out so many; not beside `cursor`.", number(0, 0, 0))},
      {"limit", parameter("limit", "query", "At most so many.", number(1, 1000, 100))},
      {"cursor", parameter("cursor", "query", "`next_cursor` of the page before.", {{"type", "string"}})},
      {"if_match",
       parameter(
           "If-Match", "header",
           "The ETag that was read; a PUT of what exists needs it (428), and another one is refused (412).",
           {{"type", "string"}})},
      {"idempotency_key",
       parameter("Idempotency-Key", "header",
                 "The first answer that succeeded under this key is given again, for 24 hours.",
                 {{"type", "string"}, {"maxLength", 255}})}};
}

}  // namespace

std::span<const RouteShape> route_shapes() { return shapes; }

Json openapi_document() {
  Json paths = Json::object(), tags = Json::array();
  std::set<std::string> known, ids;
  for (const auto& route : api_routes()) {
    std::string id(route.name), method(to_string(route.method));
    while (!ids.insert(id).second) id += "_alias";  // the same under another path
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c | 0x20); });
    paths[std::string(route.pattern)][method] = operation_of(route, id);
    if (known.insert(tag_of(route)).second) tags.push_back({{"name", tag_of(route)}});
  }
  std::sort(tags.begin(), tags.end());
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Rowhook"},
            {"version", "1"},
            {"description",
             "Watches databases and runs workflows when rows change. Every operation is a method of the "
             "WebSocket, too."},
            {"license", {{"name", "Apache 2.0"}, {"identifier", "Apache-2.0"}}},
            {"contact", {{"name", "Rowhook"}}}}},
          {"servers", {{{"url", "http://127.0.0.1:8088"}}}},
          {"security", {{{"bearer", Json::array()}}}},
          {"tags", std::move(tags)},
          {"paths", std::move(paths)},
          {"components",
           {{"schemas", schemas_with_pages()},
            {"parameters", shared_parameters()},
            {"responses",
             {{"problem",
               {{"description", "What went wrong, and where"},
                {"content", {{"application/problem+json", {{"schema", reference("Problem")}}}}}}}}},
            {"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

ApiResponse show_openapi(Call&) {
  static const std::string text = openapi_document().dump();
  return ApiResponse::json(std::string(text));
}

std::string api_reference_markdown() {
  const auto linked = [](std::string name) {
    if (name.empty() || name == "object" || name == "text") return name;
    const std::string plain = name.ends_with("Page") ? name.substr(0, name.size() - 4) : name;
    return (name == plain ? "[" : "page of [") + plain + "](#" + [&] {
      std::string anchor = plain;
      for (char& c : anchor) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      return anchor;
    }() + ")";
  };
  std::string out =
      "| route | method | role | what it does | query | takes | answers |\n|---|---|---|---|---|---|---|\n";
  for (const auto& route : api_routes()) {
    const RouteShape& shape = shape_of(route);
    std::string names;
    for (const auto& query : route.parameters)
      names += (names.empty() ? "`" : ", `") + std::string(query.name) + "`";
    if (route.listing) names += names.empty() ? "`skip`, `limit`, `cursor`" : ", `skip`, `limit`, `cursor`";
    out += "| `" + std::string(to_string(route.method)) + " " + std::string(route.pattern) + "` | `" +
           std::string(route.name) + "` | " +
           (route.role == Role::nobody ? "no token" : std::string(to_string(route.role))) + " | " +
           std::string(route.summary) + " | " + names + " | " + linked(std::string(shape.takes)) + " | " +
           std::to_string(shape.status) + " " + linked(answer_name(route, shape)) + " |\n";
  }
  const Json schemas = openapi_schemas();
  out += "\nThe whole as OpenAPI 3.1: `GET /api/v1/openapi.json`, and [openapi.json](openapi.json).\n";
  for (const auto& [name, schema] : schemas.items())
    out += "\n### " + name + "\n\n```json\n" + schema.dump(1) + "\n```\n";
  return out;
}

}  // namespace rowhook
