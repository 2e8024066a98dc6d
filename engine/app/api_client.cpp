#include "engine/app/api_client.h"

#include <curl/curl.h>

#include <nlohmann/json.hpp>

namespace rowhook {
namespace {

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* out) {
  const std::string_view line(data, size * count);
  if (line.size() > 5 && (line.substr(0, 5) == "ETag:" || line.substr(0, 5) == "etag:")) {
    std::string_view value = line.substr(5);
    while (!value.empty() && (value.front() == ' ')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.remove_suffix(1);
    *static_cast<std::string*>(out) = std::string(value);
  }
  return size * count;
}

class HttpApiClient final : public ApiClient {
 public:
  HttpApiClient(std::string base_url, std::string token)
      : base_url_(std::move(base_url)), token_(std::move(token)), easy_(curl_easy_init(), &curl_easy_cleanup) {}
  bool live() const override { return true; }

 private:
  ApiAnswer send(std::string_view method, const std::string& path, const std::string& body,
                 const std::string& precondition) override {
    ApiAnswer answer;
    CURL* easy = easy_.get();
    curl_easy_reset(easy);
    const std::string url = base_url_ + path, verb(method);
    curl_slist* list = nullptr;
    list = curl_slist_append(list, ("Authorization: Bearer " + token_).c_str());
    if (!body.empty()) list = curl_slist_append(list, "Content-Type: application/json");
    if (!precondition.empty()) list = curl_slist_append(list, precondition.c_str());
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list, &curl_slist_free_all);
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, verb.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    if (verb != "GET") {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    }
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer.body);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer.etag);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 120L);
    const CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK)
      throw TransientError("the engine at " + base_url_ + " does not answer: " + curl_easy_strerror(code),
                           "is it still running? `rowhook serve` starts one");
    long status = 0;
    char* type = nullptr;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    answer.status = static_cast<int>(status);
    if (type) answer.content_type = type;
    return answer;
  }

  std::string base_url_, token_;
  Easy easy_;
};

[[noreturn]] void refuse(const ApiAnswer& answer) {
  const auto json = nlohmann::json::parse(answer.body, nullptr, false);
  std::string message = "the engine answered " + std::to_string(answer.status), hint;
  std::vector<Problem> problems;
  if (json.is_object()) {
    message = json.value("detail", json.value("title", message));
    hint = json.value("hint", "");
    if (const auto errors = json.find("errors"); errors != json.end() && errors->is_array())
      for (const auto& error : *errors)
        if (error.is_object()) problems.push_back({error.value("pointer", ""), error.value("detail", "")});
  }
  throw ApiError(answer.status, message, hint, std::move(problems));
}

}  // namespace

ApiAnswer ApiClient::call(std::string_view method, const std::string& path, const std::string& body,
                          const std::string& precondition) {
  ApiAnswer answer = send(method, path, body, precondition);
  if (answer.status < 200 || answer.status > 299) refuse(answer);
  return answer;
}

std::unique_ptr<ApiClient> http_api_client(std::string base_url, std::string token) {
  return std::make_unique<HttpApiClient>(std::move(base_url), std::move(token));
}

std::string url_escape(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

}  // namespace rowhook
