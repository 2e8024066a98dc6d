#include "tests/support/rowhook_process.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::size_t take(char* data, std::size_t size, std::size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

using Environment = std::vector<std::pair<std::string, std::string>>;

// Starts the program; `out` and `err` become its standard output and error. It dies with the test.
pid_t spawn(const std::vector<std::string>& arguments, int out, int err, const std::string& directory,
            const Environment& environment, const std::string& input = "/dev/null") {
  std::vector<char*> argv{const_cast<char*>(ROWHOOK_BINARY)};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(125);
  ::dup2(::open(input.c_str(), O_RDONLY), 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (!directory.empty() && ::chdir(directory.c_str()) != 0) ::_exit(124);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

// Both ends' output until both are closed.
void drain(int out, int err, RowhookProcess::Output& into) {
  pollfd ends[2]{{out, POLLIN, 0}, {err, POLLIN, 0}};
  std::string* texts[2]{&into.out, &into.err};
  for (int open = 2; open > 0;) {
    if (::poll(ends, 2, -1) < 0) break;
    for (int i = 0; i < 2; ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t size = ::read(ends[i].fd, buffer, sizeof buffer);
      if (size > 0) {
        texts[i]->append(buffer, static_cast<std::size_t>(size));
      } else {
        ends[i].fd = -1;
        --open;
      }
    }
  }
}

}  // namespace

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no free port on 127.0.0.1");
  ::close(socket);
  return ntohs(address.sin_port);
}

RowhookProcess::Output run_rowhook(const std::vector<std::string>& arguments,
                                   const std::string& working_directory, const Environment& environment,
                                   const std::string& input) {
  int out[2], err[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = spawn(arguments, out[1], err[1], working_directory, environment, input);
  ::close(out[1]);
  ::close(err[1]);
  RowhookProcess::Output result;
  drain(out[0], err[0], result);
  ::close(out[0]);
  ::close(err[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  result.status = exit_status(status);
  return result;
}

RowhookProcess::RowhookProcess(nlohmann::json config) : config_(std::move(config)) {
  for (const char* folder : {"definitions", "definitions/workflows", "definitions/triggers", "definitions/scripts"})
    std::filesystem::create_directories(directory_.path() / folder);
}

RowhookProcess::~RowhookProcess() {
  if (pid_ > 0) kill9();
}

void RowhookProcess::define(const std::string& file, const std::string& text) {
  std::ofstream(directory_.path() / "definitions" / file, std::ios::binary) << text;
}

void RowhookProcess::start() {
  for (int attempt = 0;; ++attempt) {
    if (port_ == 0) port_ = free_port();
    config_["server"]["listen"] = "127.0.0.1:" + std::to_string(port_);
    config_["workflows"]["directory"] = directory_ / "definitions";
    std::ofstream(config_file()) << config_.dump(2);
    const int out = ::open((directory_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_ = spawn({"serve", "--config", config_file(), "--data-dir", data_dir()}, out, out, "", {});
    ::close(out);
    int status = 0;
    bool ended = false;
    const bool ready = eventually([&] {
      ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
      if (ended) return true;
      try {
        return call("GET", "/readyz").status == 200;
      } catch (const std::runtime_error&) {
        return false;
      }
    }, std::chrono::seconds{60});
    if (ready && !ended) return;
    if (ended) pid_ = -1;
    if (!ended || attempt == 3 || log().find("in use") == std::string::npos)
      throw std::runtime_error("rowhook does not start: " + log());
    port_ = 0;  // somebody took the port between our look and the bind
  }
}

int RowhookProcess::stop() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return exit_status(status);
}

void RowhookProcess::kill9() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

RowhookProcess::Answer RowhookProcess::call(const std::string& method, const std::string& path, const std::string& body,
                                            const std::vector<std::string>& headers) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), &curl_easy_cleanup);
  Answer answer;
  curl_slist* list = curl_slist_append(nullptr, ("Authorization: Bearer " + token()).c_str());
  if (!body.empty()) list = curl_slist_append(list, "Content-Type: application/json");
  for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owned(list, &curl_slist_free_all);
  curl_easy_setopt(easy.get(), CURLOPT_URL, (base_url() + path).c_str());
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(easy.get(), CURLOPT_SSL_VERIFYPEER, 0L);  // tests of certificates look at them themselves
  curl_easy_setopt(easy.get(), CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(easy.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT, 60L);
  if (method != "GET") {
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy.get(), CURLOPT_COPYPOSTFIELDS, body.c_str());
  }
  const CURLcode code = curl_easy_perform(easy.get());
  if (code != CURLE_OK) throw std::runtime_error(method + " " + path + ": " + curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  return answer;
}

nlohmann::json RowhookProcess::get(const std::string& path) {
  const Answer answer = call("GET", "/api/v1" + path);
  if (answer.status != 200) throw std::runtime_error("GET " + path + ": " + std::to_string(answer.status) + " " + answer.body);
  return answer.json();
}

RowhookProcess::Output RowhookProcess::command(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = arguments;
  all.insert(all.end(), {"--data-dir", data_dir()});
  return run_rowhook(all);
}

std::string RowhookProcess::token() const {
  std::string text = read_file(data_dir() + "/admin-token");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string RowhookProcess::log() const { return read_file(directory_ / "log"); }

}  // namespace rowhook::testing
