// docs/scripting.md tells the truth: every fenced block that says how it ends is run.
//
//   ```lua filter true      ```lua filter false      ```lua filter error: text of the message
//   ```lua transform        the next ```json block is what it returns; or ```lua transform dropped
#include <fstream>

#include "tests/integration/scripting/script_support.h"

namespace rowhook::testing {
namespace {

// The event that the page describes.
EventPtr page_event() {
  return make_event(
      {{"id", ValueKind::number, "9007199254740993"},
       {"status", ValueKind::text, "paid"},
       {"total_amount", ValueKind::number, "149.90"},
       {"note", ValueKind::null, ""},
       {"items", ValueKind::json, R"([{"sku": "A-1", "price": 1.10}, {"sku": "B-2", "price": 2}])"},
       {"updated_at", ValueKind::text, "2025-08-05T10:00:00.123456Z"}},
      {{"id", ValueKind::number, "9007199254740993"},
       {"status", ValueKind::text, "pending"},
       {"total_amount", ValueKind::number, "149.90"},
       {"note", ValueKind::null, ""},
       {"items", ValueKind::json, R"([{"sku": "A-1", "price": 1.10}, {"sku": "B-2", "price": 2}])"},
       {"updated_at", ValueKind::text, "2025-08-04T09:00:00.000000Z"}});
}

struct Block {
  std::string heading, text;
};

std::vector<Block> blocks(const std::string& path) {
  std::ifstream file(path);
  std::vector<Block> found;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      if (!inside) found.push_back({line.substr(3), {}});
      inside = !inside;
    } else if (inside) {
      found.back().text += line + "\n";
    }
  }
  return found;
}

TEST(ScriptingPage, EverySnippetIsTrue) {
  Metrics metrics;
  ScriptEngine engine({}, metrics, [](const std::string& name) -> std::optional<std::string> {
    if (name != "prices") return std::nullopt;
    return "return { with_tax = function(amount) return amount * 1.2 end }";
  });
  const auto all = blocks("docs/scripting.md");
  std::size_t checked = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& heading = all[i].heading;
    if (!heading.starts_with("lua ")) continue;
    ++checked;
    const auto kind = heading.starts_with("lua filter") ? ScriptKind::filter : ScriptKind::transform;
    const std::string ended = outcome(run_one(engine, kind, all[i].text, page_event(), "orders"));
    if (const std::size_t error = heading.find("error: "); error != std::string::npos) {
      EXPECT_THAT(ended, ::testing::HasSubstr(heading.substr(error + 7))) << all[i].text;
    } else if (kind == ScriptKind::filter) {
      EXPECT_EQ("lua filter " + ended.substr(4), heading) << ended << "\n" << all[i].text;
    } else if (heading.ends_with("dropped")) {
      EXPECT_EQ(ended, "ok: dropped") << all[i].text;
    } else {
      ASSERT_LT(i + 1, all.size());
      EXPECT_EQ(all[i + 1].heading, "json");
      EXPECT_EQ(ended + "\n", "ok: " + all[i + 1].text) << all[i].text;
    }
  }
  EXPECT_GE(checked, 15U);
}

}  // namespace
}  // namespace rowhook::testing
