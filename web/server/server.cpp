#include "web/server/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <future>

#include "engine/base/log.h"
#include "web/server/gate.h"
#include "web/server/post_groups.h"
#include "web/server/session.h"
#include "web/server/tail_waiters.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds sweep_every{250};
constexpr std::size_t queue_capacity = 1024;

ConfigError wrong_listen(const std::string& listen, const std::string& why) {
  return ConfigError("cannot listen on '" + listen + "': " + why, {{"/server/listen", why}},
                     "write ADDRESS:PORT, e.g. \"127.0.0.1:8088\" or \"[::1]:8088\"");
}

Tcp::endpoint parse_listen(const std::string& listen) {
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) throw wrong_listen(listen, "the port is missing");
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  const std::string digits = listen.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (fault != std::errc() || end != digits.data() + digits.size())
    throw wrong_listen(listen, "the port is not a number up to 65535");
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) throw wrong_listen(listen, "'" + host + "' is not an IP address");
  return {address, port};
}

void check_settings(const ServerSettings& settings, const Tcp::endpoint& endpoint) {
  if (settings.tls_certificate.empty() != settings.tls_key.empty())
    throw ConfigError(
        "TLS needs a certificate and a key",
        {{settings.tls_key.empty() ? "/server/tls/key" : "/server/tls/certificate", "is missing"}},
        "set both server.tls.certificate and server.tls.key");
  if (settings.tls_certificate.empty() && !endpoint.address().is_loopback())
    throw ConfigError(
        "listening on " + settings.listen +
            " without TLS would send tokens and rows readable over the network",
        {{"/server/tls", "is missing, and " + settings.listen + " is not a loopback address"}},
        "set server.tls.certificate and server.tls.key, or listen on 127.0.0.1 behind a proxy that does TLS");
}

std::unique_ptr<asio::ssl::context> make_tls(const ServerSettings& settings) {
  if (settings.tls_certificate.empty()) return nullptr;
  auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv3 |
                   asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 |
                   asio::ssl::context::single_dh_use);
  boost::system::error_code error;
  tls->use_certificate_chain_file(settings.tls_certificate, error);
  if (error)
    throw ConfigError("cannot use the TLS certificate " + settings.tls_certificate + ": " + error.message(),
                      {{"/server/tls/certificate", error.message()}},
                      "a PEM file with the certificate and its chain");
  tls->use_private_key_file(settings.tls_key, asio::ssl::context::pem, error);
  if (!error && SSL_CTX_check_private_key(tls->native_handle()) != 1)
    error = boost::system::error_code(static_cast<int>(ERR_get_error()), asio::error::get_ssl_category());
  if (error)
    throw ConfigError("cannot use the TLS key " + settings.tls_key + ": " + error.message(),
                      {{"/server/tls/key", error.message()}},
                      "the PEM file of the key that belongs to the certificate");
  return tls;
}

