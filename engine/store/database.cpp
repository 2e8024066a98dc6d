#include "engine/store/database.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "engine/db/postgres_connection.h"
#include "engine/db/sqlite_connection.h"
#include "engine/store/migrator.h"

namespace rowhook {
namespace {

// Triggers hold secrets: the file and, as SQLite gives them the same mode, its WAL are for their owner only.
void make_private_file(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed)
      throw ConfigError("the folder " + folder.string() + " cannot be made: " + failed.message(), {});
  }
  const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);  // what keeps it from being opened is said by SQLite
}

// What the writer of tens of thousands of rows a second needs: fewer, larger checkpoints and room for the
// indexes' pages.
constexpr const char* writer_settings =
    "PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=33554432; PRAGMA cache_size=-16000";

}  // namespace

StoreAddress store_address(const std::string& where, const std::string& data_dir) {
  if (where.empty() || where == "sqlite")
    return {Dialect::sqlite, (std::filesystem::path(data_dir) / "rowhook.db").string()};
  if (where.starts_with("postgresql://") || where.starts_with("postgres://"))
    return {Dialect::postgres, where};
  if (where.size() > 3 && where.ends_with(".db")) return {Dialect::sqlite, where};
  const std::string detail =
      "'" + where.substr(0, 200) +
      "' is no store: write \"sqlite\", a path that ends in .db, or a postgresql:// URL";
  throw ConfigError("store: " + detail, {{"/store", detail}});
}

std::unique_ptr<Connection> open_store_connection(const std::string& where, const std::string& data_dir) {
  const StoreAddress address = store_address(where, data_dir);
  if (address.dialect == Dialect::postgres) return open_postgres(address.target);
  make_private_file(address.target);
  return open_sqlite(address.target);
}

Database::Database(StoreAddress address)
    : address_(std::move(address)), readers_([this] { return open(true); }, {.size = 4}) {}

std::unique_ptr<Connection> Database::open(bool read_only) const {
  if (address_.dialect == Dialect::postgres) return open_postgres(address_.target);
  auto connection = open_sqlite(address_.target, {.read_only = read_only, .create = false});
  if (!read_only) connection->execute_script(writer_settings);
  return connection;
}

}  // namespace rowhook
