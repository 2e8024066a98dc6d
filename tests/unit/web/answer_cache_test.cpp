#include "web/server/answer_cache.h"

#include <gtest/gtest.h>

#include "engine/store/store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace rowhook {
namespace {

class AnswerCacheTest : public ::testing::Test {
 protected:
  AnswerCacheTest() {
    until_change.reuse = Reuse::until_change;
    briefly.reuse = Reuse::briefly;
  }
  std::string ask(const Route& route, const std::string& target, int status = 200) {
    return cache.answer(route, target, [&] { return ApiResponse::json(std::to_string(++made), status); })
        ->response.body;
  }
  void change_something() { store->save_script("s" + std::to_string(made), "return 1", -1, "test"); }

  testing::TempDir dir;
  testing::FakeClock clock;
  std::unique_ptr<Store> store = open_store("sqlite", dir.path().string(), true, clock);
  AnswerCache cache{*store, clock};
  Route until_change{}, briefly{};
  int made = 0;
};

TEST_F(AnswerCacheTest, AnAnswerIsGivenAgainUntilSomethingChanges) {
  EXPECT_EQ(cache.find("/a"), nullptr);
  EXPECT_EQ(ask(until_change, "/a"), "1");
  ASSERT_NE(cache.find("/a"), nullptr);
  EXPECT_EQ(cache.find("/a")->response.body, "1");
  EXPECT_NE(cache.find("/a")->head.find("Content-Length: 1\r\n"), std::string::npos);
  EXPECT_EQ(cache.find("/b"), nullptr);
  change_something();
  cache.changed();
  EXPECT_EQ(cache.find("/a"), nullptr);
  EXPECT_EQ(ask(until_change, "/a"), "2");
}

TEST_F(AnswerCacheTest, AChangeByAnotherProgramShowsWithin100Milliseconds) {
  EXPECT_EQ(ask(until_change, "/a"), "1");
  change_something();
  EXPECT_NE(cache.find("/a"), nullptr);
  clock.advance(std::chrono::milliseconds{100});
  EXPECT_EQ(cache.find("/a"), nullptr) << "somebody has to ask the store";
  EXPECT_EQ(ask(until_change, "/a"), "2");
}

TEST_F(AnswerCacheTest, AskingTheStoreKeepsWhatStillHolds) {
  EXPECT_EQ(ask(until_change, "/a"), "1");
  clock.advance(std::chrono::seconds{10});
  EXPECT_EQ(cache.find("/a"), nullptr);
  EXPECT_EQ(ask(until_change, "/a"), "1");
  EXPECT_NE(cache.find("/a"), nullptr);
}

TEST_F(AnswerCacheTest, AChangeWhileTheAnswerIsMadeSpoilsIt) {
  cache.answer(until_change, "/a", [&] {
    cache.changed();
    return ApiResponse::json(std::string("old"));
  });
  EXPECT_EQ(cache.find("/a"), nullptr);
}

TEST_F(AnswerCacheTest, BriefAnswersHoldForAQuarterOfASecond) {
  EXPECT_EQ(ask(briefly, "/health"), "1");
  clock.advance(std::chrono::milliseconds{200});
  EXPECT_NE(cache.find("/health"), nullptr);
  clock.advance(std::chrono::milliseconds{100});
  EXPECT_EQ(cache.find("/health"), nullptr);
  EXPECT_EQ(ask(briefly, "/health"), "2");
}

TEST_F(AnswerCacheTest, OnlySuccessesAreKept) {
  EXPECT_EQ(ask(until_change, "/a", 404), "1");
  EXPECT_EQ(cache.find("/a"), nullptr);
}

TEST_F(AnswerCacheTest, IsBounded) {
  for (int i = 0; i < 3000; ++i) ask(briefly, "/" + std::to_string(i));
  int kept = 0;
  for (int i = 0; i < 3000; ++i) kept += cache.find("/" + std::to_string(i)) ? 1 : 0;
  EXPECT_LE(kept, 1024);
  EXPECT_GT(kept, 0);
}

}  // namespace
}  // namespace rowhook
