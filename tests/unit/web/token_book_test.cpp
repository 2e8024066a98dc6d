#include "web/server/token_book.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "engine/base/errors.h"
#include "engine/store/store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace rowhook {
namespace {

class TokenBookTest : public ::testing::Test {
 protected:
  std::string file() const {
    std::ifstream in(dir / "admin-token");
    std::string line;
    std::getline(in, line);
    return line;
  }
  Role role_of(std::string_view secret) {
    auto answer = book.find(secret);
    if (answer.stale) {
      book.renew();
      answer = book.find(secret);
    }
    EXPECT_FALSE(answer.stale);
    return answer.principal ? answer.principal->role : Role::nobody;
  }
  std::optional<std::string> ensure(std::string_view environment = "") {
    return ensure_admin_token(*store, dir.path().string(), environment, clock, random);
  }

  testing::TempDir dir;
  testing::FakeClock clock;
  Random random = system_random();
  std::unique_ptr<Store> store = open_store("sqlite", dir.path().string(), true, clock);
  TokenBook book{*store, clock};
};

TEST_F(TokenBookTest, TheFirstStartMakesAnAdminTokenAndStoresItsHashOnly) {
  const auto secret = ensure();
  ASSERT_TRUE(secret);
  EXPECT_TRUE(secret->starts_with("rowhook_"));
  EXPECT_EQ(secret->size(), 8U + 43U);
  EXPECT_EQ(file(), *secret);
  struct stat info {};
  ASSERT_EQ(::stat((dir / "admin-token").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(role_of(*secret), Role::admin);
  for (const auto& token : store->tokens()) EXPECT_EQ(token.hash, token_hash(*secret));
  EXPECT_FALSE(ensure()) << "the second start makes none";
  EXPECT_EQ(file(), *secret);
}

TEST_F(TokenBookTest, TheEnvironmentSetsTheAdminToken) {
  EXPECT_FALSE(ensure("0123456789abcdef"));
  EXPECT_EQ(role_of("0123456789abcdef"), Role::admin);
  EXPECT_EQ(file(), "");
  ensure("another-0123456789");
  book.forget();
  EXPECT_EQ(role_of("another-0123456789"), Role::admin);
  EXPECT_EQ(role_of("0123456789abcdef"), Role::nobody) << "its former value is worth nothing";
  EXPECT_THROW(ensure("short"), ConfigError);
  EXPECT_THROW(ensure("0123456789 abcdef"), ConfigError);
}

TEST_F(TokenBookTest, SecretsAreNotGuessable) {
  EXPECT_NE(new_token_secret(random), new_token_secret(random));
  EXPECT_EQ(token_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(TokenBookTest, IsAskedAgainWhenItsCopyIsOld) {
  EXPECT_TRUE(book.find("x").stale);
  book.renew();
  EXPECT_FALSE(book.find("x").stale);
  clock.advance(std::chrono::milliseconds{200});
  EXPECT_TRUE(book.find("x").stale) << "a token it does not know may be new";
  store->add_token({"1", "ada", "viewer", token_hash("x"), clock.now(), std::nullopt, std::nullopt});
  book.renew();
  EXPECT_EQ(role_of("x"), Role::viewer);
  clock.advance(std::chrono::milliseconds{900});
  EXPECT_FALSE(book.find("x").stale);
  clock.advance(std::chrono::milliseconds{200});
  EXPECT_TRUE(book.find("x").stale);
}

TEST_F(TokenBookTest, ARevokedTokenIsUselessAtOnce) {
  store->add_token({"1", "ada", "author", token_hash("x"), clock.now(), std::nullopt, std::nullopt});
  EXPECT_EQ(role_of("x"), Role::author);
  ASSERT_TRUE(store->revoke_token("1"));
  book.forget();
  EXPECT_EQ(role_of("x"), Role::nobody);
}

TEST_F(TokenBookTest, NotesTheUseOfATokenWithTheNextRenewal) {
  store->add_token({"1", "ada", "author", token_hash("x"), clock.now(), std::nullopt, std::nullopt});
  book.renew();
  EXPECT_FALSE(store->tokens().front().last_used_at);
  EXPECT_EQ(role_of("x"), Role::author);
  book.renew();
  EXPECT_EQ(store->tokens().front().last_used_at, clock.now());
}

}  // namespace
}  // namespace rowhook
