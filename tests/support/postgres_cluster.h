// A private PostgreSQL server for tests.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temp_dir.h"

namespace rowhook::testing {

// Rows of a result as text; SQL NULL is "".
using SqlRows = std::vector<std::vector<std::string>>;

// One plain connection (libpq), for tests that keep transactions open. Throws std::runtime_error with the
// server's message. Thread safety: none; confined to one thread at a time.
class PostgresSession {
 public:
  explicit PostgresSession(const std::string& url);
  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;
  // One or more statements separated by `;`: rows of the last one.
  SqlRows sql(const std::string& text);
  // COPY `table` FROM STDIN with `lines` in the text format.
  void copy_in(const std::string& table, std::string_view lines);
  int backend_pid() const;
  bool connected() const;

 private:
  void* connection_;  // PGconn
};

// A server of its own in a temporary directory, on a free port of 127.0.0.1, superuser "postgres" without a
// password. Made and started by the constructor (about a second), stopped and removed by the destructor; the
// server also ends when this process dies. Uses the newest /usr/lib/postgresql/*/bin; as root the server runs
// as the user "postgres". One cluster serves a whole test program: make a database per test with
// create_database(). Thread safety: none; confined to one thread (the server ends with the thread that
// started it).
class PostgresCluster {
 public:
  // Names and values for postgresql.conf, e.g. {"wal_sender_timeout", "'5s'"}; they win over the defaults:
  // wal_level=logical, 20 replication slots and senders, fsync=off.
  struct Setting {
    std::string name, value;
  };
  using Settings = std::initializer_list<Setting>;
  explicit PostgresCluster(Settings settings = {});
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  void start();
  void stop();     // fast shutdown; immediate when clients hold it up for 10 s
  void kill9();    // the server and all its children at once
  void restart();  // stop() and start()
  // Appends lines to postgresql.conf; in force after restart(), or after sql("SELECT pg_reload_conf()").
  void configure(Settings settings);

  int port() const { return port_; }
  int version() const { return version_; }  // major: 15, 17
  std::string url(const std::string& database = "postgres") const;
  std::filesystem::path data_directory() const { return data_; }
  std::string log() const;  // the server's log, whole

  // Over one kept connection per database. Throws std::runtime_error with the server's message.
  SqlRows sql(const std::string& text, const std::string& database = "postgres");
  std::string value(const std::string& text,
                    const std::string& database = "postgres");  // first column of the first row
  // `options`: what follows CREATE DATABASE name, e.g. "TEMPLATE template0 ENCODING 'SQL_ASCII'". Returns
  // url(name).
  std::string create_database(const std::string& name, const std::string& options = {});

 private:
  void initialise();
  void launch();
  bool wait_until_ready();

  TempDir directory_;
  int version_ = 0;  // before bin_, which sets it
  std::filesystem::path bin_, data_, log_;
  int port_ = 0;
  pid_t server_ = -1;
  std::map<std::string, std::unique_ptr<PostgresSession>> sessions_;
};

}  // namespace rowhook::testing
