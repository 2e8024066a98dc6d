// What the documents point at exists.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Documents, RelativeLinksLeadToFiles) {
  std::vector<fs::path> pages{"README.md"};
  for (const auto& entry : fs::recursive_directory_iterator("docs"))
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  const std::regex link("\\]\\(([^)#:]+)(#[^)]*)?\\)");
  for (const auto& page : pages) {
    const std::string text = text_of(page);
    for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at)
      EXPECT_TRUE(fs::exists(page.parent_path() / (*at)[1].str())) << page << " links to " << (*at)[1];
  }
}

TEST(Documents, RecipesShowTheFilesTheyLinkTo) {
  const fs::path page = "docs/recipes.md";
  const std::string text = text_of(page);
  const std::regex shown("\\n\\[[^\\]]+\\]\\(([^)]+)\\)\\n```[a-z]+\\n");
  std::size_t blocks = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), shown), end; at != end; ++at, ++blocks) {
    const auto from = static_cast<std::size_t>(at->position() + at->length());
    EXPECT_EQ(text.substr(from, text.find("```\n", from) - from),
              text_of(page.parent_path() / (*at)[1].str()))
        << (*at)[1];
  }
  EXPECT_GE(blocks, 20U);
}

TEST(Documents, EveryRecipeIsOnItsPage) {
  const std::string text = text_of("docs/recipes.md");
  for (const auto& entry : fs::directory_iterator("examples/recipes")) {
    if (!entry.is_directory()) continue;
    EXPECT_NE(text.find("../examples/recipes/" + entry.path().filename().string() + "/test.lua"),
              std::string::npos)
        << entry.path();
  }
}

}  // namespace
