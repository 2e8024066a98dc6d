// Bytes of a journal file that went bad: events, rows, blocks and shapes are decoded or refused, never more.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"
#include "engine/journal/block.h"

namespace {

using namespace rowhook;

ShapePtr shape() {
  static const ShapePtr made = [] {
    Shape shape;
    shape.source = "fuzz";
    shape.columns = {{"id", "int", true}, {"a", "text", true}, {"b", "text", false}};
    return seal(std::move(shape));
  }();
  return made;
}

void decode(std::string_view bytes) {
  const Event event = decode_event(bytes, 1, [](std::uint64_t) { return shape(); });
  const EventHead head = read_event_head(bytes);
  if (head.id != event.id || head.key != event.key || head.timestamp != event.timestamp) std::abort();
  std::string again;
  encode_event(event, again);
  const Event back = decode_event(again, 1, [](std::uint64_t) { return shape(); });
  if (back.id != event.id || back.new_row != event.new_row || back.timestamp != event.timestamp) std::abort();
  event_json(event);
  record_key(*shape(), event.new_row);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    decode(bytes);
  } catch (const rowhook::PermanentError&) {
  }
  try {
    for (rowhook::BlockReader block(bytes); !block.done();) decode(block.next());
  } catch (const rowhook::PermanentError&) {
  }
  try {
    rowhook::unpack_shape(bytes);
  } catch (const rowhook::PermanentError&) {
  }
  return 0;
}
