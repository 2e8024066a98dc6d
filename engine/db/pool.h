#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "engine/base/guarded.h"
#include "engine/db/connection.h"

namespace rowhook {

struct PoolOptions {
  std::size_t size = 10;                  // connection_pool_size: sessions open at once, at most
  std::chrono::milliseconds wait{30000};  // how long borrow() waits for one
  std::chrono::milliseconds check_after{
      1000};  // one that was idle longer is asked SELECT 1 before it is lent
  std::chrono::milliseconds idle_expiry{300000};  // one that was idle longer is closed
};

// A bounded set of sessions with one database, opened when they are needed. A session that was lost is
// replaced; an open transaction is rolled back when its session comes back. Thread safety: safe to share; it
// must outlive its leases.
class Pool {
 public:
  using Open = std::function<std::unique_ptr<Connection>()>;
  explicit Pool(Open open, const PoolOptions& options = {});

  // A session on loan; goes back when it is destroyed. Thread safety: none; confined to one thread at a time.
  class Lease {
   public:
    ~Lease();
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    friend class Pool;
    Lease(Pool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // Throws TransientError "connection pool exhausted" when none came back in time, and whatever `open`
  // throws.
  Lease borrow();
  std::size_t open_sessions() const;  // lent or idle
  // Closes sessions idle beyond idle_expiry; borrow() does it in passing, an idle engine calls it now and
  // then.
  void expire();

 private:
  using Instant = std::chrono::steady_clock::time_point;
  struct Idle {
    std::unique_ptr<Connection> connection;
    Instant since;
  };
  struct State {
    std::vector<Idle> idle;  // the most recently used last
    std::size_t lent = 0;
  };
  void give_back(std::unique_ptr<Connection> connection) noexcept;
  std::vector<Idle> take_expired(State& state, Instant now) const;
  bool healthy(const Idle& idle, Instant now) const;

  Open open_;
  PoolOptions options_;
  Guarded<State> state_;
};

}  // namespace rowhook
