#include "workflows/http_transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace rowhook {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Whether no attempt can ever succeed. libcurl says "unsupported protocol" of a server that does not speak
// HTTP, too.
bool is_permanent(CURLcode code, std::string_view url) {
  if (code == CURLE_UNSUPPORTED_PROTOCOL) return !url.starts_with("http://") && !url.starts_with("https://");
  return code == CURLE_URL_MALFORMAT || code == CURLE_NOT_BUILT_IN || code == CURLE_BAD_FUNCTION_ARGUMENT;
}

}  // namespace

HttpTransfer::HttpTransfer(const TransferSettings& settings) : settings_(settings), easy_(curl_easy_init()) {
  if (!easy_) throw std::bad_alloc();
  set_fixed_options();
}

HttpTransfer::~HttpTransfer() { curl_easy_cleanup(easy_); }

HttpTransfer& HttpTransfer::of(CURL* easy) {
  char* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *reinterpret_cast<HttpTransfer*>(self);
}

void HttpTransfer::set_fixed_options() {
  const auto& client = settings_.client;
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(client.connect_timeout.count()));
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, client.user_agent.c_str());
  if (!client.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, client.ca_file.c_str());
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA,
                   &settings_.sockets);  // a connection outlives its first transfer
}

void HttpTransfer::set_method() {
  const auto& request = pending_.request;
  if (request.method != method_) {
    method_ = request.method;
    // A handle that was used for one method forgets it only this way.
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy_, CURLOPT_NOBODY, method_ == "HEAD" ? 1L : 0L);
    const bool has_body = method_ != "GET" && method_ != "HEAD";
    if (has_body) curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, has_body && method_ != "POST" ? method_.c_str() : nullptr);
  }
  if (method_ == "GET" || method_ == "HEAD") return;
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
}

// libcurl reads the list while the transfer runs; its nodes stand in a vector of ours instead of one
// allocation each.
void HttpTransfer::set_headers() {
  static char no_expect[] = "Expect:";  // no wait for "100 Continue"
  auto& headers = pending_.request.headers;
  header_list_.resize(headers.size() + 1);
  for (std::size_t i = 0; i < headers.size(); ++i)
    header_list_[i] = {headers[i].data(), &header_list_[i + 1]};
  header_list_.back() = {no_expect, nullptr};
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_.data());
}

void HttpTransfer::prepare(PendingRequest pending, std::chrono::milliseconds timeout) {
  pending_ = std::move(pending);
  response_ = {};
  header_bytes_ = 0;
  refusal_.clear();
  address_allowed_ = false;
  error_text_[0] = '\0';
  if (pending_.request.url != url_) {
    url_ = pending_.request.url;
    curl_easy_setopt(easy_, CURLOPT_URL, url_.c_str());
  }
  set_method();
  set_headers();
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
}

std::size_t HttpTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // of the final answer: what an interim one said is dropped
    transfer.response_.headers.clear();
    transfer.header_bytes_ = 0;
    return line.size();
  }
  transfer.header_bytes_ += line.size();
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || transfer.header_bytes_ > transfer.settings_.client.kept_bytes)
    return line.size();
  transfer.response_.headers.emplace_back(lower(trimmed(line.substr(0, colon))),
                                          std::string(trimmed(line.substr(colon + 1))));
  return line.size();
}

std::size_t HttpTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t length = size * count;
  auto& body = transfer.response_.body;
  const std::size_t room = transfer.settings_.client.kept_bytes - body.size();
  body.append(data, std::min(room, length));
  if (length > room) transfer.response_.truncated = true;
  return length;
}

curl_socket_t HttpTransfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const auto ip = IpAddress::from(&address->addr);
  const auto refusal =
      ip ? transfer.settings_.rules.refusal(*ip) : std::string("its address family is not IPv4 or IPv6");
  if (refusal) {
    transfer.refusal_ = *refusal;
    return CURL_SOCKET_BAD;
  }
  transfer.address_allowed_ = true;
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  transfer.settings_.sockets.opened(fd);
  return fd;
}

int HttpTransfer::on_close(void* watcher, curl_socket_t fd) {
  static_cast<SocketWatcher*>(watcher)->closing(fd);
  return ::close(fd);
}

HttpResult HttpTransfer::result_of(CURLcode code) {
  HttpResult result;
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    result.response = std::move(response_);
    return result;
  }
  if (!refusal_.empty() && !address_allowed_) {
    result.kind = HttpResult::Kind::permanent;
    result.error = pending_.host + " is refused by the egress rules: " + refusal_;
    result.hint = "add its network to egress.allow in the configuration if it is meant to be reached";
    return result;
  }
  result.kind =
      is_permanent(code, pending_.request.url) ? HttpResult::Kind::permanent : HttpResult::Kind::transient;
  if (code == CURLE_OPERATION_TIMEDOUT) {
    result.error = pending_.host + " did not answer completely in time";
  } else {
    result.error = pending_.host + ": " + (error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code));
  }
  return result;
}

// libcurl counts, over the whole life of a handle, how often a kept connection turned out to be dead, and
// gives up at the sixth: a handle that opened a connection begins anew.
void HttpTransfer::forget_dead_connections() {
  long opened = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &opened);
  if (opened == 0) return;
  curl_easy_reset(easy_);
  set_fixed_options();
  method_.clear();
  url_.clear();
}

void HttpTransfer::finish(CURLcode code) {
  HttpResult result = result_of(code);
  forget_dead_connections();
  const auto done = std::move(pending_.done);
  pending_ = {};
  done(std::move(result));
}

void HttpTransfer::abort(const std::string& reason) {
  const auto done = std::move(pending_.done);
  pending_ = {};
  done({HttpResult::Kind::transient, {}, reason, {}});
}

}  // namespace rowhook
