#include "workflows/http_client.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <thread>
#include <unordered_map>

#include "engine/base/errors.h"
#include "engine/base/guarded.h"
#include "workflows/http_transfer.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds sweep_interval{200};

// libcurl's sockets in epoll. libcurl takes a connection's socket out and puts it in again for every request;
// here it stays registered for reading until it is closed or something arrives that nobody waits for. Sockets
// that libcurl opens for itself (its resolver's) come and go without our knowledge and are taken out when it
// says so. Thread safety: confined to the client's thread, but for wake().
class SocketPoll final : public SocketWatcher {
 public:
  SocketPoll() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (epoll_ < 0 || wake_ < 0) throw TransientError("no descriptors are left for outgoing HTTP");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = wake_;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  }
  ~SocketPoll() override {
    ::close(wake_);
    ::close(epoll_);
  }
  SocketPoll(const SocketPoll&) = delete;
  SocketPoll& operator=(const SocketPoll&) = delete;

  // From any thread: makes wait() return.
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
  }

  void opened(int fd) override { at(fd) = {0, 0, true}; }
  void closing(int fd) override { at(fd) = {}; }  // which takes it out of epoll

  void want(int fd, int what) {
    auto& socket = at(fd);
    socket.wanted = (what == CURL_POLL_IN || what == CURL_POLL_INOUT ? EPOLLIN : 0U) |
                    (what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? EPOLLOUT : 0U);
    if (socket.wanted == socket.registered) return;
    if (socket.wanted != 0) {
      set(fd, socket, socket.wanted);
    } else if (!socket.is_connection) {
      remove(fd, socket);
    } else if (socket.registered != EPOLLIN) {
      set(fd, socket, EPOLLIN);
    }
  }

  // Calls ready(fd, curl_flags) for each socket libcurl waits for.
  template <typename Ready>
  void wait(int timeout_ms, Ready ready) {
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      const int fd = event.data.fd;
      if (fd == wake_) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const auto read = ::read(wake_, &ignored, sizeof ignored);
        continue;
      }
      auto& socket = at(fd);
      if (socket.registered == 0) continue;  // closed meanwhile
      if (socket.wanted == 0) {
        // An idle connection: libcurl sees that it was closed when it looks at it the next time.
        remove(fd, socket);
        continue;
      }
      const int flags = (event.events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                        (event.events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                        (event.events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
      ready(fd, flags);
    }
  }

 private:
  struct Socket {
    std::uint32_t registered = 0, wanted = 0;
    bool is_connection = false;
  };
  Socket& at(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= sockets_.size()) sockets_.resize(index + 64);
    return sockets_[index];
  }
  void set(int fd, Socket& socket, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, socket.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
    socket.registered = events;
  }
  void remove(int fd, Socket& socket) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    socket.registered = 0;
  }

  int epoll_, wake_;
  std::vector<Socket> sockets_;  // by descriptor
};

struct Inbox {
  std::vector<PendingRequest> requests;
  bool stopping = false;
};

// Requests of one host: some under way, the others in line.
struct Host {
  std::size_t under_way = 0;
  std::deque<PendingRequest> waiting;
  bool in_line = false;  // stands in Impl::line
};

std::string default_user_agent() { return std::string("rowhook/") + ROWHOOK_VERSION; }

}  // namespace

std::string url_host(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return "a URL without http:// or https://";
  std::string_view authority = url.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const auto user = authority.rfind('@'); user != std::string_view::npos)
    authority.remove_prefix(user + 1);
  std::string host(url.substr(0, scheme_end + 3));
  host += authority;
  return host;
}

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

