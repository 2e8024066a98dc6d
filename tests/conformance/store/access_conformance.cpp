#include "tests/conformance/store/store_fixture.h"

namespace rowhook {
namespace {

ROWHOOK_STORE_SUITE(AccessStoreTest);

Token token(const std::string& id, char digit) {
  Token made;
  made.id = id;
  made.name = "Token " + id;
  made.role = "viewer";
  made.hash = std::string(64, digit);
  return made;
}

TEST_P(AccessStoreTest, TokensAreFoundByHashUntilTheyAreRevoked) {
  store().add_token(token("a", '1'));
  store().add_token(token("a", '1'));  // the same again: nothing happens
  store().add_token(token("b", '1'));  // the same hash under another id, too
  EXPECT_EQ(store().tokens().size(), 1U);
  const auto found = store().token_by_hash(std::string(64, '1'));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "a");
  EXPECT_EQ(found->role, "viewer");
  EXPECT_EQ(found->created_at, clock_.now());
  EXPECT_EQ(store().tokens().at(0).last_used_at, clock_.now());
  EXPECT_FALSE(store().token_by_hash(std::string(64, '2')));
  EXPECT_TRUE(store().revoke_token("a"));
  EXPECT_FALSE(store().revoke_token("a"));
  EXPECT_FALSE(store().token_by_hash(std::string(64, '1')));
  EXPECT_EQ(store().tokens().at(0).revoked_at, clock_.now());
  store().add_token(token("a", '1'));
  EXPECT_FALSE(store().token_by_hash(std::string(64, '1')));  // stays revoked
}

TEST_P(AccessStoreTest, WrongTokensAreRefused) {
  Token wrong = token("a", '1');
  wrong.role = "king";
  EXPECT_EQ(problems_of([&] { store().add_token(wrong); }).at(0).pointer, "/role");
  wrong = token("a", '1');
  wrong.hash = "the secret itself";
  EXPECT_EQ(problems_of([&] { store().add_token(wrong); }).at(0).pointer, "/hash");
  store().add_token(token("a", '1'));
  EXPECT_THROW(store().add_token(token("a", '2')), Conflict);
}

TEST_P(AccessStoreTest, AnswersAreRememberedForADay) {
  const RememberedAnswer first{"hash", 201, "application/json", "{\"id\":1}"};
  EXPECT_FALSE(store().remembered("key", "anna"));
  store().remember("key", "anna", first);
  store().remember("key", "anna", {"other", 500, "text/plain", ""});  // the first one holds
  const auto read = store().remembered("key", "anna");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->status, 201);
  EXPECT_EQ(read->request_hash, "hash");
  EXPECT_EQ(read->content_type, "application/json");
  EXPECT_EQ(read->body, first.body);
  EXPECT_FALSE(store().remembered("key", "bob"));
  clock_.advance(std::chrono::hours{25});
  EXPECT_FALSE(store().remembered("key", "anna"));
  store().remember("key", "anna", {"other", 500, "text/plain", ""});
  EXPECT_EQ(store().remembered("key", "anna")->status, 500);
  clock_.advance(std::chrono::hours{25});
  store().sweep(0, 10);
  EXPECT_TRUE(other_program()->query("SELECT * FROM idempotency_keys").empty());
}

}  // namespace
}  // namespace rowhook
