#pragma once

#include <memory>
#include <optional>
#include <string>

namespace rowhook {

// `--data-dir`, else $ROWHOOK_DATA_DIR, else ./rowhook-data.
std::string data_directory(const std::string& option);

// Throws TransientError where there is none: for commands that read what an engine has stored.
void require_data_directory(const std::string& directory);

// A data directory held by this process: one engine at a time. Created 0700 where missing. Released on destruction or death.
// Thread safety: none.
class DataDirLock {
 public:
  // Throws TransientError naming the process that holds it.
  explicit DataDirLock(const std::string& directory);
  ~DataDirLock();
  DataDirLock(const DataDirLock&) = delete;
  DataDirLock& operator=(const DataDirLock&) = delete;
  // What other commands need to talk to the running engine.
  void announce(const std::string& base_url, const std::string& config_path);

 private:
  std::string directory_;
  int fd_ = -1;
};

struct RunningEngine {
  int pid = 0;
  std::string base_url;     // "http://127.0.0.1:8088"
  std::string config_path;  // absolute; "" if it runs without a file
};
// The engine that holds `directory` right now; nullopt if none does or it does not serve yet.
std::optional<RunningEngine> running_engine(const std::string& directory);

// DATA_DIR/admin-token without its newline; "" if there is none or it may not be read. $ROWHOOK_ADMIN_TOKEN goes first.
std::string admin_token(const std::string& directory);

}  // namespace rowhook
