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

TEST_P(AccessStoreTest, TheAuditLogIsListedNewestFirstByWhatIsAsked) {
  for (int i = 1; i <= 5; ++i) {
    AuditEntry entry;
    entry.who = i % 2 == 1 ? "ana" : "b\xc3\xb6rn";
    entry.token_id = "token-" + std::to_string(i % 2);
    entry.address = "192.0.2.7";
    entry.action = "triggers.save";
    entry.object = "/triggers/" + std::to_string(i);
    entry.detail = R"({"revision":2})";
    store().add_audit(entry);
    clock_.advance(std::chrono::seconds{1});
  }
  const auto all = store().audit_log({}, {});
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[0].object, "/triggers/5");
  EXPECT_EQ(all[1].who, "b\xc3\xb6rn");
  EXPECT_EQ(all[1].token_id, "token-0");
  EXPECT_EQ(all[1].address, "192.0.2.7");
  EXPECT_EQ(all[0].at - all[4].at, 4'000'000);
  AuditFilter filter;
  filter.who = "ana";
  EXPECT_EQ(store().count_audit_log(filter, 100), 3U);
  EXPECT_EQ(store().count_audit_log(filter, 2), 2U) << "stops counting";
  filter.to = all[0].at;
  EXPECT_EQ(store().audit_log(filter, {}).size(), 2U);
  AuditFilter below;
  below.object = "/triggers";
  EXPECT_EQ(store().count_audit_log(below, 100), 5U);
  below.object = "/trigger";
  EXPECT_EQ(store().count_audit_log(below, 100), 0U);
  ListRange range;
  range.limit = 2;
  range.after = std::to_string(all[1].id);
  const auto next = store().audit_log({}, range);
  ASSERT_EQ(next.size(), 2U);
  EXPECT_EQ(next[0].id, all[2].id);
  clock_.advance(std::chrono::hours{24 * 401});
  store().sweep(0, 100);
  EXPECT_EQ(store().count_audit_log({}, 100), 0U);
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
