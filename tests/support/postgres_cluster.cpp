#include "tests/support/postgres_cluster.h"

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

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace rowhook::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

PGconn* handle(void* connection) { return static_cast<PGconn*>(connection); }

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
    throw std::runtime_error("no PostgreSQL server under /usr/lib/postgresql: apt-get install postgresql");
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
    throw std::runtime_error("no free port on 127.0.0.1");
  ::close(socket);
  return ntohs(address.sin_port);
}

// PostgreSQL refuses to run as root.
const passwd* server_user() {
  static const passwd* const user = ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
  if (::geteuid() == 0 && !user) throw std::runtime_error("no user postgres on this machine");
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
  if (child < 0) throw std::runtime_error("fork failed");
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

PostgresSession::PostgresSession(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
  if (connected()) return;
  const std::string message = PQerrorMessage(handle(connection_));
  PQfinish(handle(connection_));
  throw std::runtime_error(message);
}

PostgresSession::~PostgresSession() { PQfinish(handle(connection_)); }

bool PostgresSession::connected() const { return PQstatus(handle(connection_)) == CONNECTION_OK; }

int PostgresSession::backend_pid() const { return PQbackendPID(handle(connection_)); }

SqlRows PostgresSession::sql(const std::string& text) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(handle(connection_), text.c_str()),
                                                             &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
    throw std::runtime_error(PQerrorMessage(handle(connection_)) + text);
  SqlRows rows(static_cast<std::size_t>(PQntuples(result.get())));
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (int column = 0; column < PQnfields(result.get()); ++column)
      rows[row].emplace_back(PQgetvalue(result.get(), static_cast<int>(row), column));
  return rows;
}

void PostgresSession::copy_in(const std::string& table, std::string_view lines) {
  PGconn* const connection = handle(connection_);
  PQclear(PQexec(connection, ("COPY " + table + " FROM STDIN").c_str()));
  if (PQputCopyData(connection, lines.data(), static_cast<int>(lines.size())) != 1 ||
      PQputCopyEnd(connection, nullptr) != 1)
    throw std::runtime_error(PQerrorMessage(connection));
  bool failed = false;
  while (PGresult* result = PQgetResult(connection)) {
    failed = failed || PQresultStatus(result) != PGRES_COMMAND_OK;
    PQclear(result);
  }
  if (failed) throw std::runtime_error(PQerrorMessage(connection));
}

PostgresCluster::PostgresCluster(Settings settings)
    : bin_(newest_bin(version_)), data_(directory_.path() / "data"), log_(directory_.path() / "log") {
  initialise();
  configure({{"listen_addresses", "'127.0.0.1'"},
             {"unix_socket_directories", "'" + directory_.path().string() + "'"},
             {"wal_level", "logical"},
             {"max_replication_slots", "20"},
             {"max_wal_senders", "20"},
             {"max_connections", "60"},
             {"max_prepared_transactions", "10"},
             {"shared_buffers", "'32MB'"},
             {"fsync", "off"},
             {"timezone", "'UTC'"},
             {"log_timezone", "'UTC'"}});
  configure(settings);
  start();
}

PostgresCluster::~PostgresCluster() {
  sessions_.clear();
  if (server_ <= 0) return;
  ::kill(server_, SIGQUIT);
  wait_for(server_);
}

void PostgresCluster::initialise() {
  if (const passwd* const user = server_user();
      user && ::chown(directory_.path().c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error("cannot give " + directory_.path().string() + " to postgres");
  const int status =
      wait_for(spawn({(bin_ / "initdb").string(), "-D", data_.string(), "-A", "trust", "-U", "postgres", "-E",
                      "UTF8", "--locale=C", "--no-sync", "--no-instructions"},
                     log_, SIGKILL));
  if (status != 0) throw std::runtime_error("initdb failed: " + log());
}

void PostgresCluster::configure(Settings settings) {
  std::ofstream file(data_ / "postgresql.conf", std::ios::app);
  for (const auto& [name, value] : settings) file << name << " = " << value << '\n';
}

void PostgresCluster::start() {
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
  throw std::runtime_error("the PostgreSQL server does not start: " + log());
}

void PostgresCluster::launch() {
  server_ =
      spawn({(bin_ / "postgres").string(), "-D", data_.string(), "-p", std::to_string(port_)}, log_, SIGQUIT);
}

bool PostgresCluster::wait_until_ready() {
  for (int tries = 0; tries < 6000; ++tries) {
    int status = 0;
    if (exited(server_, status)) {
      server_ = -1;
      return false;
    }
    if (PQping(url().c_str()) == PQPING_OK) return true;
    std::this_thread::sleep_for(milliseconds{10});
  }
  throw std::runtime_error("the PostgreSQL server does not answer: " + log());
}

void PostgresCluster::stop() {
  sessions_.clear();
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

void PostgresCluster::kill9() {
  sessions_.clear();
  if (server_ <= 0) return;
  ::kill(server_, SIGSTOP);  // so that it starts no further children
  const std::vector<pid_t> children = children_of(server_);
  for (const pid_t child : children) ::kill(child, SIGKILL);
  ::kill(server_, SIGKILL);
  wait_for(server_);
  server_ = -1;
}

void PostgresCluster::restart() {
  stop();
  start();
}

std::string PostgresCluster::url(const std::string& database) const {
  return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresCluster::log() const { return read_file(log_); }

SqlRows PostgresCluster::sql(const std::string& text, const std::string& database) {
  std::unique_ptr<PostgresSession>& session = sessions_[database];
  if (!session || !session->connected()) session = std::make_unique<PostgresSession>(url(database));
  return session->sql(text);
}

std::string PostgresCluster::value(const std::string& text, const std::string& database) {
  const SqlRows rows = sql(text, database);
  if (rows.empty() || rows[0].empty()) throw std::runtime_error("no row from: " + text);
  return rows[0][0];
}

std::string PostgresCluster::create_database(const std::string& name, const std::string& options) {
  sql("CREATE DATABASE " + name + " " + options);
  return url(name);
}

}  // namespace rowhook::testing