struct HttpClient::Impl {
  Impl(HttpClientSettings given, EgressRules given_rules, Metrics& metrics)
      : settings(std::move(given)),
        rules(std::move(given_rules)),
        answered(metrics.counter("rowhook_http_requests_total", "Outgoing HTTP requests that ended",
                                 {{"result", "answered"}})),
        failed(metrics.counter("rowhook_http_requests_total", "Outgoing HTTP requests that ended",
                               {{"result", "failed"}})) {
    if (settings.user_agent.empty()) settings.user_agent = default_user_agent();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    if (!multi) throw std::bad_alloc();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    // Idle connections to keep; with all places taken there are this many anyway.
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(settings.max_in_flight));
    thread = std::thread([this] { serve(); });
  }

  ~Impl() {
    inbox.with([](Inbox& box) { box.stopping = true; });
    poll.wake();
    thread.join();
    for (auto& transfer : idle) transfer.reset();
    curl_multi_cleanup(multi);
    curl_global_cleanup();
  }

  void start(HttpRequest request, std::function<void(HttpResult)> done) {
    std::string host = url_host(request.url);
    const bool first = inbox.with([&](Inbox& box) {
      box.requests.push_back({std::move(request), std::move(done), std::move(host)});
      return box.requests.size() == 1;
    });
    if (first) poll.wake();  // one wake-up for all that come until the thread looks
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    static_cast<Impl*>(self)->poll.want(fd, what);
    return 0;
  }
  static int on_timer(CURLM*, long timeout_ms, void* self) {
    auto& impl = *static_cast<Impl*>(self);
    impl.timer_set = timeout_ms >= 0;
    if (impl.timer_set) impl.timer = steady_clock::now() + milliseconds(timeout_ms);
    return 0;
  }

  void serve();
  bool take_inbox();
  void admit(PendingRequest pending);
  void fill_places();
  void run(PendingRequest pending);
  void collect_ended();
  void sweep_waiting(steady_clock::time_point now);
  void abort_all();
  int wait_time() const;

  HttpClientSettings settings;
  EgressRules rules;
  Counter& answered;
  Counter& failed;
  SocketPoll poll;
  Guarded<Inbox> inbox;
  CURLM* multi = nullptr;
  TransferSettings transfer_settings{settings, rules, poll};
  std::vector<std::unique_ptr<HttpTransfer>> idle;
  std::unordered_map<HttpTransfer*, std::unique_ptr<HttpTransfer>> busy;
  std::unordered_map<std::string, Host> hosts;
  std::deque<std::string> line;  // hosts that have a request waiting and a place for it, in turn
  std::size_t waiting = 0;
  bool timer_set = false;
  steady_clock::time_point timer{}, next_sweep{};
  std::thread thread;
};

