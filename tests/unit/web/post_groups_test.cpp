#include "web/server/post_groups.h"

#include <gtest/gtest.h>

#include <future>

#include "engine/journal/journal.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace rowhook {
namespace {

Event event_of(const std::string& source, const std::string& id) {
  Event event;
  Shape shape;
  shape.source = source;
  shape.method = "api";
  event.shape = seal(std::move(shape));
  event.type = "ping";
  event.id = id;
  event.timestamp = event.captured_at = system_clock().now();
  return event;
}

Post post_of(const std::string& source, const std::string& id, bool check_ids = false) {
  Post post;
  post.check_ids = check_ids;
  post.events.push_back(event_of(source, id));
  return post;
}

class PostGroupsTest : public ::testing::Test {
 protected:
  testing::TempDir dir;
  std::unique_ptr<Journal> journal = open_sqlite_journal(dir / "journal", {}, system_clock());
  PostGroups groups{*journal, [](const std::function<void()>& answers) { answers(); }};

  std::future<std::uint64_t> submit(Post post) {
    auto promise = std::make_shared<std::promise<std::uint64_t>>();
    EXPECT_TRUE(
        groups.submit(std::move(post), [promise](const Post& written, const std::exception_ptr& error) {
          error ? promise->set_exception(error) : promise->set_value(written.events.front().seq);
        }));
    return promise->get_future();
  }
};

TEST_F(PostGroupsTest, EveryPostGetsItsOwnSeqAndIsDurable) {
  std::vector<std::future<std::uint64_t>> answers;
  for (int i = 0; i < 500; ++i)
    answers.push_back(submit(post_of(i % 2 == 0 ? "shop" : "web", "e" + std::to_string(i))));
  std::set<std::uint64_t> seqs;
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t seq = answers[static_cast<std::size_t>(i)].get();
    seqs.insert(seq);
    ASSERT_TRUE(journal->at(seq));
    EXPECT_EQ(journal->at(seq)->id, "e" + std::to_string(i));
    EXPECT_EQ(journal->at(seq)->shape->source, i % 2 == 0 ? "shop" : "web");
  }
  EXPECT_EQ(seqs.size(), 500U);
}

TEST_F(PostGroupsTest, ARedeliveryGetsTheFirstSeq) {
  const std::uint64_t first = submit(post_of("shop", "shop:1", true)).get();
  EXPECT_EQ(submit(post_of("shop", "shop:1", true)).get(), first);
  EXPECT_NE(submit(post_of("shop", "shop:2", true)).get(), first);
  EXPECT_EQ(journal->last_seq(), 2U);
}

TEST_F(PostGroupsTest, StopWritesWhatWaits) {
  std::vector<std::future<std::uint64_t>> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(submit(post_of("shop", std::to_string(i))));
  groups.stop();
  for (auto& answer : answers) EXPECT_GT(answer.get(), 0U);
  EXPECT_FALSE(groups.submit(post_of("shop", "late"), [](const Post&, const std::exception_ptr&) {}));
}

}  // namespace
}  // namespace rowhook
