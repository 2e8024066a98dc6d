#include "engine/capture/change_table/sqlite_file_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

// Others may write to these without our kernel seeing it.
bool is_network(const std::string& directory) {
  constexpr std::array<std::uint32_t, 6> magics{0x6969,     0x517b,    0xfe534d42, 0xff534d42,
                                                0x65735546, 0x01021997};  // NFS, SMB, CIFS, FUSE, 9P
  struct statfs status {};
  if (::statfs(directory.c_str(), &status) != 0) return true;
  return std::find(magics.begin(), magics.end(), static_cast<std::uint32_t>(status.f_type)) != magics.end();
}

}  // namespace

SqliteFileWatch::SqliteFileWatch() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_ < 0)
    throw TransientError(std::string("cannot create an event descriptor: ") + std::strerror(errno));
}

void SqliteFileWatch::watch(const std::string& path) {
  const auto real =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path));  // -wal lies beside the real file
  name_ = real.filename().string();
  if (notify_ >= 0) ::close(notify_);
  notify_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);  // without it we only look now and then
  const std::string directory = real.parent_path().string();
  constexpr std::uint32_t events = IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM;
  local_ =
      notify_ >= 0 && ::inotify_add_watch(notify_, directory.c_str(), events) >= 0 && !is_network(directory);
}

SqliteFileWatch::~SqliteFileWatch() {
  if (notify_ >= 0) ::close(notify_);
  if (wake_ >= 0) ::close(wake_);
}

SqliteFileWatch::Wake SqliteFileWatch::wait(std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    std::array<pollfd, 2> descriptors{{{wake_, POLLIN, 0}, {notify_, POLLIN, 0}}};
    ::poll(descriptors.data(), descriptors.size(), static_cast<int>(std::max<std::int64_t>(0, left.count())));
    std::uint64_t count = 0;
    if (::read(wake_, &count, sizeof count) == sizeof count) return Wake::interrupted;
    if (drain_events()) return Wake::written;
    if (std::chrono::steady_clock::now() >= deadline) return Wake::time;
  }
}

// True when one of the events concerned our file; its directory may hold much else.
bool SqliteFileWatch::drain_events() {
  bool ours = false;
  alignas(inotify_event) std::array<char, 4096> buffer{};
  while (notify_ >= 0) {
    const ssize_t size = ::read(notify_, buffer.data(), buffer.size());
    if (size <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string_view name = event.len > 0 ? buffer.data() + at + sizeof event : "";
      at += sizeof event + event.len;
      ours = ours || (event.mask & IN_Q_OVERFLOW) != 0 || name == name_ ||
             (name.starts_with(name_) && (name.ends_with("-wal") || name.ends_with("-journal")));
    }
  }
  return ours;
}

void SqliteFileWatch::interrupt() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

}  // namespace rowhook
