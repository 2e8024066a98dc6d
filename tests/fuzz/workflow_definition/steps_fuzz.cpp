// Stored steps, whoever changed them: they are shown as JSON or refused.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/event/document.h"
#include "workflows/run.h"

using namespace rowhook;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    steps_json({reinterpret_cast<const char*>(data), size}, R"({"b":2})");
  } catch (const PermanentError&) {
  }
  return 0;
}
