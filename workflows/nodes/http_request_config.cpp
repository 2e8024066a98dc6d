#include "workflows/nodes/http_request_config.h"

#include <curl/curl.h>

#include <algorithm>

#include "engine/base/json.h"
#include "workflows/http_client.h"
#include "workflows/templates.h"
#include "workflows/webhook_signature.h"

namespace rowhook {
namespace {

using nlohmann::json;

// Headers that the client sets itself.
constexpr std::string_view own_headers[] = {"content-length",   "transfer-encoding", "connection",
                                            "expect",           "webhook-id",        "webhook-timestamp",
                                            "webhook-signature"};

bool is_token(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of(
             "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
             std::string_view::npos;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// What libcurl says about a URL without values in it; "" when it is fine.
std::string fault_of(const std::string& url) {
  CURLU* parsed = curl_url();
  const CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url.c_str(), 0);
  curl_url_cleanup(parsed);
  return code == CURLUE_OK ? std::string() : curl_url_strerror(code);
}

void check_url(const json& config, std::vector<Problem>& problems) {
  const auto& url = config["url"].get_ref<const std::string&>();
  const std::size_t before = problems.size();
  check_templates(config["url"], "/url", problems);
  if (problems.size() != before) return;
  if (url.starts_with("{{")) return;
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    problems.push_back({"/url", "a URL begins with http:// or https://"});
  } else if (has_control(url)) {
    problems.push_back({"/url", "a URL has no control characters"});
  } else if (Template::parse(url).is_constant()) {
    if (const std::string fault = fault_of(url); !fault.empty())
      problems.push_back({"/url", "not a URL: " + fault});
  }
}

void check_headers(const json& config, std::vector<Problem>& problems) {
  for (const auto& [name, value] : config["headers"].items()) {
    const std::string pointer = pointer_append("/headers", name);
    if (!is_token(name)) problems.push_back({pointer, "'" + name + "' is not a header name"});
    for (const auto own : own_headers)
      if (is_header(name, own)) problems.push_back({pointer, "'" + name + "' is set by rowhook"});
    if (has_control(value.get_ref<const std::string&>()))
      problems.push_back({pointer, "a header has no line breaks or other control characters"});
    check_templates(value, pointer, problems);
  }
}

void check_body(const json& config, std::vector<Problem>& problems) {
  if (!config.contains("body")) return;
  check_templates(config["body"], "/body", problems);
  if (config["format"] != "json")
    problems.push_back({"/body", "give either body or another format than json, not both"});
  if (config["method"] == "GET" || config["method"] == "HEAD")
    problems.push_back({"/body", config["method"].get<std::string>() + " has no body"});
}

void check_secret(const json& config, std::vector<Problem>& problems) {
  const auto secret = config.find("secret");
  if (secret == config.end()) return;
  const bool is_list =
      secret->is_array() && !secret->empty() && secret->size() <= 2 &&
      std::all_of(secret->begin(), secret->end(), [](const json& one) { return one.is_string(); });
  if (!is_list && !secret->is_string()) {
    problems.push_back({"/secret", "expected a secret or, while it is being replaced, a list of two"});
    return;
  }
  try {
    WebhookSigner signer(webhook_secrets(config));
  } catch (const InvalidInput& error) {
    const auto& problem = error.problems().front();
    problems.push_back({secret->is_string() ? "/secret" : "/secret" + problem.pointer, problem.detail});
  }
}

}  // namespace

Spec http_request_spec() {
  return {
      Field::text("url", "Where to; values in it are percent-encoded unless they begin it or say `| raw`")
          .length(1, 8192)
          .required()
          .format("template")
          .example("https://example.com/orders/{{ new.id }}"),
      Field::choice("method", "HTTP method", {"POST", "PUT", "PATCH", "DELETE", "GET", "HEAD"})
          .fallback("POST"),
      Field::map("headers", "Further headers; values are templates", Field::text("", "").length(0, 8192))
          .fallback(json::object()),
      Field::any("body", "A text or JSON value with templates; without it POST, PUT and PATCH send the item"),
      Field::choice("format", "Form of the item in the body", {"json", "cloudevents", "debezium"})
          .fallback("json"),
      Field::any("secret",
                 "Signs the request: `whsec_` and base64, or a list of two while one is being replaced")
          .secret(),
      Field::duration("timeout", "Longest time for the whole exchange").fallback("30s"),
      Field::choice("output",
                    "What goes on: the answer as {status, headers, body} (of the body at most 64 KiB; JSON "
                    "as a value), or "
                    "the item that came in",
                    {"response", "item"})
          .fallback("response"),
  };
}

void validate_http_request(const json& config, NodeServices&, std::vector<Problem>& problems) {
  check_url(config, problems);
  check_headers(config, problems);
  check_body(config, problems);
  check_secret(config, problems);
}

std::vector<std::string> webhook_secrets(const json& config) {
  const auto secret = config.find("secret");
  if (secret == config.end()) return {};
  if (secret->is_string()) return {secret->get<std::string>()};
  return secret->get<std::vector<std::string>>();
}

bool is_header(std::string_view name, std::string_view lower_case) {
  return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

void check_url_text(const std::string& url) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    throw PermanentError("the URL does not begin with http:// or https://");
  if (has_control(url) || url.find(' ') != std::string::npos)
    throw PermanentError("the URL of " + url_host(url) + " holds spaces or control characters",
                         "take `| raw` away, so that the values are percent-encoded");
}

}  // namespace rowhook
