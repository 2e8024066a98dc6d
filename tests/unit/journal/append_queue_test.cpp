#include "engine/journal/append_queue.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/base/errors.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

TEST(AppendQueue, CallersThatComeDuringAWriteAreWrittenTogether) {
  std::atomic<int> writes{0}, arrived{0};
  std::atomic<std::size_t> largest{0};
  std::atomic<bool> hold{true};
  AppendQueue queue([&](std::span<AppendRequest*> requests) {
    ++writes;
    largest = std::max(largest.load(), requests.size());
    while (hold) std::this_thread::yield();
    for (auto* request : requests) request->result.count = requests.size();
  });
  std::vector<std::thread> callers;
  const auto call = [&] {
    AppendRequest request;
    request.forget = true;
    ++arrived;
    queue.submit(request);
    EXPECT_GT(request.result.count, 0U);
  };
  callers.emplace_back(call);
  ASSERT_TRUE(eventually([&] { return writes == 1; }));
  for (int i = 0; i < 7; ++i) callers.emplace_back(call);
  ASSERT_TRUE(eventually([&] { return arrived == 8; }));
  hold = false;
  for (auto& caller : callers) caller.join();
  EXPECT_LE(writes, 8);
  EXPECT_GE(writes, 2);
}

TEST(AppendQueue, EachCallerGetsItsOwnError) {
  AppendQueue queue([&](std::span<AppendRequest*> requests) {
    for (auto* request : requests)
      if (request->check_ids) request->error = std::make_exception_ptr(TransientError("no"));
  });
  AppendRequest good, bad;
  bad.check_ids = true;
  EXPECT_NO_THROW(queue.submit(good));
  EXPECT_THROW(queue.submit(bad), TransientError);
}

}  // namespace
}  // namespace rowhook::testing
