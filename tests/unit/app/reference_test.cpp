#include "engine/app/reference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rowhook {
namespace {

TEST(Reference, PagesAreWhatTheCodeDeclares) {
  const bool write = std::getenv("ROWHOOK_WRITE_REFERENCE") != nullptr;
  std::filesystem::create_directories("docs/reference");
  for (const auto& [name, text] : reference_pages()) {
    const std::string path = "docs/reference/" + name;
    if (write) std::ofstream(path) << text;
    std::ifstream file(path);
    std::ostringstream stored;
    stored << file.rdbuf();
    EXPECT_EQ(stored.str(), text) << path << " is out of date: ROWHOOK_WRITE_REFERENCE=1 build/dev/tests/unit/app/app_unit_test";
  }
}

}  // namespace
}  // namespace rowhook