// Connections are descriptors: the usual soft limit of 1024 is less than what is allowed anyway.
void raise_descriptor_limit(std::size_t connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = static_cast<rlim_t>(connections) + 512;
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? wanted : std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

struct ApiServer::Impl {
  Impl(ApiServices given, ServerSettings server_settings)
      : services(given),
        settings(std::move(server_settings)),
        dispatch(std::move(given), settings.allowed_hosts),
        quick("rowhook-quick", settings.quick_threads, queue_capacity),
        slow("rowhook-slow", settings.slow_threads, queue_capacity),
        tails(*services.journal),
        live(services, {[this](std::function<void()> work) { asio::post(io, std::move(work)); },
                        [this](std::function<void()> work) { return quick.run(std::move(work)); }}),
        host(io, dispatch, quick, slow, live, settings) {}

  ApiServices services;
  ServerSettings settings;
  Dispatch dispatch;
  Workers quick, slow;
  TailWaiters tails;
  std::unique_ptr<PostGroups> posts;
  std::shared_ptr<asio::ssl::context> tls;  // replaced on the network thread
  Guarded<std::size_t> open_sessions{std::size_t{0}};
  Gauge* connections = nullptr;
  LiveHub live;      // before io, like
  SessionHost host;  // this: sessions that end with it still reach them
  asio::io_context io{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> guard;
  std::optional<Tcp::acceptor> acceptor;
  std::optional<asio::steady_timer> sweeper, breather;
  std::thread thread;
  Tcp::endpoint bound;
  std::atomic<bool> draining{false};
  bool started = false, stopped = false;

  void listen(const Tcp::endpoint& endpoint) {
    acceptor.emplace(io);
    try {
      acceptor->open(endpoint.protocol());
      acceptor->set_option(asio::socket_base::reuse_address(true));
      acceptor->bind(endpoint);
      acceptor->listen(4096);
    } catch (const boost::system::system_error& error) {
      throw TransientError("cannot listen on " + settings.listen + ": " + error.code().message(),
                           "another program may use that port: choose another one with --listen");
    }
    bound = acceptor->local_endpoint();
  }

  void accept() {
    acceptor->async_accept([this](boost::system::error_code error, Tcp::socket socket) {
      // Without room and without an idle one the new connection is closed: whoever is being served stays.
      if (!error && (host.sessions.size() - host.dropped < settings.max_connections || drop_an_idle_one()))
        open(std::move(socket));
      if (!acceptor->is_open()) return;
      if (error) return after_failed_accept(error);
      accept();
    });
  }

  // Out of descriptors, most likely: an idle connection gives its one back; then after a breath again.
  void after_failed_accept(const boost::system::error_code& error) {
    log::warning("cannot accept a connection", {{"error", error.message()}});
    drop_an_idle_one();
    breather->expires_after(milliseconds{50});
    breather->async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled && acceptor->is_open()) accept();
    });
  }

  // Whoever connected before the server stopped is served, too.
  void accept_the_last() {
    boost::system::error_code error;
    acceptor->non_blocking(true, error);
    while (!error && host.sessions.size() < settings.max_connections) {
      Tcp::socket socket(io);
      acceptor->accept(socket, error);
      if (!error) open(std::move(socket));
    }
    acceptor->close(error);
  }

  void open(Tcp::socket socket) {
    boost::system::error_code ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    // Bounds what a connection may hold in the kernel, and makes a reader that stopped reading show.
    socket.set_option(asio::socket_base::send_buffer_size(64 << 10), ignored);
    if (tls) {
      begin(std::make_shared<Session<TlsStream>>(host, TlsStream(std::move(socket), *tls)));
    } else {
      begin(std::make_shared<Session<Tcp::socket>>(host, std::move(socket)));
    }
  }

  void begin(const std::shared_ptr<SessionBase>& session) {
    session->start();
    if (host.draining) session->drain();
  }

  // Those that never showed a token go first, then whoever has waited longest.
  bool drop_an_idle_one() {
    SessionBase* victim = nullptr;
    for (SessionBase* session : host.sessions) {
      if (!session->idle()) continue;
      if (!victim || (victim->let_in() && !session->let_in()) ||
          (victim->let_in() == session->let_in() && session->deadline() < victim->deadline()))
        victim = session;
    }
    if (!victim) return false;
    victim->drop();
    return true;
  }

  void sweep() {
    sweeper->expires_after(sweep_every);
    sweeper->async_wait([this](boost::system::error_code cancelled) {
      if (cancelled) return;
      const auto now = steady_clock::now();
      std::vector<SessionBase*> late;
      for (SessionBase* session : host.sessions)
        if (session->deadline() < now) late.push_back(session);
      for (SessionBase* session : late) session->expire();
      live.tick();
      sweep();
    });
  }

  void set_up_metrics() {
    constexpr std::array names{"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
    for (std::size_t i = 0; i < names.size(); ++i)
      host.by_class[i] = &services.metrics->counter("rowhook_http_requests_total", "Requests answered",
                                                    {{"status", names[i]}});
    host.seconds = &services.metrics->histogram("rowhook_http_request_seconds",
                                                "From a request's first byte to its answer");
    connections = &services.metrics->gauge("rowhook_http_connections", "Open connections");
    host.slow_readers = &services.metrics->counter("rowhook_websocket_slow_readers_total",
                                                   "Connections dropped because they read too slowly");
    host.websockets = &services.metrics->gauge("rowhook_websocket_connections", "Open WebSocket connections");
    host.session_began = [this] { count_session(1); };
    host.session_ended = [this] { count_session(-1); };
  }

  void count_session(int by) {
    const std::size_t open =
        open_sessions.with([by](std::size_t& count) { return by > 0 ? ++count : --count; });
    connections->set(static_cast<double>(open));
    if (open == 0) open_sessions.notify();
  }
};

