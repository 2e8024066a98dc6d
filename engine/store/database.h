#pragma once

#include <memory>
#include <string>

#include "engine/base/guarded.h"
#include "engine/db/connection.h"
#include "engine/db/pool.h"

namespace rowhook {

// Where the store's tables are.
struct StoreAddress {
  Dialect dialect = Dialect::sqlite;
  std::string target;  // path or URL
};
// `where` as open_store() takes it. Throws ConfigError.
StoreAddress store_address(const std::string& where, const std::string& data_dir);

// The store's sessions: one that writes, under a lock, and a pool of readers. A lost session is replaced by
// the next call. Thread safety: safe to share.
class Database {
 public:
  explicit Database(StoreAddress address);
  Dialect dialect() const { return address_.dialect; }

  // Runs `work(Connection&)` in a transaction of the writer and commits it; returns its result. When it
  // throws, nothing was written.
  template <typename Work>
  auto write(Work&& work) {
    auto writer = writer_.lock();
    if (!*writer || !(*writer)->usable()) *writer = open(false);
    Transaction transaction(**writer);
    if constexpr (std::is_void_v<decltype(work(**writer))>) {
      work(**writer);
      transaction.commit();
    } else {
      auto result = work(**writer);
      transaction.commit();
      return result;
    }
  }

  // Runs `work(Connection&)` with a reader, every statement for itself.
  template <typename Work>
  auto read(Work&& work) {
    auto reader = readers_.borrow();
    return work(*reader);
  }

 private:
  std::unique_ptr<Connection> open(bool read_only) const;
  StoreAddress address_;
  Guarded<std::unique_ptr<Connection>> writer_;
  Pool readers_;
};

}  // namespace rowhook
