#include "tests/integration/web/http_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace rowhook::testing {

HttpConnection::HttpConnection(std::uint16_t port, int receive_buffer) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0)
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const int yes = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
}

HttpConnection::~HttpConnection() { ::close(socket_); }

void HttpConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void HttpConnection::finish() { ::shutdown(socket_, SHUT_WR); }

bool HttpConnection::fill(std::chrono::milliseconds wait) {
  pollfd poll{socket_, POLLIN, 0};
  if (::poll(&poll, 1, static_cast<int>(wait.count())) <= 0) return false;
  char buffer[65536];
  const auto size = ::recv(socket_, buffer, sizeof buffer, 0);
  if (size <= 0) return false;
  received_.append(buffer, static_cast<std::size_t>(size));
  return true;
}

std::string HttpConnection::read_bytes(std::size_t size, std::chrono::milliseconds wait) {
  while (received_.size() < size)
    if (!fill(wait)) return "";
  std::string bytes = received_.substr(0, size);
  received_.erase(0, size);
  return bytes;
}

HttpAnswer HttpConnection::read(bool to_head, std::chrono::milliseconds wait) {
  HttpAnswer answer;
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos)
    if (!fill(wait)) return {};
  std::size_t at = received_.find("\r\n") + 2;
  answer.status = std::stoi(received_.substr(9, 3));
  while (at < end) {
    const std::size_t line = received_.find("\r\n", at), colon = received_.find(": ", at);
    std::string name = received_.substr(at, colon - at);
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    answer.headers[name] = received_.substr(colon + 2, line - colon - 2);
    at = line + 2;
  }
  received_.erase(0, end + 4);
  const std::string length = answer.header("content-length");
  const std::size_t size = to_head || length.empty() ? 0 : std::stoul(length);
  while (received_.size() < size)
    if (!fill(wait)) return {};
  answer.body = received_.substr(0, size);
  received_.erase(0, size);
  return answer;
}

bool HttpConnection::closed_within(std::chrono::milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd poll{socket_, POLLIN, 0};
    if (::poll(&poll, 1, static_cast<int>(left.count())) <= 0) return false;
    char buffer[65536];
    if (::recv(socket_, buffer, sizeof buffer, 0) <= 0) return true;
  }
}

}  // namespace rowhook::testing
