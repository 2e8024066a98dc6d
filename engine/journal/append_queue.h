#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "engine/journal/journal.h"

namespace rowhook {

// One caller's part of a durable transaction. Lives on the caller's stack until submit() returns.
struct AppendRequest {
  const std::string* source = nullptr;
  Batch* batch = nullptr;    // events to append, or
  const Gap* gap = nullptr;  // a gap to record, or
  bool forget = false;       // the position of `source` to drop
  bool check_ids = false;
  Appended result;
  std::exception_ptr error;
};

// Group commit: callers that come while a transaction is being written are written together in the next one,
// by the first of them. One fsync then serves them all; a single caller pays nothing for it. Thread safety:
// safe to share.
class AppendQueue {
 public:
  // Writes all of them in one transaction and fills in result or error. Never throws. One call at a time.
  using Write = std::function<void(std::span<AppendRequest*>)>;
  explicit AppendQueue(Write write) : write_(std::move(write)) {}
  // Returns when the request was written; throws its error.
  void submit(AppendRequest& request);

 private:
  struct Waiting {
    AppendRequest* request = nullptr;
    bool* done = nullptr;
  };
  std::vector<Waiting> take();

  Write write_;
  std::mutex mutex_;
  std::condition_variable written_;
  std::deque<Waiting> waiting_;
  bool writing_ = false;
};

}  // namespace rowhook
