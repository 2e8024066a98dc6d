#include "engine/app/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/errors.h"

namespace rowhook {
namespace {

std::string lock_path(const std::string& directory) { return directory + "/engine.lock"; }

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::string data_directory(const std::string& option) {
  if (!option.empty()) return option;
  if (const char* variable = std::getenv("ROWHOOK_DATA_DIR"); variable && *variable) return variable;
  return "./rowhook-data";
}

void require_data_directory(const std::string& directory) {
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return;
  throw TransientError("there is no data directory " + directory + ": no engine has run there",
                       "name the engine's with --data-dir or ROWHOOK_DATA_DIR; "
                       "`rowhook serve --config FILE` makes one");
}

DataDirLock::DataDirLock(const std::string& directory) : directory_(directory) {
  std::error_code error;
  const bool existed = std::filesystem::is_directory(directory, error);
  std::filesystem::create_directories(directory, error);
  if (error)
    throw PermanentError("the data directory " + directory + " cannot be made: " + error.message(),
                         "name another one with --data-dir");
  if (!existed) ::chmod(directory.c_str(), 0700);
  fd_ = ::open(lock_path(directory).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0)
    throw PermanentError("the data directory " + directory + " cannot be written: " + std::strerror(errno),
                         "give this user the right to write there, or name another one with --data-dir");
  // Another command's look at who runs holds the lock for an instant (running_engine): worth a few more tries.
  bool locked = false;
  for (int attempt = 0; attempt < 20 && !locked; ++attempt) {
    if (attempt > 0) ::usleep(5000);
    locked = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
  }
  if (!locked) {
    const auto holder = running_engine(directory);
    ::close(fd_);
    throw TransientError("another engine" + (holder ? " (process " + std::to_string(holder->pid) + ")" : std::string()) +
                             " already uses the data directory " + directory,
                         "stop it, or name another directory with --data-dir");
  }
  if (::ftruncate(fd_, 0) != 0) throw PermanentError("cannot write " + lock_path(directory));
}

DataDirLock::~DataDirLock() {
  if (fd_ >= 0) {
    if (::ftruncate(fd_, 0) != 0) { /* the lock goes with the descriptor; a stale announcement is recognised by it */
    }
    ::close(fd_);
  }
}

void DataDirLock::announce(const std::string& base_url, const std::string& config_path) {
  const std::string text =
      nlohmann::json{{"pid", ::getpid()}, {"base_url", base_url}, {"config", config_path}}.dump() + "\n";
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    throw TransientError("cannot write " + lock_path(directory_));
}

std::optional<RunningEngine> running_engine(const std::string& directory) {
  const int fd = ::open(lock_path(directory).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  const bool free = ::flock(fd, LOCK_SH | LOCK_NB) == 0;
  ::close(fd);
  if (free) return std::nullopt;
  const auto json = nlohmann::json::parse(read_file(lock_path(directory)), nullptr, false);
  if (!json.is_object() || json.value("base_url", "").empty()) return std::nullopt;
  return RunningEngine{json.value("pid", 0), json.value("base_url", ""), json.value("config", "")};
}

std::string admin_token(const std::string& directory) {
  if (const char* variable = std::getenv("ROWHOOK_ADMIN_TOKEN"); variable && *variable) return variable;
  std::string text = read_file(directory + "/admin-token");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace rowhook
