#include "engine/db/pool.h"

#include <algorithm>

namespace rowhook {

Pool::Pool(Open open, const PoolOptions& options) : open_(std::move(open)), options_(options) {
  options_.size = std::max<std::size_t>(options_.size, 1);
}

Pool::Lease::~Lease() {
  if (connection_) pool_->give_back(std::move(connection_));
}

Pool::Lease Pool::borrow() {
  const auto deadline = std::chrono::steady_clock::now() + options_.wait;
  for (;;) {
    std::vector<Idle> expired;
    Idle idle;
    {
      auto state = state_.lock();
      const auto room = [&] { return !state->idle.empty() || state->lent < options_.size; };
      if (!state.wait_until(deadline, room))
        throw TransientError("connection pool exhausted: all " + std::to_string(options_.size) +
                                 " sessions were busy for " + std::to_string(options_.wait.count()) + " ms",
                             "raise connection_pool_size or lower max_concurrent_tables");
      const auto now = std::chrono::steady_clock::now();
      expired = take_expired(*state, now);
      if (!state->idle.empty()) {
        idle = std::move(state->idle.back());
        state->idle.pop_back();
      }
      ++state->lent;
    }
    expired.clear();  // closed without the lock
    // From here on the place in `lent` is ours: it is given back if nothing can be lent.
    try {
      if (!idle.connection) return Lease(*this, open_());
      if (healthy(idle, std::chrono::steady_clock::now())) return Lease(*this, std::move(idle.connection));
      idle.connection.reset();
    } catch (...) {
      give_back(nullptr);
      throw;
    }
    give_back(nullptr);
  }
}

std::size_t Pool::open_sessions() const {
  return state_.with([](const State& state) { return state.idle.size() + state.lent; });
}

void Pool::expire() {
  const auto now = std::chrono::steady_clock::now();
  const std::vector<Idle> expired = state_.with([&](State& state) { return take_expired(state, now); });
}

std::vector<Pool::Idle> Pool::take_expired(State& state, Instant now) const {
  const auto fresh = std::find_if(state.idle.begin(), state.idle.end(),
                                  [&](const Idle& idle) { return now - idle.since < options_.idle_expiry; });
  std::vector<Idle> expired(std::make_move_iterator(state.idle.begin()), std::make_move_iterator(fresh));
  state.idle.erase(state.idle.begin(), fresh);
  return expired;
}

bool Pool::healthy(const Idle& idle, Instant now) const {
  if (!idle.connection->usable()) return false;
  if (now - idle.since < options_.check_after) return true;
  try {
    idle.connection->query("SELECT 1");
    return true;
  } catch (const Error&) {
    return false;
  }
}

void Pool::give_back(std::unique_ptr<Connection> connection) noexcept {
  if (connection) connection->rollback();
  const bool keep = connection && connection->usable();
  state_.with([&](State& state) {
    --state.lent;
    if (keep) state.idle.push_back({std::move(connection), std::chrono::steady_clock::now()});
  });
  state_.notify();
}

}  // namespace rowhook
