// Whatever arrives on the socket: the parser, the checks of the head and the readers of query and posted
// events never crash, read the same in one piece and in many, and keep their limits.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/base/clock.h"
#include "web/server/gate.h"
#include "web/server/http_parser.h"
#include "web/server/posted_events.h"
#include "web/server/query.h"

namespace {

using namespace rowhook;

struct Read {
  ApiRequest request;
  bool done = false, failed = false;
};

Read read(std::string_view bytes, std::size_t step) {
  Read out;
  HttpParser parser({4096, 4096});
  parser.start(out.request);
  std::string pending;
  try {
    for (std::size_t at = 0; at < bytes.size() && !parser.done(); at += step) {
      pending += bytes.substr(at, step);
      for (std::size_t taken = 1; taken > 0 && !pending.empty() && !parser.done();) {
        taken = parser.feed(pending);
        if (taken > pending.size()) std::abort();
        pending.erase(0, taken);
      }
    }
    out.done = parser.done();
  } catch (const HttpError&) {
    out.failed = true;
  }
  if (out.request.body.size() > 4096) std::abort();
  return out;
}

template <typename Call>
void attempt(const Call& call) {
  try {
    call();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Read whole = read(bytes, size + 1);
  const Read pieces = read(bytes, 3);
  if (whole.done && pieces.done &&
      (whole.request.target != pieces.request.target || whole.request.body != pieces.request.body))
    std::abort();
  if (!whole.done) return 0;
  ApiRequest& request = whole.request;
  request.local_address = "127.0.0.1";
  attempt([&] { check_host(request, {"*.example.org"}); });
  attempt([&] { check_origin(request); });
  attempt([&] { (void)bearer_token(request); });
  attempt([&] { (void)Query(request.query(), {}, true).page(); });
  attempt([&] { (void)posted_events(request, system_clock(), [] { return std::uint64_t{1}; }); });
  return 0;
}
