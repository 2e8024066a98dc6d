// A private PostgreSQL server for tests.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/app/private_postgres.h"
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

// A private server (engine/app/private_postgres.h) in a temporary directory that goes with it, and sessions with it. One cluster
// serves a whole test program: make a database per test with create_database(). Thread safety: none; confined to one thread
// (the server ends with the thread that started it).
class PostgresCluster {
 public:
  // Names and values for postgresql.conf, e.g. {"wal_sender_timeout", "'5s'"}.
  struct Setting {
    std::string name, value;
  };
  using Settings = std::initializer_list<Setting>;
  explicit PostgresCluster(Settings settings = {});
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  void start() { server_.start(); }
  void stop();     // fast shutdown; immediate when clients hold it up for 10 s
  void kill9();    // the server and all its children at once
  void restart();  // stop() and start()
  // Appends lines to postgresql.conf; in force after restart(), or after sql("SELECT pg_reload_conf()").
  void configure(Settings settings);

  int port() const { return server_.port(); }
  int version() const { return server_.version(); }  // major: 15, 17
  std::string url(const std::string& database = "postgres") const { return server_.url(database); }
  std::filesystem::path data_directory() const { return server_.data_directory(); }
  std::string log() const { return server_.log(); }  // whole

  // Over one kept connection per database. Throws std::runtime_error with the server's message.
  SqlRows sql(const std::string& text, const std::string& database = "postgres");
  std::string value(const std::string& text,
                    const std::string& database = "postgres");  // first column of the first row
  // `options`: what follows CREATE DATABASE name, e.g. "TEMPLATE template0 ENCODING 'SQL_ASCII'". Returns
  // url(name).
  std::string create_database(const std::string& name, const std::string& options = {});

 private:
  TempDir directory_;
  PrivatePostgres server_;
  std::map<std::string, std::unique_ptr<PostgresSession>> sessions_;
};

}  // namespace rowhook::testing
