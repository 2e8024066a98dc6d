#include "scripting/shared_region.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>

#include "engine/base/errors.h"

namespace rowhook {

static_assert(sizeof(HostControl) <= 4096);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

SharedRegion SharedRegion::create(std::size_t request_size, std::size_t response_size, bool jit) {
  const int fd = ::memfd_create("rowhook-script-host", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0)
    throw TransientError(std::string("no shared memory for a script host: ") + std::strerror(errno));
  const std::size_t size = page + request_size + response_size;
  void* base = MAP_FAILED;
  // Sealed against shrinking: a host that truncated it would turn the engine's next read into a SIGBUS.
  if (::ftruncate(fd, static_cast<off_t>(size)) == 0 &&
      ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
    base = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) {
    const int error = errno;
    ::close(fd);
    throw TransientError(std::string("no shared memory for a script host: ") + std::strerror(error));
  }
  auto* control = new (base) HostControl;
  control->request_size = request_size;
  control->response_size = response_size;
  control->engine_pid = ::getpid();
  control->jit = jit ? 1 : 0;
  return {base, request_size, response_size, fd};
}

SharedRegion SharedRegion::attach(int fd) {
  struct stat file {};
  if (::fstat(fd, &file) != 0 || file.st_size <= static_cast<off_t>(page))
    throw PermanentError("this is started by rowhook only: descriptor 3 is no script host region");
  const auto size = static_cast<std::size_t>(file.st_size);
  void* base = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) throw PermanentError("the script host region cannot be mapped");
  const auto* control = static_cast<const HostControl*>(base);
  if (control->magic != HostControl::expected_magic ||
      page + control->request_size + control->response_size != size) {
    ::munmap(base, size);
    throw PermanentError("descriptor 3 is no script host region of this version");
  }
  ::close(fd);
  return {base, control->request_size, control->response_size, -1};
}

SharedRegion::SharedRegion(SharedRegion&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)),
      request_size_(other.request_size_),
      response_size_(other.response_size_),
      fd_(std::exchange(other.fd_, -1)) {}

SharedRegion::~SharedRegion() {
  if (base_) ::munmap(base_, page + request_size_ + response_size_);
  if (fd_ >= 0) ::close(fd_);
}

void SharedRegion::trim(std::size_t keep) const {
  const auto punch = [&](std::size_t offset, std::size_t size) {
    if (size > keep)
      ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset + keep),
                  static_cast<off_t>(size - keep));
  };
  punch(page, request_size_);
  punch(page + request_size_, response_size_);
}

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t value, std::int64_t micros) {
  const timespec timeout{static_cast<time_t>(micros / 1'000'000),
                         static_cast<long>(micros % 1'000'000 * 1000)};
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT, value,
            micros < 0 ? nullptr : &timeout, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

}  // namespace rowhook
