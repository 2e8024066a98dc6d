#include "engine/app/test_project.h"

#include <algorithm>
#include <filesystem>

#include "engine/app/event_file.h"
#include "engine/event/document.h"

namespace rowhook {
namespace {

namespace fs = std::filesystem;

bool is_test_file(const fs::path& path) {
  if (path.extension() != ".lua") return false;
  const std::string name = path.filename().string();
  return name == "test.lua" || name.ends_with("_test.lua") || path.parent_path().filename() == "tests";
}

bool holds_definitions(const fs::path& folder) {
  return fs::is_directory(folder / "scripts") || fs::is_directory(folder / "triggers") ||
         fs::is_directory(folder / "workflows");
}

fs::path project_of(const fs::path& test, const fs::path& top) {
  for (fs::path folder = test.parent_path();; folder = folder.parent_path()) {
    if (holds_definitions(folder)) return folder;
    if (folder == top || !folder.has_relative_path()) return test.parent_path();
  }
}

std::map<std::string, std::string> read_fixtures(const fs::path& folder) {
  std::map<std::string, std::string> fixtures;
  if (!fs::is_directory(folder)) return fixtures;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::string text = read_text_file(entry.path().string());
    try {
      Document::parse(text);
    } catch (const InvalidInput& error) {
      throw InvalidInput(entry.path().string() + ": " + error.what(), {});
    }
    fixtures[entry.path().stem().string()] = std::move(text);
  }
  return fixtures;
}

std::string relative_name(const fs::path& path, const fs::path& top) {
  const std::string name = path.lexically_relative(top).string();
  return name == "." ? "" : name;
}

}  // namespace

std::vector<TestProject> find_test_projects(const std::string& directory) {
  const fs::path top = fs::path(directory).lexically_normal();
  if (!fs::is_directory(top)) throw InvalidInput(directory + ": is not a directory", {});
  std::map<fs::path, std::vector<fs::path>> found;
  for (const auto& entry : fs::recursive_directory_iterator(top))
    if (entry.is_regular_file() && is_test_file(entry.path()))
      found[project_of(entry.path(), top)].push_back(entry.path());
  std::vector<TestProject> projects;
  for (auto& [folder, tests] : found) {
    std::sort(tests.begin(), tests.end());
    TestProject& project = projects.emplace_back();
    project.directory = relative_name(folder, top);
    project.definitions = read_definitions(folder.string());
    project.fixtures = read_fixtures(folder / "fixtures");
    for (const auto& test : tests)
      project.tests.push_back({relative_name(test, top), read_text_file(test.string())});
  }
  return projects;
}

}  // namespace rowhook
