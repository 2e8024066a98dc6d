#include "tests/support/failing_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <mutex>
#include <vector>

namespace rowhook::testing {
namespace {

// What a write replaced: put back in reverse order, the file is as it was when it was synced last.
struct Undo {
  sqlite3_int64 offset = 0, amount = 0, size_before = 0;
  std::string bytes;
};

struct State {
  std::mutex mutex;
  FailingVfs::Fault fault = FailingVfs::Fault::write;
  int countdown = 0;
  bool persistent = false;
  int failures = 0;
  std::uint64_t writes = 0, syncs = 0;
  bool powered = true;
  std::map<std::string, std::vector<Undo>> unsynced;  // by path
  // Writes that a failed sync dropped: later syncs do not bring them back, only writing them again does.
  std::map<std::string, std::vector<Undo>> doomed;
};
State& state() {
  static State instance;
  return instance;
}

// True when this operation has to fail. Under the lock.
bool strikes(State& now, FailingVfs::Fault fault) {
  if (now.countdown == 0 || fault != now.fault) return false;
  if (now.countdown > 1) return --now.countdown, false;
  if (!now.persistent) now.countdown = 0;
  ++now.failures;
  return true;
}

struct File {
  sqlite3_file base;
  sqlite3_file* real;
  std::string* path;  // null for temporary files
};
File* of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real_of(sqlite3_file* file) { return of(file)->real; }
sqlite3_vfs* system_vfs() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  return vfs;
}

void remember(State& now, const File& file, int amount, sqlite3_int64 offset) {
  if (!file.path) return;
  Undo undo;
  undo.offset = offset;
  undo.amount = amount;
  std::erase_if(now.doomed[*file.path], [&](const Undo& lost) {
    return lost.offset >= offset && lost.offset + lost.amount <= offset + amount;
  });
  file.real->pMethods->xFileSize(file.real, &undo.size_before);
  if (offset < undo.size_before) {
    undo.bytes.resize(static_cast<std::size_t>(std::min<sqlite3_int64>(amount, undo.size_before - offset)));
    file.real->pMethods->xRead(file.real, undo.bytes.data(), static_cast<int>(undo.bytes.size()), offset);
  }
  now.unsynced[*file.path].push_back(std::move(undo));
}

int close_file(sqlite3_file* file) {
  const int result = real_of(file)->pMethods ? real_of(file)->pMethods->xClose(real_of(file)) : SQLITE_OK;
  delete of(file)->path;
  return result;
}
int read_file(sqlite3_file* file, void* data, int amount, sqlite3_int64 offset) {
  return real_of(file)->pMethods->xRead(real_of(file), data, amount, offset);
}
int write_file(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) {
  State& now = state();
  const std::lock_guard hold(now.mutex);
  ++now.writes;
  if (!now.powered) return SQLITE_IOERR_WRITE;
  if (strikes(now, FailingVfs::Fault::write)) return SQLITE_IOERR_WRITE;
  if (strikes(now, FailingVfs::Fault::full)) return SQLITE_FULL;
  remember(now, *of(file), amount, offset);
  return real_of(file)->pMethods->xWrite(real_of(file), data, amount, offset);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  State& now = state();
  const std::lock_guard hold(now.mutex);
  if (!now.powered) return SQLITE_IOERR_TRUNCATE;
  sqlite3_int64 before = 0;
  real_of(file)->pMethods->xFileSize(real_of(file), &before);
  if (size < before) remember(now, *of(file), static_cast<int>(before - size), size);
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}
int sync_file(sqlite3_file* file, int) {
  State& now = state();
  const std::lock_guard hold(now.mutex);
  ++now.syncs;
  if (!now.powered) return SQLITE_IOERR_FSYNC;
  if (strikes(now, FailingVfs::Fault::sync)) {
    if (of(file)->path) {
      auto& lost = now.unsynced[*of(file)->path];
      auto& doomed = now.doomed[*of(file)->path];
      doomed.insert(doomed.end(), lost.begin(), lost.end());
      lost.clear();
    }
    return SQLITE_IOERR_FSYNC;
  }
  if (of(file)->path) now.unsynced.erase(*of(file)->path);
  return SQLITE_OK;  // the machine that runs the tests keeps its power: what a sync means is in `unsynced`
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}
int lock_file(sqlite3_file* file, int lock) { return real_of(file)->pMethods->xLock(real_of(file), lock); }
int unlock_file(sqlite3_file* file, int lock) {
  return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}
int check_lock(sqlite3_file* file, int* held) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), held);
}
int control(sqlite3_file* file, int code, void* argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), code, argument);
}
int sector_size(sqlite3_file* file) { return real_of(file)->pMethods->xSectorSize(real_of(file)); }
int characteristics(sqlite3_file* file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, memory);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }
int shm_unmap(sqlite3_file* file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

const sqlite3_io_methods methods = {2,           close_file,  read_file,       write_file,  truncate_file,
                                    sync_file,   file_size,   lock_file,       unlock_file, check_lock,
                                    control,     sector_size, characteristics, shm_map,     shm_lock,
                                    shm_barrier, shm_unmap,   nullptr,         nullptr};

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  File* opened = of(file);
  opened->real = reinterpret_cast<sqlite3_file*>(opened + 1);
  opened->path = path ? new std::string(path) : nullptr;
  const int result = system_vfs()->xOpen(system_vfs(), path, opened->real, flags, out_flags);
  opened->base.pMethods = opened->real->pMethods ? &methods : nullptr;
  if (!opened->base.pMethods) {
    delete opened->path;
    opened->path = nullptr;
  }
  return result;
}
int delete_file(sqlite3_vfs*, const char* path, int sync) {
  State& now = state();
  const std::lock_guard hold(now.mutex);
  if (!now.powered) return SQLITE_IOERR_DELETE;
  now.unsynced.erase(path);
  now.doomed.erase(path);
  return system_vfs()->xDelete(system_vfs(), path, sync);
}

