#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/db/connection.h"

namespace rowhook {

struct SqlPoolsSettings {
  std::size_t sessions = 4;  // per database, each with a thread; opened when they are needed
};

// The databases that sql nodes may use, by the names of the configuration's connections. Each has sessions
// and threads of its own, so that a slow or unreachable database holds back its own statements only. Thread
// safety: safe to share.
class SqlPools {
 public:
  using Open =
      std::function<std::unique_ptr<Connection>(const std::string& name)>;  // called on the pools' threads
  SqlPools(std::vector<std::string> names, Open open, const SqlPoolsSettings& settings = {});
  // Cancels what runs; what waits ends with a TransientError.
  ~SqlPools();

  const std::vector<std::string>& names() const;

  // Runs `job` with a session of the database `name`, then done(nullptr), or done(the error) when `job`
  // threw, the database could not be reached or `deadline` passed ({}: none), at which the running statement
  // is cancelled. Both run on a thread of the pools; `done` must not block. Throws NotFound when there is no
  // such name.
  using Job = std::function<void(Connection&)>;
  void start(const std::string& name, std::chrono::steady_clock::time_point deadline, Job job,
             std::function<void(std::exception_ptr)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowhook
