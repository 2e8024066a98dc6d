#include "engine/app/private_postgres.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

fs::path newest_bin(int& version) {
  version = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int number = std::atoi(entry.path().filename().c_str());
    if (number > version && fs::exists(entry.path() / "bin" / "initdb")) version = number;
  }
  if (version == 0)
    throw PermanentError("no PostgreSQL server under /usr/lib/postgresql: apt-get install postgresql");
  return fs::path("/usr/lib/postgresql") / std::to_string(version) / "bin";
}

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw PermanentError("no free port on 127.0.0.1");
  ::close(socket);
  return ntohs(address.sin_port);
}

// PostgreSQL refuses to run as root.
const passwd* server_user() {
  static const passwd* const user = ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
  if (::geteuid() == 0 && !user) throw PermanentError("no user postgres on this machine");
  return user;
}

// Starts a program of the server as server_user(), its output appended to `log`. It gets `signal_on_death`
// when we die.
pid_t spawn(const std::vector<std::string>& arguments, const fs::path& log, int signal_on_death) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const passwd* const user = server_user();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw PermanentError("fork failed");
  if (child > 0) return child;

  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  for (int descriptor = 3; descriptor < 1024; ++descriptor) ::close(descriptor);
  if (user && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  ::setenv("LC_ALL", "C", 1);
  ::setsid();  // a terminal's Ctrl-C reaches the test alone, which then takes the server along
  ::prctl(PR_SET_PDEATHSIG, signal_on_death);  // after setuid, which clears it
  if (::getppid() != parent) ::_exit(125);
  if (::chdir("/") != 0) ::_exit(124);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

bool exited(pid_t child, int& status) { return ::waitpid(child, &status, WNOHANG) == child; }

std::vector<pid_t> children_of(pid_t parent) {
  const std::string number = std::to_string(parent);
  std::ifstream list("/proc/" + number + "/task/" + number + "/children");
  std::vector<pid_t> children;
  for (pid_t child; list >> child;) children.push_back(child);
  return children;
}

}  // namespace

PrivatePostgres::PrivatePostgres(const fs::path& directory, const Settings& settings)
    : directory_(directory), bin_(newest_bin(version_)), data_(directory / "data"), log_(directory / "log") {
  initialise();
  configure({{"listen_addresses", "'127.0.0.1'"},
             {"unix_socket_directories", "'" + directory_.string() + "'"},
             {"wal_level", "logical"},
             {"max_replication_slots", "20"},
             {"max_wal_senders", "20"},
             {"max_connections", "60"},
             {"shared_buffers", "'32MB'"},
             {"fsync", "off"},
             {"timezone", "'UTC'"},
             {"log_timezone", "'UTC'"}});
  configure(settings);
  start();
}

PrivatePostgres::~PrivatePostgres() {
  if (server_ <= 0) return;
  ::kill(server_, SIGQUIT);
  wait_for(server_);
}

void PrivatePostgres::initialise() {
  if (const passwd* const user = server_user();
      user && ::chown(directory_.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw PermanentError("cannot give " + directory_.string() + " to postgres");
  const int status =
      wait_for(spawn({(bin_ / "initdb").string(), "-D", data_.string(), "-A", "trust", "-U", "postgres", "-E",
                      "UTF8", "--locale=C", "--no-sync", "--no-instructions"},
                     log_, SIGKILL));
  if (status != 0) throw PermanentError("initdb failed: " + log());
}

void PrivatePostgres::configure(const Settings& settings) {
  std::ofstream file(data_ / "postgresql.conf", std::ios::app);
  for (const auto& [name, value] : settings) file << name << " = " << value << '\n';
}

void PrivatePostgres::start() {
  if (server_ > 0) return;
  // Another program may take the port between our look and the server's bind, and after kill9() shared memory
  // may be in use for a moment: both end in a server that exits at once.
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (port_ == 0) port_ = free_port();
    launch();
    if (wait_until_ready()) return;
    if (log().find("could not bind") != std::string::npos) port_ = 0;
    std::this_thread::sleep_for(milliseconds{100});
  }
  throw PermanentError("the PostgreSQL server does not start: " + log());
}

void PrivatePostgres::launch() {
  server_ =
      spawn({(bin_ / "postgres").string(), "-D", data_.string(), "-p", std::to_string(port_)}, log_, SIGQUIT);
}

bool PrivatePostgres::wait_until_ready() {
  for (int tries = 0; tries < 6000; ++tries) {
    int status = 0;
    if (exited(server_, status)) {
      server_ = -1;
      return false;
    }
    if (PQping(url().c_str()) == PQPING_OK) return true;
    std::this_thread::sleep_for(milliseconds{10});
  }
  throw PermanentError("the PostgreSQL server does not answer: " + log());
}

void PrivatePostgres::stop() {
  if (server_ <= 0) return;
  ::kill(server_, SIGINT);
  int status = 0;
  for (int tries = 0; tries < 1000; ++tries) {
    if (exited(server_, status)) {
      server_ = -1;
      return;
    }
    std::this_thread::sleep_for(milliseconds{10});
  }
  ::kill(server_, SIGQUIT);
  wait_for(server_);
  server_ = -1;
}

void PrivatePostgres::kill9() {
  if (server_ <= 0) return;
  ::kill(server_, SIGSTOP);  // so that it starts no further children
  const std::vector<pid_t> children = children_of(server_);
  for (const pid_t child : children) ::kill(child, SIGKILL);
  ::kill(server_, SIGKILL);
  wait_for(server_);
  server_ = -1;
}

std::string PrivatePostgres::url(const std::string& database) const {
  return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PrivatePostgres::log() const { return read_file(log_); }

}  // namespace rowhook
