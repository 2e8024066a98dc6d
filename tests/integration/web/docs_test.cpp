// The commands of docs/http-api.md, run as they stand there, one after another.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/rowhook_process.h"

namespace rowhook::testing {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// What stands between ```sh and ```, block by block.
std::vector<std::string> shell_blocks(const std::string& page) {
  const std::string begin = "\n```sh\n", end = "\n```";
  std::vector<std::string> blocks;
  for (auto at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
    at += begin.size();
    const auto stop = page.find(end, at);
    blocks.push_back(page.substr(at, stop + 1 - at));
    at = stop;
  }
  return blocks;
}

void replace(std::string& text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  ASSERT_NE(at, std::string::npos) << "the page does not say any more: " << what;
  text.replace(at, what.size(), by);
}

// Notes the status of every call. What was just made may be on its way into the log still: 404 is asked
// again.
constexpr const char* noting_curl = R"(
curl() {
  local out code
  for attempt in $(seq 50); do
    out=$(command curl -S --noproxy '*' -w '\n%{http_code}' "$@") || return
    code=${out##*$'\n'}
    [ "$code" = 404 ] || break
    sleep 0.1
  done
  echo "$code $*" | tr '\n' ' ' >> statuses
  echo >> statuses
  printf '%s\n' "${out%$'\n'*}"
}
)";

TEST(HttpApiPage, EveryCommandWorks) {
  TempDir dir;
  RowhookProcess engine(nlohmann::json::object());
  engine.start();
  auto blocks = shell_blocks(text_of("docs/http-api.md"));
  ASSERT_GE(blocks.size(), 8U);
  ASSERT_NE(blocks.front().find("rowhook serve"), std::string::npos);
  std::string script = std::string("set -euo pipefail\ncd '") + dir.path().string() + "'\n" + noting_curl;
  for (std::size_t i = 1; i < blocks.size(); ++i) script += blocks[i];
  replace(script, "http://127.0.0.1:8088", engine.base_url());
  replace(script, "rowhook-data/admin-token", engine.data_dir() + "/admin-token");
  std::ofstream(dir / "page.sh") << script;
  const std::string command = "bash '" + (dir / "page.sh") + "' > '" + (dir / "out") + "' 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << text_of(dir / "out");
  std::istringstream statuses(text_of(dir / "statuses"));
  unsigned calls = 0;
  for (std::string line; std::getline(statuses, line); ++calls)
    EXPECT_EQ(line.front(), '2') << line << "\n" << text_of(dir / "out");
  EXPECT_GE(calls, 20U);
}

}  // namespace
}  // namespace rowhook::testing
