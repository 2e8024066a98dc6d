#include "engine/app/own_directory.h"

#include <cstdlib>

#include "engine/base/errors.h"

namespace rowhook {

namespace fs = std::filesystem;

OwnDirectory::OwnDirectory(const std::string& purpose) {
  std::string name = (fs::temp_directory_path() / ("rowhook-" + purpose + "-XXXXXX")).string();
  if (!::mkdtemp(name.data()))
    throw PermanentError("no directory can be made under " + fs::temp_directory_path().string());
  path_ = name;
}

OwnDirectory::~OwnDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace rowhook
