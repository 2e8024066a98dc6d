// The script host process: batches in, results out.
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <list>
#include <unordered_map>

#include "engine/base/errors.h"
#include "scripting/host/deadline.h"
#include "scripting/host/jail.h"
#include "scripting/host/sandbox.h"
#include "scripting/host/sanitized.h"
#include "scripting/host_arguments.h"
#include "scripting/script_engine.h"
#include "scripting/shared_region.h"

namespace rowhook {
namespace {

constexpr std::size_t most_sandboxes = 1024;
constexpr std::size_t most_memory = std::size_t{192} << 20;  // of all sandboxes together
constexpr std::size_t stack_size = std::size_t{256} << 20;   // a gsub that calls itself needs 9 KB per level
constexpr std::size_t address_space = std::size_t{2} << 30;
constexpr int spins = 150;  // looks at the request word before sleeping: about 5 us

std::uint64_t nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Serves one region. Scripts and shapes are kept as the engine sent them; sandboxes are a cache in order of
// last use.
class Host {
 public:
  explicit Host(SharedRegion region) : region_(std::move(region)), jit_(region_.control().jit != 0) {}

  [[noreturn]] void serve() {
    HostControl& control = region_.control();
    control.ready.store(1, std::memory_order_release);
    futex_wake(control.ready);
    for (std::uint32_t answered = 0;;) {
      const std::uint32_t request = wait_for_request(answered);
      batch();
      answered = request;
      control.response.store(request, std::memory_order_seq_cst);
      if (control.engine_waits.load(std::memory_order_seq_cst) != 0) futex_wake(control.response);
    }
  }

 private:
  struct Cached {
    std::uint64_t id;
    std::unique_ptr<Sandbox> sandbox;
    std::size_t memory;
  };

  std::uint32_t wait_for_request(std::uint32_t answered) {
    HostControl& control = region_.control();
    for (int i = 0; i < spins; ++i) {
      const std::uint32_t request = control.request.load(std::memory_order_acquire);
      if (request != answered) return request;
      relax();
    }
    control.host_waits.store(1, std::memory_order_seq_cst);
    std::uint32_t request = control.request.load(std::memory_order_seq_cst);
    for (; request == answered; request = control.request.load(std::memory_order_seq_cst))
      futex_wait(control.request, answered, -1);
    control.host_waits.store(0, std::memory_order_relaxed);
    return request;
  }

  void batch() {
    HostControl& control = region_.control();
    std::string_view rest(region_.request().data(), control.request_bytes);
    state_ = {};
    std::size_t used = 0;
    std::uint64_t finished = 0, clock = nanoseconds();
    bool stopped =
        false;  // no further call; scripts and shapes are taken in all the same, the engine counts on that
    for (Record record{}; next_record(rest, record);) {
      if (record.tag == RecordTag::shape) {
        const ShapePtr shape = unpack_shape(record.body);
        shapes_[shape->id] = std::make_unique<HostShape>(shape);
        continue;
      }
      if (record.tag == RecordTag::script) {
        auto bundle = std::make_shared<ScriptBundle>(read_script(record.body));
        bundles_[bundle->id] = std::move(bundle);
        continue;
      }
      if (record.tag == RecordTag::state) {
        state_ = record.body;
        continue;
      }
      stopped =
          stopped || (control.begun.fetch_add(1, std::memory_order_acq_rel) & HostControl::stop_bit) != 0;
      if (stopped) continue;
      HostResponse response;
      call(read_call(record.body), response);
      const std::uint64_t now = nanoseconds();
      response.nanoseconds = now - clock;
      clock = now;
      stopped = !write_response(region_.response(), used, response, buffer_);
      if (stopped) continue;
      control.finished.store(++finished << 48 | used, std::memory_order_release);
    }
  }

