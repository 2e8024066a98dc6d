#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace rowhook {

// A PostgreSQL server of its own, on a free port of 127.0.0.1 without a password, superuser "postgres": for the demo and the
// tests. Uses the newest /usr/lib/postgresql/*/bin; as root the server runs as the user "postgres". The server also ends
// when this process dies. Throws PermanentError with the server's own words.
// Thread safety: none; confined to one thread (the server ends with the thread that started it).
class PrivatePostgres {
 public:
  // Names and values for postgresql.conf, e.g. {"wal_sender_timeout", "'5s'"}; they win over the defaults:
  // wal_level=logical, 20 replication slots and senders, fsync=off.
  using Settings = std::vector<std::pair<std::string, std::string>>;
  // Makes the cluster under `directory`, which must exist and be empty, and starts it (about a second).
  explicit PrivatePostgres(const std::filesystem::path& directory, const Settings& settings = {});
  ~PrivatePostgres();  // stops the server; the files stay
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  void start();
  void stop();   // fast shutdown; immediate when clients hold it up for 10 s
  void kill9();  // the server and all its children at once
  // Appends lines to postgresql.conf; in force after stop() and start().
  void configure(const Settings& settings);

  int port() const { return port_; }
  int version() const { return version_; }  // major: 15, 17
  std::string url(const std::string& database = "postgres") const;
  std::filesystem::path data_directory() const { return data_; }
  std::string log() const;  // the server's log, whole

 private:
  void initialise();
  void launch();
  bool wait_until_ready();

  int version_ = 0;
  std::filesystem::path directory_, bin_, data_, log_;
  int port_ = 0;
  pid_t server_ = -1;
};

}  // namespace rowhook
