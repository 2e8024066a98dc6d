#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "scripting/script_engine.h"

namespace rowhook {

// The first page of the region. The engine never trusts what it reads from it.
struct HostControl {
  static constexpr std::uint64_t expected_magic = 0x31'54'53'4f'48'57'4f'52;  // "ROWHOST1"
  static constexpr std::uint32_t stop_bit = 0x8000'0000;

  std::uint64_t magic = expected_magic;
  std::uint64_t request_size = 0, response_size = 0;
  std::int32_t engine_pid = 0;
  std::uint32_t jit = 0;            // whether the host may compile: it may map executable memory then
  std::uint64_t request_bytes = 0;  // of the batch that was sent
  std::uint32_t calls = 0;

  alignas(64) std::atomic<std::uint32_t> ready{0};
  alignas(64) std::atomic<std::uint32_t> request{0};  // futex: batches sent
  alignas(64) std::atomic<std::uint32_t> host_waits{0};
  alignas(64) std::atomic<std::uint32_t> response{0};  // futex: batches answered
  alignas(64) std::atomic<std::uint32_t> engine_waits{0};
  // Calls begun. The host adds one before each call and stops when it finds stop_bit, which only the engine
  // sets: that is how the engine takes back what has not begun, and what names the call that hangs or kills
  // its host.
  alignas(64) std::atomic<std::uint32_t> begun{0};
  // Calls finished (upper 16 bits) and the bytes of their responses (lower 48).
  alignas(64) std::atomic<std::uint64_t> finished{0};
};

// The memory that an engine and one host share: a control page, a request area and a response area, in a
// sealed memfd that neither side can shrink under the other. Thread safety: confined to its owner; the
// atomics are for the two sides.
class SharedRegion {
 public:
  // Throws TransientError when the system gives no memory or descriptor.
  static SharedRegion create(std::size_t request_size, std::size_t response_size, bool jit);
  // In the host. Throws PermanentError when `fd` is no such region. Closes `fd`.
  static SharedRegion attach(int fd);
  SharedRegion(SharedRegion&& other) noexcept;
  SharedRegion& operator=(SharedRegion&&) = delete;
  ~SharedRegion();

  HostControl& control() const { return *static_cast<HostControl*>(base_); }
  std::span<char> request() const { return {static_cast<char*>(base_) + page, request_size_}; }
  std::span<char> response() const {
    return {static_cast<char*>(base_) + page + request_size_, response_size_};
  }
  int fd() const { return fd_; }
  // Gives the pages behind the first `keep` bytes of both areas back to the system.
  void trim(std::size_t keep) const;

 private:
  static constexpr std::size_t page = 4096;
  SharedRegion(void* base, std::size_t request_size, std::size_t response_size, int fd)
      : base_(base), request_size_(request_size), response_size_(response_size), fd_(fd) {}

  void* base_;
  std::size_t request_size_, response_size_;
  int fd_;
};

// Waits while *word == value, at most `micros` microseconds (< 0: for ever). May return early.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t value, std::int64_t micros);
void futex_wake(std::atomic<std::uint32_t>& word);

}  // namespace rowhook
