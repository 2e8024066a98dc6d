// How events lie in a row of a segment: a run of consecutive events, each as four bytes of length
// (little-endian) and encode_event's bytes. One row per event costs three times as much to write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/event.h"

namespace rowhook {

// A block is closed when it holds this many events or bytes, whatever comes first; one larger event is a
// block of its own.
inline constexpr std::size_t max_block_events = 256;
inline constexpr std::size_t max_block_bytes = 32 * 1024;

// Appends one event to `block` and returns its encoded bytes (valid until the next change of `block`).
std::string_view append_to_block(std::string& block, const Event& event);

// Walks a block. Throws PermanentError when the bytes are damaged. Thread safety: none.
class BlockReader {
 public:
  explicit BlockReader(std::string_view block) : rest_(block) {}
  bool done() const { return rest_.empty(); }
  std::string_view next();

 private:
  std::string_view rest_;
};

}  // namespace rowhook
