#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "workflows/await.h"
#include "workflows/credential_headers.h"
#include "workflows/event_formats.h"
#include "workflows/http_answer.h"
#include "workflows/http_client.h"
#include "workflows/nodes/http_request_config.h"
#include "workflows/templates.h"
#include "workflows/webhook_signature.h"

namespace rowhook {
namespace {

std::string body_content_type(const std::string& format) {
  return format == "cloudevents" ? "application/cloudevents+json" : "application/json";
}

// The same on every attempt and different for everything else: also for an event that gets the same number
// after the engine's data directory was made anew, for which receivers must not take it for a repetition.
std::string webhook_id(const RunContext& context) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : context.event->id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  std::string id = context.execution_id + "_" + context.node_id;
  if (context.item_index > 0) id += "_" + std::to_string(context.item_index);
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return id + "_" + digits;
}

bool is_json(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return content_type == "application/json" || content_type.ends_with("+json");
}

Document body_document(const HttpResponse& response) {
  if (response.body.empty()) return Document();
  if (!response.truncated && is_json(response.header("content-type"))) {
    try {
      return Document::parse(response.body);
    } catch (const InvalidInput&) {
      // Not what it says it is: shown as the text it is.
    }
  }
  return Document(response.body);
}

ItemPtr response_item(const HttpResponse& response) {
  Document::Object headers;
  for (const auto& [name, value] : response.headers) {
    const auto known = std::find_if(headers.begin(), headers.end(),
                                    [&](const auto& member) { return member.first == name; });
    if (known == headers.end()) {
      headers.emplace_back(name, Document(value));
    } else {
      known->second = Document(*known->second.string() + ", " + value);
    }
  }
  Document::Object members;
  members.emplace_back("status", Document(Document::Number{std::to_string(response.status)}));
  members.emplace_back("headers", Document(std::move(headers)));
  members.emplace_back("body", body_document(response));
  if (response.truncated) members.emplace_back("truncated", Document(true));
  return std::make_shared<const Item>(Document(std::move(members)));
}

// A request as it would be sent: its body as JSON where it is JSON, else as text.
Document request_document(const HttpRequest& request) {
  Document::Object headers;
  for (const auto& line : request.headers)
    if (const auto colon = line.find(": "); colon != std::string::npos)
      headers.emplace_back(line.substr(0, colon),
                           carries_credentials(line.substr(0, colon)) ? "***" : line.substr(colon + 2));
  Document body(request.body);
  try {
    if (!request.body.empty()) body = Document::parse(request.body);
  } catch (const InvalidInput&) {  // it is text, then
  }
  return Document::Object{{"method", request.method},
                          {"url", request.url},
                          {"headers", std::move(headers)},
                          {"body", std::move(body)}};
}

class HttpRequestNode final : public Node {
 public:
  HttpRequestNode(const nlohmann::json& config, NodeServices& services)
      : method_(config["method"]),
        url_(Template::parse(config["url"].get<std::string>())),
        format_(config["format"]),
        timeout_(parse_duration(config["timeout"].get<std::string>())),
        passes_response_(config["output"] == "response"),
        signer_(webhook_secrets(config)),
        signs_(config.contains("secret")),
        clock_(services.clock ? *services.clock : system_clock()),
        services_(services) {
    for (const auto& [name, value] : config["headers"].items()) {
      headers_.emplace_back(name, Template::parse(value.get<std::string>()));
      sets_content_type_ = sets_content_type_ || is_header(name, "content-type");
    }
    if (config.contains("body")) body_ = ValueTemplate::parse(config["body"]);
  }

  boost::asio::awaitable<std::vector<Output>> run(ItemPtr item, RunContext& context) const override {
    HttpRequest request = make_request(*item, context);
    const std::string host = url_host(request.url);
    if (context.dry_run) {
      context.notes.push_back("would " + method_ + " " + std::to_string(request.body.size()) + " bytes to " +
                              host);
      context.would = request_document(request);
      HttpResponse assumed;
      assumed.status = 200;
      co_return to_output(passes_response_ ? response_item(assumed) : std::move(item));
    }
    HttpResult result = co_await awaited<HttpResult>(
        [&](auto done) { services_.http->start(std::move(request), std::move(done)); });
    if (result.kind == HttpResult::Kind::permanent) throw PermanentError(result.error, result.hint);
    if (result.kind == HttpResult::Kind::transient) throw TransientError(result.error, result.hint);
    context.notes.push_back("HTTP " + std::to_string(result.response.status));
    require_success(result.response, host, clock_.now());
    co_return to_output(passes_response_ ? response_item(result.response) : std::move(item));
  }

 private:
  HttpRequest make_request(const Item& item, const RunContext& context) const {
    const TemplateScope scope{item, context};
    HttpRequest request;
    request.method = method_;
    request.url = url_.text(scope, Template::Target::url);
    check_url_text(request.url);
    request.timeout = timeout_;
    request.deadline = context.deadline;
    if (has_body()) request.body = body_text(item, *context.event, scope);
    add_headers(request, scope, context);
    return request;
  }

  bool has_body() const { return body_ || method_ == "POST" || method_ == "PUT" || method_ == "PATCH"; }

  std::string body_text(const Item& item, const Event& event, const TemplateScope& scope) const {
    if (body_) {
      const Document body = body_->value(scope);
      return body.string() ? *body.string() : body.text();
    }
    if (format_ == "cloudevents") return cloudevents_json(item, event);
    if (format_ == "debezium") return debezium_json(event);
    return item.json();
  }

  void add_headers(HttpRequest& request, const TemplateScope& scope, const RunContext& context) const {
    auto& lines = request.headers;
    lines.reserve(headers_.size() + 4);
    // An empty Content-Type keeps libcurl from adding its own to a request without a body.
    if (!sets_content_type_)
      lines.push_back(has_body() ? "Content-Type: " + body_content_type(format_) : "Content-Type:");
    for (const auto& [name, value] : headers_) {
      const std::string text = value.text(scope, Template::Target::header);
      lines.push_back(text.empty() ? name + ";" : name + ": " + text);
    }
    const std::string id = webhook_id(context);
    const std::int64_t timestamp = clock_.now() / 1'000'000;
    lines.push_back("webhook-id: " + id);
    lines.push_back("webhook-timestamp: " + std::to_string(timestamp));
    if (signs_) lines.push_back("webhook-signature: " + signer_.sign(id, timestamp, request.body));
  }

  std::string method_;
  Template url_;
  std::string format_;
  std::chrono::milliseconds timeout_;
  bool passes_response_;
  WebhookSigner signer_;
  bool signs_;
  bool sets_content_type_ = false;
  std::vector<std::pair<std::string, Template>> headers_;
  std::optional<ValueTemplate> body_;
  const Clock& clock_;
  NodeServices& services_;
};

}  // namespace

NodeType http_request_node() {
  return {"http_request",
          "HTTP request",
          "Sends the item, or a body of its own, to an HTTP server. With a `secret` it is a signed webhook "
          "(Standard "
          "Webhooks). A complete 2xx answer is success; 408, 425, 429, 5xx and network faults are tried "
          "again (429 and 503 "
          "not before their Retry-After); 410 switches the trigger off; everything else, redirects among it, "
          "is final.",
          false,
          true,
          http_request_spec(),
          input_port,
          output_port,
          validate_http_request,
          [](const nlohmann::json& config, NodeServices& services) -> std::unique_ptr<Node> {
            return std::make_unique<HttpRequestNode>(config, services);
          }};
}

}  // namespace rowhook
