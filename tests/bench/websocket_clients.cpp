// Many WebSocket clients in one process, for measuring fan-out: connects, sends each server the same first
// message, says `ready` when every one has an answer, and counts the frames that come after it.
//
//   websocket_clients PORT PATH CLIENTS FRAMES TOKEN MESSAGE
//
// PATH is that of the WebSocket; TOKEN "" sends none; MESSAGE "" sends nothing and expects no answer. Ends
// when every client got FRAMES further frames, and prints {"frames","bytes","seconds"}: from the first to the
// last.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

// Walks over frames without keeping their payload.
class FrameCounter {
 public:
  void take(const char* data, std::size_t size) {
    while (size > 0) {
      if (skip_ > 0) {
        const std::size_t part = size < skip_ ? size : static_cast<std::size_t>(skip_);
        skip_ -= part;
        data += part;
        size -= part;
        if (skip_ == 0) frames += is_text_ ? 1U : 0U;
        continue;
      }
      header_[filled_++] = static_cast<unsigned char>(*data++);
      size -= 1;
      if (filled_ < 2) continue;
      const unsigned length = header_[1] & 0x7fU, extended = length == 127 ? 8 : length == 126 ? 2 : 0;
      if (filled_ < 2 + extended) continue;
      skip_ = extended == 0 ? length : 0;
      for (unsigned i = 0; i < extended; ++i) skip_ = skip_ << 8U | header_[2 + i];
      is_text_ = (header_[0] & 0x0fU) == 1;
      filled_ = 0;
      if (skip_ == 0) frames += is_text_ ? 1U : 0U;
    }
  }
  std::uint64_t frames = 0;

 private:
  unsigned char header_[10]{};
  unsigned filled_ = 0;
  std::uint64_t skip_ = 0;
  bool is_text_ = false;
};

struct Client {
  int socket = -1;
  FrameCounter counter;
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "websocket_clients: %s\n", why.c_str());
  std::exit(1);
}

void send_all(int socket, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto size = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) fail("the server closed a connection");
    sent += static_cast<std::size_t>(size);
  }
}

std::string masked_text(const std::string& text) {
  std::string out{static_cast<char>(0x81)};
  if (text.size() < 126) {
    out += static_cast<char>(0x80U | text.size());
  } else {
    out += static_cast<char>(0xfe);
    out += static_cast<char>(text.size() >> 8U);
    out += static_cast<char>(text.size() & 0xffU);
  }
  return out + std::string(4, '\0') + text;  // a mask of zeroes leaves the text as it is
}

int open_client(int port, const std::string& path, const std::string& token) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("cannot connect");
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  send_all(socket, "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                       "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                       (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n");
  std::string head;
  for (char byte = 0; !head.ends_with("\r\n\r\n"); head += byte)
    if (::recv(socket, &byte, 1, 0) != 1) fail("no handshake: " + head);
  if (!head.starts_with("HTTP/1.1 101")) fail("no handshake: " + head);
  return socket;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) fail("websocket_clients PORT PATH CLIENTS FRAMES TOKEN MESSAGE");
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const auto count = static_cast<std::size_t>(std::atoi(argv[3]));
  const std::uint64_t wanted = std::strtoull(argv[4], nullptr, 10);
  const std::string message = argv[6];
  std::vector<Client> clients(count);
  std::vector<char> buffer(1U << 20);
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  const auto read = [&](Client& client) {
    const auto size = ::recv(client.socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) fail("the server closed a connection");
    client.counter.take(buffer.data(), static_cast<std::size_t>(size));
    return static_cast<std::uint64_t>(size);
  };
  for (auto& client : clients) {
    client.socket = open_client(std::atoi(argv[1]), argv[2], argv[5]);
    if (!message.empty()) send_all(client.socket, masked_text(message));
    while (!message.empty() && client.counter.frames == 0) read(client);
    client.counter.frames = 0;
    epoll_event event{EPOLLIN, {.ptr = &client}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, client.socket, &event);
  }
  std::puts("ready");
  std::fflush(stdout);

  std::uint64_t bytes = 0;
  std::size_t done = 0;
  std::chrono::steady_clock::time_point first{};
  std::vector<epoll_event> events(1024);
  while (done < count) {
    const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 30'000);
    if (ready <= 0) fail("nothing came for 30 s");
    if (bytes == 0) first = std::chrono::steady_clock::now();
    for (int i = 0; i < ready; ++i) {
      auto& client = *static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      const bool before = client.counter.frames >= wanted;
      bytes += read(client);
      done += !before && client.counter.frames >= wanted ? 1U : 0U;
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - first).count();
  std::printf("{\"frames\":%llu,\"bytes\":%llu,\"seconds\":%.6f}\n",
              static_cast<unsigned long long>(wanted * count), static_cast<unsigned long long>(bytes),
              seconds);
  return 0;
}
