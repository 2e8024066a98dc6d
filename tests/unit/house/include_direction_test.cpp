// The include graph follows the order of the rooms: a room includes only itself and rooms before it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>

namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// The folders of the rooms in the order of the top-level CMakeLists.txt.
std::vector<std::string> rooms() {
  std::vector<std::string> found;
  const std::regex add("^add_subdirectory\\(([a-z/_]+)\\)");
  for (const auto& line : lines_of("CMakeLists.txt")) {
    std::smatch match;
    if (std::regex_search(line, match, add)) found.push_back(match[1]);
  }
  return found;
}

int room_of(const std::string& path, const std::vector<std::string>& order) {
  for (std::size_t i = 0; i < order.size(); ++i)
    if (path.rfind(order[i] + "/", 0) == 0) return static_cast<int>(i);
  return -1;
}

TEST(House, NoIncludePointsBack) {
  const auto order = rooms();
  ASSERT_GE(order.size(), 10U);
  const std::regex include("^#include \"([^\"]+)\"");
  int seen = 0;
  for (const auto& room : order)
    for (const auto& entry : fs::recursive_directory_iterator(room)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      const std::string file = entry.path().generic_string();
      for (const auto& line : lines_of(entry.path())) {
        std::smatch match;
        if (!std::regex_search(line, match, include)) continue;
        ++seen;
        const int to = room_of(match[1], order);
        EXPECT_GE(to, 0) << file << " includes " << match[1] << ": write the path from the top of the project";
        EXPECT_LE(to, room_of(file, order)) << file << " includes " << match[1] << ", which comes after it";
      }
    }
  EXPECT_GT(seen, 50);
}

TEST(House, OnlyTheServerIncludesBeast) {
  std::vector<std::string> users;
  for (const auto& room : rooms())
    for (const auto& entry : fs::recursive_directory_iterator(room))
      if (entry.is_regular_file())
        for (const auto& line : lines_of(entry.path()))
          if (line.find("#include <boost/beast") == 0) {
            users.push_back(entry.path().generic_string());
            break;
          }
  EXPECT_LE(users.size(), 3U) << "one Beast translation unit costs half a minute: keep it in few";
  for (const auto& file : users) EXPECT_EQ(file.rfind("web/server/", 0), 0U) << file;
}

}  // namespace
