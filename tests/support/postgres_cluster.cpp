#include "tests/support/postgres_cluster.h"

#include <libpq-fe.h>

#include <stdexcept>

namespace rowhook::testing {
namespace {

PGconn* handle(void* connection) { return static_cast<PGconn*>(connection); }

PrivatePostgres::Settings as_list(PostgresCluster::Settings settings) {
  PrivatePostgres::Settings list{{"max_prepared_transactions", "10"}};
  for (const auto& [name, value] : settings) list.emplace_back(name, value);
  return list;
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

PostgresCluster::PostgresCluster(Settings settings) : server_(directory_.path(), as_list(settings)) {}

void PostgresCluster::stop() {
  sessions_.clear();
  server_.stop();
}

void PostgresCluster::kill9() {
  sessions_.clear();
  server_.kill9();
}

void PostgresCluster::restart() {
  stop();
  start();
}

void PostgresCluster::configure(Settings settings) { server_.configure(as_list(settings)); }

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
