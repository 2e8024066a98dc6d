#include "web/server/idempotency.h"

#include <gtest/gtest.h>

#include "engine/store/store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace rowhook {
namespace {

class IdempotencyTest : public ::testing::Test {
 protected:
  ApiRequest request(std::string body, std::string_view key = "k1", std::string who = "ada") {
    ApiRequest out;
    out.method = HttpMethod::post;
    out.target = "/api/v1/triggers";
    out.body = std::move(body);
    out.principal.id = std::move(who);
    if (key.data() != nullptr) out.headers.add("Idempotency-Key", key);
    return out;
  }
  ApiResponse ask(const ApiRequest& what, int status = 201) {
    return posts.answer(what, route,
                        [&] { return ApiResponse::json("{\"n\":" + std::to_string(++runs) + "}", status); });
  }
  int refusal(const ApiRequest& what) {
    try {
      ask(what);
      return 200;
    } catch (const HttpError& error) {
      return error.status();
    }
  }

  testing::TempDir dir;
  testing::FakeClock clock;
  std::unique_ptr<Store> store = open_store("sqlite", dir.path().string(), true, clock);
  IdempotentPosts posts{*store};
  Route route{};
  int runs = 0;
};

TEST_F(IdempotencyTest, TheSameRequestIsAnsweredOnce) {
  const ApiResponse first = ask(request("{}"));
  const ApiResponse second = ask(request("{}"));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(first.header("Idempotency-Replayed").data(), nullptr);
}

TEST_F(IdempotencyTest, AnotherRequestUnderTheKeyIsRefused) {
  ask(request("{}"));
  EXPECT_EQ(refusal(request("{\"a\":1}")), 422);
  ApiRequest elsewhere = request("{}");
  elsewhere.target = "/api/v1/events";
  EXPECT_EQ(refusal(elsewhere), 422);
  EXPECT_EQ(runs, 1);
}

TEST_F(IdempotencyTest, KeysBelongToTheirToken) {
  ask(request("{}"));
  ask(request("{}", "k1", "bob"));
  ask(request("{}", "k2"));
  ask(request("{}", {}));
  ask(request("{}", {}));
  EXPECT_EQ(runs, 5);
}

TEST_F(IdempotencyTest, FailuresMayBeTriedAgain) {
  EXPECT_EQ(ask(request("{}"), 422).status, 422);
  EXPECT_EQ(ask(request("{\"mended\":true}"), 201).status, 201);
  EXPECT_EQ(runs, 2);
}

TEST_F(IdempotencyTest, TheSecondOfTwoAtOnceIsToldToWait) {
  const ApiResponse outer = posts.answer(request("{}"), route, [&] {
    EXPECT_EQ(refusal(request("{}")), 409);
    return ApiResponse::json(std::string("{}"), 201);
  });
  EXPECT_EQ(outer.status, 201);
  EXPECT_EQ(runs, 0);
}

TEST_F(IdempotencyTest, ASecretIsNeverRemembered) {
  route.secret_answer = true;
  posts.answer(request("{}"), route,
               [] { return ApiResponse::json(std::string(R"({"token":"rowhook_secret"})"), 201); });
  const ApiResponse again = ask(request("{}"));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.body.find("rowhook_secret"), std::string::npos);
  EXPECT_EQ(store->remembered("k1", "ada")->body.find("rowhook_secret"), std::string::npos);
}

TEST_F(IdempotencyTest, KeysAreShortAndPrintable) {
  EXPECT_EQ(refusal(request("{}", "")), 400);
  EXPECT_EQ(refusal(request("{}", std::string(256, 'a'))), 400);
  EXPECT_EQ(refusal(request("{}", "a\tb")), 400);
  EXPECT_EQ(refusal(request("{}", std::string(255, 'a'))), 200);
}

}  // namespace
}  // namespace rowhook
