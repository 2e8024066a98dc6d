// One exchange of the HTTP client: a libcurl easy handle that is used again and again. Inside of
// http_client.cpp.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <string>
#include <vector>

#include "workflows/http_client.h"

namespace rowhook {

struct PendingRequest {
  HttpRequest request;
  std::function<void(HttpResult)> done;
  std::string host;  // "https://example.com:8443", for limits and messages
};

// Told of every socket of a connection, as soon as it is open and right before it is closed.
class SocketWatcher {
 public:
  virtual ~SocketWatcher() = default;
  virtual void opened(int fd) = 0;
  virtual void closing(int fd) = 0;
};

// What transfers need of their client. Outlives them.
struct TransferSettings {
  const HttpClientSettings& client;
  const EgressRules& rules;
  SocketWatcher& sockets;
};

// Thread safety: confined to the client's thread. Does not move: libcurl holds its address.
class HttpTransfer {
 public:
  explicit HttpTransfer(const TransferSettings& settings);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  CURL* handle() const { return easy_; }
  const std::string& host() const { return pending_.host; }
  // Prepares the handle for a request; `timeout` is what is left for it.
  void prepare(PendingRequest pending, std::chrono::milliseconds timeout);
  // Tells the request's caller how it ended and lets the request go.
  void finish(CURLcode code);
  void abort(const std::string& reason);
  static HttpTransfer& of(CURL* easy);

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* watcher, curl_socket_t fd);
  void set_fixed_options();
  void set_method();
  void set_headers();
  HttpResult result_of(CURLcode code);
  void forget_dead_connections();

  const TransferSettings& settings_;
  CURL* easy_;
  PendingRequest pending_;
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  std::string method_, url_;  // what the handle is set to
  std::vector<curl_slist> header_list_;
  std::string refusal_;           // of the last address that the egress rules refused
  bool address_allowed_ = false;  // at least one was
  char error_text_[CURL_ERROR_SIZE] = "";
};

}  // namespace rowhook
