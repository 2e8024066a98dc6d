// tests/README.md says which tests hold which case: they exist.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
    found.insert((*at)[1].str() + (at->size() > 2 ? "." + (*at)[2].str() : ""));
  return found;
}

// "Suite.Name" of every test, and the files of the page's tests.
std::set<std::string> all_tests() {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator("tests")) {
    if (entry.path().extension() == ".mjs") names.insert(entry.path().filename().string());
    if (entry.path().extension() == ".cpp")
      names.merge(matches(text_of(entry.path()), R"(\nTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))"));
  }
  return names;
}

TEST(Cases, HaveTheirTests) {
  const std::string page = text_of("tests/README.md");
  const auto tests = all_tests();
  const auto named = matches(page, R"(`([A-Z]\w+\.[A-Z]\w+|\w+\.test\.mjs)`)");
  EXPECT_GE(named.size(), 40U) << "names are not recognised any more";
  for (const auto& name : named) EXPECT_TRUE(tests.contains(name)) << name;
  const auto numbers = matches(page, R"(\n\| (D\d+) \|)");
  EXPECT_GE(numbers.size(), 20U) << "numbers are not recognised any more";
  for (const auto& number : numbers) {
    const auto carries = [&](const std::string& name) {
      return name.find(number + "_") != std::string::npos;
    };
    EXPECT_TRUE(std::any_of(tests.begin(), tests.end(), carries)) << "no test of " << number;
  }
}

}  // namespace
