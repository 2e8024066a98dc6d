#include "tests/support/flaky_http_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace rowhook::testing {
namespace {

int listen_on(const std::string& address, bool is_v6, std::uint16_t& port) {
  const int fd = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_storage name{};
  socklen_t size = 0;
  if (is_v6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(name);
    v6.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr);
    size = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(name);
    v4.sin_family = AF_INET;
    ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr);
    size = sizeof v4;
  }
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&name), size) != 0 || ::listen(fd, 512) != 0)
    throw std::runtime_error("no port to listen on at " + address);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  port = ntohs(is_v6 ? reinterpret_cast<sockaddr_in6&>(name).sin6_port
                     : reinterpret_cast<sockaddr_in&>(name).sin_port);
  return fd;
}

// Waits until something can be read; false when the server stops.
bool readable(int fd, const std::atomic<bool>& stopping) {
  while (!stopping) {
    pollfd poll{fd, POLLIN, 0};
    if (::poll(&poll, 1, 20) > 0) return true;
  }
  return false;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

SeenRequest parse_head(const std::string& head) {
  SeenRequest request;
  const auto space = head.find(' ');
  request.method = head.substr(0, space);
  request.target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  for (auto line = head.find("\r\n"); line != std::string::npos && line + 2 < head.size();) {
    const auto end = head.find("\r\n", line + 2);
    const std::string text = head.substr(line + 2, end == std::string::npos ? end : end - line - 2);
    if (const auto colon = text.find(':'); colon != std::string::npos)
      request.headers[lower(text.substr(0, colon))] =
          text.substr(std::min(text.size(), text.find_first_not_of(' ', colon + 1)));
    line = end;
  }
  return request;
}

// The next request of a connection; nullopt when it ends. `rest` is what was read beyond it.
std::optional<SeenRequest> read_request(int fd, std::string& rest, const std::atomic<bool>& stopping) {
  const auto more = [&] {
    if (!readable(fd, stopping)) return false;
    char buffer[65536];
    const auto count = ::recv(fd, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    rest.append(buffer, static_cast<std::size_t>(count));
    return true;
  };
  while (rest.find("\r\n\r\n") == std::string::npos)
    if (!more()) return std::nullopt;
  const auto head_end = rest.find("\r\n\r\n");
  SeenRequest request = parse_head(rest.substr(0, head_end));
  rest.erase(0, head_end + 4);
  const auto length =
      request.headers.contains("content-length") ? std::stoul(request.headers["content-length"]) : 0UL;
  while (rest.size() < length)
    if (!more()) return std::nullopt;
  request.body = rest.substr(0, length);
  rest.erase(0, length);
  return request;
}

}  // namespace

bool FlakyHttpServer::Exchange::client_is_gone() const {
  pollfd poll{fd_, POLLIN | POLLRDHUP, 0};
  if (::poll(&poll, 1, 5) <= 0) return false;
  char byte = 0;
  return ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

void FlakyHttpServer::Exchange::answer(int status, const std::string& headers, const std::string& body) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " Told So\r\n" + headers;
  if (status != 204) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  send(text + "\r\n" + body);
}

bool FlakyHttpServer::Exchange::send(const std::string& bytes) {
  for (std::size_t sent = 0; open_ && sent < bytes.size();) {
    const auto count = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) open_ = false;
    if (open_) sent += static_cast<std::size_t>(count);
  }
  return open_;
}

void FlakyHttpServer::Exchange::hang() {
  while (!stopping_ && !client_is_gone()) continue;
  open_ = false;
}

void FlakyHttpServer::Exchange::drip(const std::string& bytes) {
  for (std::size_t i = 0; i < bytes.size() && !stopping_ && !client_is_gone(); ++i)
    if (!send(bytes.substr(i, 1))) return;
}

void FlakyHttpServer::Exchange::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  open_ = false;
}

void FlakyHttpServer::Exchange::close() { open_ = false; }

FlakyHttpServer::FlakyHttpServer(Behaviour behaviour, const std::string& address)
    : behaviour_(std::move(behaviour)),
      is_v6_(address.find(':') != std::string::npos),
      listener_(listen_on(address, is_v6_, port_)),
      acceptor_([this] { accept_connections(); }) {}

FlakyHttpServer::~FlakyHttpServer() {
  stopping_ = true;
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

std::string FlakyHttpServer::url(const std::string& target) const {
  return (is_v6_ ? "http://[::1]:" : "http://127.0.0.1:") + std::to_string(port_) + target;
}

std::vector<SeenRequest> FlakyHttpServer::requests() {
  return seen_.with([](auto& seen) { return seen; });
}

void FlakyHttpServer::accept_connections() {
  while (readable(listener_, stopping_)) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++accepted_;
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void FlakyHttpServer::serve(int fd) {
  std::string rest;
  Exchange exchange(fd, stopping_);
  while (exchange.open_) {
    const auto request = read_request(fd, rest, stopping_);
    if (!request) break;
    seen_.with([&](auto& seen) { seen.push_back(*request); });
    behaviour_(*request, exchange);
  }
  ::close(fd);
}

}  // namespace rowhook::testing