sqlite3_vfs* failing_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made = *system_vfs();
    made.zName = "rowhook-failing";
    made.szOsFile = static_cast<int>(sizeof(File)) + system_vfs()->szOsFile;
    made.pNext = nullptr;
    made.xOpen = open_file;
    made.xDelete = delete_file;
    return made;
  }();
  return &vfs;
}

}  // namespace

FailingVfs::FailingVfs() {
  heal();
  state().unsynced.clear();
  state().doomed.clear();
  state().failures = 0;
  state().powered = true;
  sqlite3_vfs_register(failing_vfs(), 0);
}
FailingVfs::~FailingVfs() { sqlite3_vfs_unregister(failing_vfs()); }
const char* FailingVfs::name() const { return failing_vfs()->zName; }

void FailingVfs::fail(Fault fault, int nth, bool persistent) {
  const std::lock_guard hold(state().mutex);
  state().fault = fault;
  state().countdown = nth;
  state().persistent = persistent;
}

void FailingVfs::heal() {
  const std::lock_guard hold(state().mutex);
  state().countdown = 0;
}

int FailingVfs::failures() const {
  const std::lock_guard hold(state().mutex);
  return state().failures;
}

std::uint64_t FailingVfs::operations(Fault fault) const {
  const std::lock_guard hold(state().mutex);
  return fault == Fault::sync ? state().syncs : state().writes;
}

void FailingVfs::cut_power() {
  const std::lock_guard hold(state().mutex);
  state().powered = false;
}

void FailingVfs::restore_power() {
  const std::lock_guard hold(state().mutex);
  const auto put = [](int fd, const std::string& bytes, sqlite3_int64 offset) {
    if (::pwrite(fd, bytes.data(), bytes.size(), offset) < 0) std::abort();
  };
  const auto each = [](const auto& files, const auto& action) {
    for (const auto& [path, undos] : files) {
      const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
      if (fd < 0) continue;
      for (auto undo = undos.rbegin(); undo != undos.rend(); ++undo) action(fd, *undo);
      ::close(fd);
    }
  };
  each(state().unsynced, [&](int fd, const Undo& undo) {
    put(fd, undo.bytes, undo.offset);
    if (::ftruncate(fd, undo.size_before) != 0) std::abort();
  });
  each(state().doomed, [&](int fd, const Undo& undo) {
    if (::lseek(fd, 0, SEEK_END) < undo.offset + undo.amount) return;
    std::string before = undo.bytes;
    before.resize(static_cast<std::size_t>(undo.amount));  // where nothing was, the disk has zeros
    put(fd, before, undo.offset);
  });
  state().unsynced.clear();
  state().doomed.clear();
  state().powered = true;
}

}  // namespace rowhook::testing
