// Webhooks a second that the HTTP client alone sends to an nginx that answers 204, beside wrk posting the
// same body. Needs nginx and wrk. Usage: http_client_bench [SECONDS] [IN_FLIGHT]
#include <arpa/inet.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "engine/base/metrics.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"
#include "workflows/http_client.h"

using namespace rowhook;
using std::chrono::steady_clock;

namespace {

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int result = ::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name);
  ::close(fd);
  return result;
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  ::bind(fd, reinterpret_cast<sockaddr*>(&name), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  ::close(fd);
  return ntohs(name.sin_port);
}

// An nginx with one worker that answers every request with 204. Ends with the object.
class Nginx {
 public:
  Nginx() : port_(free_port()) {
    std::ofstream(directory_ / "nginx.conf")
        << "daemon off; worker_processes 1; pid " << directory_ / "pid"
        << "; error_log stderr crit; events { worker_connections 1024; }\n"
        << "http { access_log off; keepalive_requests 100000000;\n"
        << "client_body_temp_path " << directory_ / "body"
        << ";\n"
        << "server { listen 127.0.0.1:" << port_ << "; location / { return 204; } } }\n";
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execlp("nginx", "nginx", "-c", (directory_ / "nginx.conf").c_str(), "-p", directory_.path().c_str(),
               nullptr);
      ::_exit(127);
    }
    testing::eventually([&] { return connect_to(port_) == 0; });
  }
  ~Nginx() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }

 private:
  testing::TempDir directory_;
  int port_;
  pid_t pid_ = -1;
};

const std::string body = R"({"event_id":"shop:0000000001:0","data":")" + std::string(460, 'x') + "\"}";

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Keeps `in_flight` requests under way from the client's own thread: every answer starts the next.
class Load {
 public:
  Load(HttpClient& client, std::string url) : client_(client), url_(std::move(url)) {}
  void send() {
    HttpRequest request;
    request.url = url_;
    request.headers = {"Content-Type: application/json", "webhook-id: 4711-3_notify_0123456789abcdef",
                       "webhook-timestamp: 1754388000",
                       "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="};
    request.body = body;
    ++under_way_;
    client_.start(std::move(request), [this](HttpResult result) {
      (result.response.status == 204 ? answered : failed)++;
      if (!stopping) send();
      --under_way_;
    });
  }
  void wait() {
    testing::eventually([&] { return under_way_ == 0; });
  }
  std::atomic<std::uint64_t> answered{0}, failed{0};
  std::atomic<bool> stopping{false};

 private:
  HttpClient& client_;
  std::string url_;
  std::atomic<int> under_way_{0};
};

double measure_client(const std::string& url, int seconds, int in_flight) {
  Metrics metrics;
  HttpClient client({}, EgressRules({"127.0.0.0/8"}, {}), metrics);
  Load load(client, url);
  const double cpu = cpu_seconds();
  const auto begin = steady_clock::now();
  for (int i = 0; i < in_flight; ++i) load.send();
  std::this_thread::sleep_for(std::chrono::seconds{seconds});
  const auto answered = static_cast<double>(load.answered);
  const double rate = answered / std::chrono::duration<double>(steady_clock::now() - begin).count();
  const double cost = (cpu_seconds() - cpu) / answered * 1e6;
  load.stopping = true;
  load.wait();
  std::printf("rowhook HTTP client: %8.0f requests/s, %.1f us of CPU each, %llu failed\n", rate, cost,
              static_cast<unsigned long long>(load.failed));
  return rate;
}

double measure_wrk(const std::string& url, int seconds, int in_flight) {
  testing::TempDir directory;
  std::ofstream(directory / "post.lua")
      << "wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = '" << body
      << "'\n";
  const std::string command = "wrk -t1 -c" + std::to_string(in_flight) + " -d" + std::to_string(seconds) +
                              "s -s " + (directory / "post.lua") + " " + url;
  double rate = 0;
  FILE* output = ::popen(command.c_str(), "r");
  char line[256];
  while (output && std::fgets(line, sizeof line, output)) std::sscanf(line, "Requests/sec: %lf", &rate);
  if (output) ::pclose(output);
  std::printf("wrk:                 %8.0f requests/s\n", rate);
  return rate;
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 5;
  const int in_flight = argc > 2 ? std::atoi(argv[2]) : 64;
  const Nginx nginx;
  const double client = measure_client(nginx.url(), seconds, in_flight);
  const double wrk = measure_wrk(nginx.url(), seconds, in_flight);
  if (wrk > 0) std::printf("ratio:               %8.2f\n", client / wrk);
  return client > 0 ? 0 : 1;
}