int HttpClient::Impl::wait_time() const {
  auto until = steady_clock::time_point::max();
  if (timer_set) until = timer;
  if (waiting > 0) until = std::min(until, next_sweep);
  if (until == steady_clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

void HttpClient::Impl::serve() {
  // OpenSSL writes without MSG_NOSIGNAL: a connection that the server closed must not end the engine.
  sigset_t pipe;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  for (;;) {
    int running = 0;
    poll.wait(wait_time(), [&](int fd, int flags) { curl_multi_socket_action(multi, fd, flags, &running); });
    if (!take_inbox()) break;
    const auto now = steady_clock::now();
    if (timer_set && timer <= now) {
      timer_set = false;
      curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    collect_ended();
    if (waiting > 0 && next_sweep <= now) sweep_waiting(now);
  }
  abort_all();
}

bool HttpClient::Impl::take_inbox() {
  std::vector<PendingRequest> arrived;
  const bool stopping = inbox.with([&](Inbox& box) {
    arrived.swap(box.requests);
    return box.stopping;
  });
  for (auto& pending : arrived) admit(std::move(pending));
  fill_places();
  return !stopping;
}

void HttpClient::Impl::admit(PendingRequest pending) {
  Host& host = hosts[pending.host];
  if (waiting++ == 0) next_sweep = steady_clock::now() + sweep_interval;
  if (!host.in_line && host.under_way < settings.max_per_host) {
    host.in_line = true;
    line.push_back(pending.host);
  }
  host.waiting.push_back(std::move(pending));
}

// Gives free places to the hosts in line, one request each in turn.
void HttpClient::Impl::fill_places() {
  while (!line.empty() && busy.size() < settings.max_in_flight) {
    std::string name = std::move(line.front());
    line.pop_front();
    Host& host = hosts[name];
    host.in_line = false;
    if (host.waiting.empty() || host.under_way >= settings.max_per_host) continue;
    PendingRequest pending = std::move(host.waiting.front());
    host.waiting.pop_front();
    --waiting;
    ++host.under_way;
    if (!host.waiting.empty() && host.under_way < settings.max_per_host) {
      host.in_line = true;
      line.push_back(std::move(name));
    }
    run(std::move(pending));
  }
}

void HttpClient::Impl::run(PendingRequest pending) {
  milliseconds timeout = pending.request.timeout;
  if (pending.request.deadline != steady_clock::time_point{})
    timeout =
        std::min(timeout, std::chrono::ceil<milliseconds>(pending.request.deadline - steady_clock::now()));
  std::unique_ptr<HttpTransfer> transfer;
  if (idle.empty()) {
    transfer = std::make_unique<HttpTransfer>(transfer_settings);
  } else {
    transfer = std::move(idle.back());
    idle.pop_back();
  }
  transfer->prepare(std::move(pending), std::max(timeout, milliseconds{1}));
  curl_multi_add_handle(multi, transfer->handle());
  busy.emplace(transfer.get(), std::move(transfer));
}

void HttpClient::Impl::collect_ended() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    const CURLcode code = message->data.result;
    HttpTransfer& ended = HttpTransfer::of(message->easy_handle);
    curl_multi_remove_handle(multi, ended.handle());
    const auto found = hosts.find(ended.host());
    Host& host = found->second;
    --host.under_way;
    if (!host.waiting.empty() && !host.in_line) {
      host.in_line = true;
      line.push_back(found->first);
    } else if (host.waiting.empty() && host.under_way == 0 && hosts.size() > 1024) {
      hosts.erase(found);
    }
    (code == CURLE_OK ? answered : failed).add();
    ended.finish(code);
    auto place = busy.extract(&ended);
    idle.push_back(std::move(place.mapped()));
  }
  fill_places();
}

// Requests whose deadline passes while they wait for a place end here.
void HttpClient::Impl::sweep_waiting(steady_clock::time_point now) {
  next_sweep = now + sweep_interval;
  for (auto& [name, host] : hosts) {
    for (auto at = host.waiting.begin(); at != host.waiting.end();) {
      if (at->request.deadline == steady_clock::time_point{} || at->request.deadline > now) {
        ++at;
        continue;
      }
      const auto done = std::move(at->done);
      at = host.waiting.erase(at);
      --waiting;
      failed.add();
      done({HttpResult::Kind::transient, {}, name + ": no connection became free in time", {}});
    }
  }
}

void HttpClient::Impl::abort_all() {
  const std::string reason = "the engine is stopping";
  for (auto& [key, transfer] : busy) {
    curl_multi_remove_handle(multi, transfer->handle());
    transfer->abort(reason);
  }
  busy.clear();
  for (auto& [name, host] : hosts)
    for (auto& pending : host.waiting)
      pending.done({HttpResult::Kind::transient, {}, name + ": " + reason, {}});
  auto late = inbox.with([](Inbox& box) { return std::exchange(box.requests, {}); });
  for (auto& pending : late) pending.done({HttpResult::Kind::transient, {}, reason, {}});
}

HttpClient::HttpClient(HttpClientSettings settings, EgressRules rules, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(rules), metrics)) {}
HttpClient::~HttpClient() = default;

void HttpClient::start(HttpRequest request, std::function<void(HttpResult)> done) {
  impl_->start(std::move(request), std::move(done));
}

}  // namespace rowhook
