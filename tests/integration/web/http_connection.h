#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rowhook::testing {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  nlohmann::json json() const { return nlohmann::json::parse(body); }
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

// A TCP connection that sends exactly the bytes it is told to, as well-behaved and as badly behaved clients
// do. Thread safety: none.
class HttpConnection {
 public:
  explicit HttpConnection(std::uint16_t port, int receive_buffer = 0);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void send(std::string_view bytes);  // ignores that the other side has closed
  // Reads one answer; status 0 when the connection ended before it was complete or nothing came for `wait`.
  HttpAnswer read(bool to_head = false, std::chrono::milliseconds wait = std::chrono::seconds{20});
  // The next `size` bytes as they are; "" when the connection ended before or nothing came for `wait`.
  std::string read_bytes(std::size_t size, std::chrono::milliseconds wait = std::chrono::seconds{20});
  // True when the other side closes (or resets) within `wait`; what it sent until then is thrown away.
  bool closed_within(std::chrono::milliseconds wait);
  void finish();  // closes our side of the stream

 private:
  bool fill(std::chrono::milliseconds wait);
  int socket_ = -1;
  std::string received_;
};

}  // namespace rowhook::testing
