#include "web/server/assets.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rowhook {
namespace {

ApiRequest get(const std::string& target, const std::string& accept_encoding = "") {
  ApiRequest request;
  request.target = target;
  if (!accept_encoding.empty()) request.headers.add("Accept-Encoding", accept_encoding);
  return request;
}

ApiResponse answer(const std::string& target, const std::string& accept_encoding = "") {
  return page_response(get(target, accept_encoding), system_random());
}

// The file that is largest, which every coding makes smaller.
const PageFile& largest() {
  const auto files = page_files();
  return *std::max_element(files.begin(), files.end(),
                           [](const auto& a, const auto& b) { return a.plain.size() < b.plain.size(); });
}

class AssetsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (page_files().empty()) GTEST_SKIP() << "built without the page: " << page_missing_because();
  }
};

TEST_F(AssetsTest, EveryDeepLinkIsThePageWithANonceOfItsOwn) {
  const ApiResponse page = answer("/"), deep = answer("/events/shop%3A1%3A0?table=orders");
  for (const auto& each : {page, deep}) {
    EXPECT_EQ(each.status, 200);
    EXPECT_EQ(each.content_type, "text/html; charset=utf-8");
    EXPECT_EQ(each.body.find("{{nonce}}"), std::string::npos);
    EXPECT_EQ(each.header("Cache-Control"), "no-store");
  }
  EXPECT_NE(page.body, deep.body);
}

TEST_F(AssetsTest, ThePolicyAllowsNoInlineScriptAndNoEval) {
  const ApiResponse page = answer("/");
  const std::string policy(page.header("Content-Security-Policy"));
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("script-src 'self';"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(page.body.find("<script>"), std::string::npos);
  const auto nonce = policy.find("'nonce-");
  ASSERT_NE(nonce, std::string::npos);
  EXPECT_NE(page.body.find(policy.substr(nonce + 7, 32)), std::string::npos);
}

TEST_F(AssetsTest, FilesComeInTheCodingThatIsTaken) {
  const PageFile& file = largest();
  const std::string path(file.path);
  EXPECT_EQ(answer(path).body, file.plain);
  EXPECT_EQ(answer(path).header("Content-Encoding").data(), nullptr);
  EXPECT_EQ(answer(path, "gzip, deflate").header("Content-Encoding"), "gzip");
  EXPECT_EQ(answer(path, "gzip, deflate").body, file.gzip);
  EXPECT_EQ(answer(path, "gzip, br;q=0.9").body, file.brotli);
  EXPECT_EQ(answer(path, "gzip;q=0, br;q=0.0").body, file.plain);
  EXPECT_LT(file.gzip.size(), file.plain.size());
  EXPECT_NE(answer(path, "gzip").header("ETag"), answer(path).header("ETag"));
}

TEST_F(AssetsTest, FilesWithAHashInTheirNameAreKeptForEver) {
  for (const PageFile& file : page_files()) {
    if (file.path == "/index.html") continue;
    const ApiResponse found = answer(std::string(file.path));
    EXPECT_EQ(found.status, 200) << file.path;
    EXPECT_EQ(found.header("X-Content-Type-Options"), "nosniff") << file.path;
    EXPECT_EQ(found.header("Cache-Control"),
              file.path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
  }
}

TEST_F(AssetsTest, AFileThatIsNotThereIsNoDeepLink) {
  EXPECT_THROW(answer("/assets/index-00000000.js"), HttpError);
}

TEST(PageRequest, TheApiIsNotThePage) {
  EXPECT_TRUE(is_page_request(get("/")));
  EXPECT_TRUE(is_page_request(get("/workflows/a/b?x=1")));
  EXPECT_FALSE(is_page_request(get("/api/v1/nothing")));
  EXPECT_FALSE(is_page_request(get("/api")));
  ApiRequest post = get("/");
  post.method = HttpMethod::post;
  EXPECT_FALSE(is_page_request(post));
}

}  // namespace
}  // namespace rowhook
