#pragma once

#include <filesystem>
#include <string>

namespace rowhook {

// A directory in the system's place for temporary files that goes, with everything in it, at the end. Only
// this user may look into it. Thread safety: none.
class OwnDirectory {
 public:
  // `purpose` is part of its name. Throws PermanentError.
  explicit OwnDirectory(const std::string& purpose);
  ~OwnDirectory();
  OwnDirectory(const OwnDirectory&) = delete;
  OwnDirectory& operator=(const OwnDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace rowhook