  void call(const CallView& view, HostResponse& response) {
    Cached& cached = sandbox(view.header.script);
    if (view.has(CallHeader::compile_only)) {
      response.status = cached.sandbox->broken() ? ResponseStatus::error : ResponseStatus::compiled;
      if (cached.sandbox->broken()) response.error = &*cached.sandbox->broken();
      return;
    }
    HostShape& known = shape(view.header.shape);
    current_call_ = view;
    cached.sandbox->run(current_call_, known, state_, response);
    memory_ += cached.sandbox->memory() - cached.memory;
    cached.memory = cached.sandbox->memory();
  }

  HostShape& shape(std::uint64_t id) {
    if (last_shape_ && last_shape_id_ == id) return *last_shape_;
    last_shape_ = shapes_.at(id).get();
    last_shape_id_ = id;
    return *last_shape_;
  }

  Cached& sandbox(std::uint64_t id) {
    if (!cache_.empty() && cache_.front().id == id) return cache_.front();
    if (const auto found = places_.find(id); found != places_.end()) {
      cache_.splice(cache_.begin(), cache_, found->second);
      return cache_.front();
    }
    while (!cache_.empty() && (cache_.size() >= most_sandboxes || memory_ > most_memory)) {
      memory_ -= cache_.back().memory;
      places_.erase(cache_.back().id);
      cache_.pop_back();
    }
    auto made = std::make_unique<Sandbox>(bundles_.at(id), jit_);
    const std::size_t memory = made->memory();
    cache_.push_front({id, std::move(made), memory});
    memory_ += memory;
    places_[id] = cache_.begin();
    return cache_.front();
  }

  SharedRegion region_;
  const bool jit_;
  std::unordered_map<std::uint64_t, std::unique_ptr<HostShape>> shapes_;
  std::unordered_map<std::uint64_t, std::shared_ptr<const ScriptBundle>> bundles_;
  std::list<Cached> cache_;  // most recently used first
  std::unordered_map<std::uint64_t, std::list<Cached>::iterator> places_;
  std::size_t memory_ = 0;
  HostShape* last_shape_ = nullptr;
  std::uint64_t last_shape_id_ = 0;
  CallView current_call_;
  std::string_view state_;  // of the calls that follow it in the batch
  std::string buffer_;
};

// Everything that opens files or starts threads the first time it is used is used once before the door
// closes.
void warm_up(bool jit) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  for (const auto* type : {EVP_md5(), EVP_sha1(), EVP_sha256(), EVP_sha512()}) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    EVP_Digest("", 0, bytes, nullptr, type, nullptr);
  }
  auto bundle = std::make_shared<ScriptBundle>();
  bundle->script = make_script(ScriptKind::filter, "warm-up",
                               "hash.hmac_sha256('', '') ~= exact('0.1234567890123456789')");
  Shape shape;
  HostShape host_shape(seal(std::move(shape)));
  HostResponse response;
  Sandbox(bundle, jit).run(CallView{}, host_shape, {}, response);
}

void* run_host(void* argument) {
  const std::unique_ptr<SharedRegion> region(static_cast<SharedRegion*>(argument));
  try {
    const bool jit = region->control().jit != 0;
    if (!Deadline::install()) throw PermanentError("script host: no timer");
    warm_up(jit);
    give_up_system_calls(jit);
    Host(std::move(*region)).serve();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::_Exit(70);
  }
}

[[noreturn]] void host_main() {
  try {
    ::mallopt(M_ARENA_MAX, 1);  // one thread works; a second arena costs address space and system calls
    auto region = std::make_unique<SharedRegion>(SharedRegion::attach(host_descriptor));
    ::prctl(PR_SET_NAME, "rowhook-scripts", 0, 0, 0);
    give_up_privileges(region->control().engine_pid, address_space);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_size);
    pthread_t thread{};
    if (pthread_create(&thread, &attributes, run_host, region.get()) != 0)
      throw PermanentError("script host: no thread");
    region.release();
    pthread_join(thread, nullptr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  std::_Exit(70);
}

}  // namespace

void run_script_host_if_asked(int argc, char** argv) {
  if (argc >= 2 && std::strcmp(argv[1], host_argument) == 0) host_main();
}

}  // namespace rowhook
