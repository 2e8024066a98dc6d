#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>

#include "scripting/protocol.h"
#include "scripting/shared_region.h"

namespace rowhook {

// One call of a batch as a host is given it. The pointers outlive the batch.
struct HostCall {
  const ScriptBundle* bundle = nullptr;
  const Event* event = nullptr;  // null: compile only
  const Item* item = nullptr;
  const std::string* state = nullptr;  // pack_state(); null: the script has none
  bool tell_fields = false;
};

// A script host seen from the engine: a child process and the memory shared with it. Everything read from
// that memory is copied first and checked. Thread safety: confined to one thread at a time. The thread that
// starts it must live as long as the process: the kernel ends the child with the thread that made it.
class HostProcess {
 public:
  // Starts the child; it is not ready yet. Throws TransientError.
  HostProcess(const ScriptLimits& limits, bool jit);
  ~HostProcess();  // kills and reaps
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;

  bool wait_ready(std::chrono::milliseconds at_most);
  // It ended; how, in words ("signal 11", "exit status 70"), "" while it runs.
  std::string ended();
  void kill();
  // Has been given so many scripts or shapes that a fresh one is better.
  bool worn() const { return scripts_.size() + shapes_.size() > 8192; }

  // Sends a batch of the first calls that fit; how many, 0 when the first alone is too large. `next(i)` gives
  // call i.
  template <typename Next>
  std::size_t send(std::size_t calls, Next next) {
    RequestWriter writer(begin_batch());
    std::size_t sent = 0;
    while (sent < calls && sent < batch_calls && writer.size() < batch_bytes && add(writer, next(sent)))
      ++sent;
    finish_batch(writer, sent);
    return sent;
  }

  // Waits for the batch to end, at most so long. True: it ended.
  bool wait(std::chrono::microseconds at_most);
  // Calls begun and finished by now; never more than were sent.
  std::size_t begun() const;
  std::size_t finished() const;
  // No further call of this batch begins; how many have begun.
  std::size_t stop();
  // Copies the responses that have come since the last time. They are consumed with read_response().
  std::string_view new_responses();
  // Processor time the child has used so far.
  std::chrono::nanoseconds processor_time() const;

 private:
  static constexpr std::size_t batch_bytes = 4 << 20;

  std::span<char> begin_batch();
  bool add(RequestWriter& writer, const HostCall& call);
  void finish_batch(const RequestWriter& writer, std::size_t sent);

  SharedRegion region_;
  pid_t pid_ = -1;
  std::string ended_;
  std::uint32_t batch_ = 0;
  std::size_t sent_ = 0, taken_ = 0;  // calls of this batch; bytes of responses taken
  std::size_t request_peak_ = 0;
  std::string responses_;
  std::unordered_set<std::uint64_t> scripts_, shapes_;   // known to the child
  std::vector<std::uint64_t> new_scripts_, new_shapes_;  // of this batch
  std::uint64_t last_script_ = 0, last_shape_ = 0;
  const std::string* last_state_ = nullptr;  // of this batch
};

}  // namespace rowhook
