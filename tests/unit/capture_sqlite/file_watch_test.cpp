#include "engine/capture/change_table/sqlite_file_watch.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "tests/support/temp_dir.h"

namespace rowhook {
namespace {

using Wake = SqliteFileWatch::Wake;
using std::chrono::hours;
using std::chrono::milliseconds;

TEST(SqliteFileWatch, WakesOnTheFileAndItsCompanionsOnly) {
  const testing::TempDir directory;
  const std::string path = directory / "shop.db";
  SqliteFileWatch watch;
  watch.watch(path);
  std::ofstream(directory / "other.db") << "x";
  std::ofstream(directory / "shop.db-shm") << "x";
  EXPECT_EQ(watch.wait(milliseconds{1}), Wake::time);
  for (const char* suffix : {"", "-wal", "-journal"}) {
    std::ofstream(path + suffix) << "x";
    EXPECT_EQ(watch.wait(hours{1}), Wake::written) << suffix;
    EXPECT_EQ(watch.wait(milliseconds{0}), Wake::time) << "once";
  }
}

TEST(SqliteFileWatch, FollowsALinkToTheRealFile) {
  const testing::TempDir directory;
  std::filesystem::create_directory(directory / "real");
  std::ofstream(directory / "real/shop.db").flush();
  std::filesystem::create_symlink(directory / "real/shop.db", directory / "link.db");
  SqliteFileWatch watch;
  watch.watch(directory / "link.db");
  std::ofstream(directory / "real/shop.db-wal") << "x";
  EXPECT_EQ(watch.wait(hours{1}), Wake::written);
}

TEST(SqliteFileWatch, AnInterruptEndsTheWaitOnce) {
  const testing::TempDir directory;
  SqliteFileWatch watch;
  watch.watch(directory / "shop.db");
  std::thread other([&] { watch.interrupt(); });
  EXPECT_EQ(watch.wait(hours{1}), Wake::interrupted);
  other.join();
  EXPECT_EQ(watch.wait(milliseconds{1}), Wake::time);
}

}  // namespace
}  // namespace rowhook
