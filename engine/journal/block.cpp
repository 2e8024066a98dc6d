#include "engine/journal/block.h"

#include "engine/base/errors.h"

namespace rowhook {
namespace {

constexpr std::size_t length_bytes = 4;

}  // namespace

std::string_view append_to_block(std::string& block, const Event& event) {
  const std::size_t start = block.size();
  block.append(length_bytes, '\0');
  encode_event(event, block);
  const std::size_t length = block.size() - start - length_bytes;
  if (length > UINT32_MAX) throw PermanentError("an event of more than 4 GiB cannot be journaled");
  for (std::size_t i = 0; i < length_bytes; ++i) block[start + i] = static_cast<char>(length >> (8 * i));
  return std::string_view(block).substr(start + length_bytes);
}

std::string_view BlockReader::next() {
  if (rest_.size() < length_bytes) throw PermanentError("a block of the journal is damaged");
  std::size_t length = 0;
  for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | static_cast<unsigned char>(rest_[i]);
  rest_.remove_prefix(length_bytes);
  if (length > rest_.size()) throw PermanentError("a block of the journal is damaged");
  const std::string_view event = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return event;
}

}  // namespace rowhook
