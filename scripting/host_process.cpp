#include "scripting/host_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "engine/base/errors.h"
#include "scripting/host/sanitized.h"
#include "scripting/host_arguments.h"

namespace rowhook {
namespace {

constexpr std::size_t request_size = std::size_t{32} << 20;
constexpr std::size_t kept_pages = std::size_t{4} << 20;  // of each area, between batches
constexpr int spins = 150;  // looks at the response word before sleeping: about 5 us

std::size_t response_size(const ScriptLimits& limits) {
  constexpr std::size_t page = 4096, least = std::size_t{8} << 20;
  std::uint64_t largest = limits.output_limit;
  for (const auto& own : limits.own) largest = std::max(largest, own.limits.output_limit);
  return std::max<std::size_t>(least, (2 * largest + (std::size_t{1} << 20)) / page * page);
}

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Starts /proc/self/exe: no environment, no descriptors but `region` as host_descriptor, signals as at birth.
pid_t spawn(int region) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, region, host_descriptor);
  for (const int standard : {0, 1, 2})
    if (!sanitized || standard != 2)
      posix_spawn_file_actions_addopen(&files, standard, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, host_descriptor + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string name = "rowhook-scripts", argument = host_argument;
  char* const arguments[] = {name.data(), argument.data(), nullptr};
  char* const environment[] = {nullptr};
  pid_t pid = -1;
  const int error = posix_spawn(&pid, "/proc/self/exe", &files, &attributes, arguments, environment);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) throw TransientError(std::string("script host cannot be started: ") + std::strerror(error));
  return pid;
}

}  // namespace

HostProcess::HostProcess(const ScriptLimits& limits, bool jit)
    : region_(SharedRegion::create(request_size, response_size(limits), jit)), pid_(spawn(region_.fd())) {}

HostProcess::~HostProcess() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool HostProcess::wait_ready(std::chrono::milliseconds at_most) {
  auto& ready = region_.control().ready;
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (ready.load(std::memory_order_acquire) != 1) {
    if (std::chrono::steady_clock::now() > deadline || !ended().empty()) return false;
    futex_wait(ready, 0, 20'000);
  }
  return true;
}

std::string HostProcess::ended() {
  if (pid_ <= 0) return ended_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return {};
  pid_ = -1;
  ended_ = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                               : "exit status " + std::to_string(WEXITSTATUS(status));
  return ended_;
}

void HostProcess::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

std::span<char> HostProcess::begin_batch() {
  new_scripts_.clear();
  new_shapes_.clear();
  last_state_ = nullptr;
  return region_.request();
}

bool HostProcess::add(RequestWriter& writer, const HostCall& call) {
  const ScriptBundle& bundle = *call.bundle;
  if (bundle.id != last_script_ && !scripts_.contains(bundle.id)) {
    if (!writer.add_script(bundle)) return false;
    scripts_.insert(bundle.id);
    new_scripts_.push_back(bundle.id);
  }
  last_script_ = bundle.id;
  if (!call.event) return writer.add_check(bundle.id);
  const Shape& shape = *call.event->shape;
  if (shape.id != last_shape_ && !shapes_.contains(shape.id)) {
    if (!writer.add_shape(shape)) return false;
    shapes_.insert(shape.id);
    new_shapes_.push_back(shape.id);
  }
  last_shape_ = shape.id;
  if (call.state && call.state != last_state_) {
    if (!writer.add_state(*call.state)) return false;
    last_state_ = call.state;
  }
  return writer.add_call(bundle.id, *call.event, call.item, call.tell_fields);
}

void HostProcess::finish_batch(const RequestWriter& writer, std::size_t sent) {
  sent_ = sent;
  taken_ = 0;
  if (sent == 0) {  // nothing goes out: the child has not learned them
    for (const auto id : new_scripts_) scripts_.erase(id);
    for (const auto id : new_shapes_) shapes_.erase(id);
    last_script_ = last_shape_ = 0;
    return;
  }
  request_peak_ = std::max(request_peak_, writer.size());
  HostControl& control = region_.control();
  control.request_bytes = writer.size();
  control.calls = static_cast<std::uint32_t>(sent);
  control.begun.store(0, std::memory_order_relaxed);
  control.finished.store(0, std::memory_order_relaxed);
  control.request.store(++batch_, std::memory_order_seq_cst);
  if (control.host_waits.load(std::memory_order_seq_cst) != 0) futex_wake(control.request);
}

bool HostProcess::wait(std::chrono::microseconds at_most) {
  HostControl& control = region_.control();
  const auto answered = [&] { return control.response.load(std::memory_order_acquire) == batch_; };
  for (int i = 0; i < spins; ++i) {
    if (answered()) return true;
    relax();
  }
  control.engine_waits.store(1, std::memory_order_seq_cst);
  const std::uint32_t seen = control.response.load(std::memory_order_seq_cst);
  if (seen != batch_) futex_wait(control.response, seen, at_most.count());
  control.engine_waits.store(0, std::memory_order_relaxed);
  return answered();
}

std::size_t HostProcess::begun() const {
  const std::uint32_t begun =
      region_.control().begun.load(std::memory_order_acquire) & ~HostControl::stop_bit;
  return std::min<std::size_t>(begun, sent_);
}

std::size_t HostProcess::finished() const {
  return std::min<std::size_t>(region_.control().finished.load(std::memory_order_acquire) >> 48, sent_);
}

std::size_t HostProcess::stop() {
  const std::uint32_t begun =
      region_.control().begun.fetch_or(HostControl::stop_bit, std::memory_order_acq_rel);
  return std::min<std::size_t>(begun & ~HostControl::stop_bit, sent_);
}

std::string_view HostProcess::new_responses() {
  const std::uint64_t finished = region_.control().finished.load(std::memory_order_acquire);
  const std::span<char> area = region_.response();
  const std::size_t end = std::min<std::size_t>(finished & ((std::uint64_t{1} << 48) - 1), area.size());
  if (end <= taken_) return {};
  responses_.assign(area.data() + taken_, end - taken_);
  taken_ = end;
  if (std::max(taken_, request_peak_) > kept_pages) {
    if (region_.control().response.load(std::memory_order_acquire) == batch_) {
      region_.trim(kept_pages);
      request_peak_ = 0;
    }
  }
  return responses_;
}

std::chrono::nanoseconds HostProcess::processor_time() const {
  clockid_t clock{};
  timespec used{};
  if (pid_ <= 0 || ::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    return std::chrono::nanoseconds{0};
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

}  // namespace rowhook