ApiServer::ApiServer(ApiServices services, ServerSettings settings)
    : impl_(std::make_unique<Impl>(std::move(services), std::move(settings))) {}

ApiServer::~ApiServer() { stop(milliseconds{0}); }

void ApiServer::start() {
  Impl& impl = *impl_;
  const Tcp::endpoint endpoint = parse_listen(impl.settings.listen);
  check_settings(impl.settings, endpoint);
  impl.tls = make_tls(impl.settings);
  raise_descriptor_limit(impl.settings.max_connections);
  impl.listen(endpoint);
  impl.set_up_metrics();
  impl.dispatch.tokens().renew();

  impl.posts = std::make_unique<PostGroups>(*impl.services.journal, [&impl](std::function<void()> answers) {
    asio::post(impl.io, std::move(answers));
  });
  ApiContext& context = impl.dispatch.context();
  context.posts = impl.posts.get();
  context.tails = &impl.tails;
  context.run = [&impl](std::function<void()> work) { return impl.quick.run(std::move(work)); };
  context.draining = [&impl] { return impl.draining.load(); };

  impl.guard.emplace(impl.io.get_executor());
  impl.sweeper.emplace(impl.io);
  impl.breather.emplace(impl.io);
  asio::post(impl.io, [&impl] {
    impl.accept();
    impl.sweep();
  });
  impl.thread = std::thread([&impl] {
    pthread_setname_np(pthread_self(), "rowhook-web");
    impl.io.run();
  });
  impl.started = true;
  log::info("the API listens", {{"address", base_url()}});
}

void ApiServer::stop(milliseconds grace) {
  Impl& impl = *impl_;
  if (!impl.started || impl.stopped) return;
  impl.stopped = true;
  impl.draining = true;
  asio::post(impl.io, [&impl] {
    impl.host.draining = true;
    impl.accept_the_last();
    impl.breather->cancel();
    for (SessionBase* session : impl.host.sessions) session->drain();
  });
  impl.live.stop();
  impl.tails.stop();  // who waits for events hears that there are none
  {
    auto open = impl.open_sessions.lock();
    open.wait_for(grace, [&] { return *open == 0; });
  }
  asio::post(impl.io, [&impl] {
    for (SessionBase* session : impl.host.sessions) session->cut();
  });
  if (impl.services.interrupt) impl.services.interrupt();
  impl.quick.stop();
  impl.slow.stop();
  impl.posts->stop();
  impl.guard.reset();
  std::promise<void> last;
  asio::post(impl.io, [&] {
    impl.sweeper->cancel();
    last.set_value();
  });
  last.get_future().wait();
  impl.io.stop();
  impl.thread.join();
}

void ApiServer::reload_tls(const std::string& certificate, const std::string& key) {
  Impl& impl = *impl_;
  if (!impl.started || impl.stopped || impl.settings.tls_certificate.empty()) return;
  ServerSettings fresh;
  fresh.listen = impl.settings.listen;
  fresh.tls_certificate = certificate;
  fresh.tls_key = key;
  check_settings(fresh, impl.bound);
  std::shared_ptr<asio::ssl::context> tls = make_tls(fresh);
  if (!tls)
    throw ConfigError("TLS cannot be switched off while the server runs",
                      {{"/server/tls", "is missing, and the server began with it"}}, "restart the engine");
  // Connections that are open keep what they began with.
  asio::post(impl.io, [&impl, tls = std::move(tls)]() mutable { impl.tls = std::move(tls); });
}

Dispatch& ApiServer::dispatch() { return impl_->dispatch; }
std::uint16_t ApiServer::port() const { return impl_->bound.port(); }

std::string ApiServer::base_url() const {
  const auto address = impl_->bound.address();
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return (impl_->settings.tls_certificate.empty() ? "http://" : "https://") + host + ":" +
         std::to_string(port());
}

}  // namespace rowhook
