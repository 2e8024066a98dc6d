// What holds for every route: links of listings, OPTIONS, conflicts with what is needed to go on, the audit
// log.
#include <gtest/gtest.h>

#include <regex>

#include "tests/integration/web/api_rig.h"
#include "web/server/dispatch.h"

namespace rowhook::testing {
namespace {

using nlohmann::json;

std::string link(const HttpAnswer& answer, const std::string& relation) {
  std::smatch found;
  const std::string header = answer.header("link");
  return std::regex_search(header, found, std::regex("<([^>]*)>; rel=\"" + relation + "\"")) ? found[1].str()
                                                                                             : "";
}

TEST(Rules, ListingsLinkToWhereTheyGoOn) {
  ApiRig rig;
  for (int i = 0; i < 5; ++i) rig.make_trigger("shop", "ping");
  std::vector<int> ids;
  std::string path = "/api/v1/triggers?limit=2&source=shop&skip=0";
  for (int pages = 0; !path.empty() && pages < 5; ++pages) {
    const HttpAnswer answer = rig.get(path);
    ASSERT_EQ(answer.status, 200) << path << answer.body;
    const json body = answer.json();
    for (const auto& item : body["items"]) ids.push_back(item["id"]);
    path = link(answer, "next");
    if (!path.empty()) {
      EXPECT_EQ(link(answer, "first"), "/api/v1/triggers?limit=2&source=shop");
    }
  }
  EXPECT_EQ(ids, (std::vector<int>{5, 4, 3, 2, 1}));
}

TEST(Rules, OptionsSaysWhatAPathTakes) {
  ApiRig rig;
  const HttpAnswer answer = rig.ask("OPTIONS", "/api/v1/triggers/7", "", "viewer");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
  EXPECT_EQ(rig.ask("OPTIONS", "/api/v1/nothing", "", "viewer").status, 404);
  EXPECT_EQ(rig.ask("OPTIONS", "/api/v1/triggers", "", "").status, 401);
  const HttpAnswer head = rig.ask("HEAD", "/api/v1/triggers", "", "viewer");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), std::to_string(rig.get("/api/v1/triggers").body.size()));
}

TEST(Rules, AConflictShowsWhatIsStoredAndWhatDiffers) {
  ApiRig rig;
  const json made = rig.post("/api/v1/workflows", json::parse(R"({"id":"w","name":"first",
      "nodes":[{"node_id":"in","node_type":"input"}],"connections":[]})"))
                        .json();
  json theirs = made, mine = made;
  theirs["name"] = "theirs";
  mine["description"] = "mine";
  EXPECT_EQ(rig.ask("PUT", "/api/v1/workflows/w", theirs.dump(), "admin", {{"If-Match", "\"1\""}}).status,
            200);
  const HttpAnswer refused =
      rig.ask("PUT", "/api/v1/workflows/w", mine.dump(), "admin", {{"If-Match", "\"1\""}});
  EXPECT_EQ(refused.status, 412);
  EXPECT_EQ(refused.header("etag"), "\"2\"");
  const json problem = refused.json();
  EXPECT_EQ(problem["current"]["name"], "theirs");
  EXPECT_EQ(problem["changes"].size(), 2U) << problem["changes"];
  json merged = problem["current"].patch(problem["changes"]);
  EXPECT_EQ(merged["name"], "first");
  EXPECT_EQ(merged["description"], "mine");
  EXPECT_EQ(
      rig.ask("PUT", "/api/v1/workflows/w", merged.dump(), "admin", {{"If-Match", refused.header("etag")}})
          .status,
      200);
  EXPECT_EQ(rig.ask("PUT", "/api/v1/workflows/w", mine.dump(), "admin").status, 428);
}

TEST(Rules, EveryChangeIsInTheAuditLog) {
  ApiRig rig;
  const std::int64_t trigger = rig.make_trigger("shop", "ping");
  const std::string path = "/api/v1/triggers/" + std::to_string(trigger);
  rig.ask("POST", path + "/deactivate", "", "operator");
  rig.ask("POST", path + "/activate", "", "viewer");  // not allowed: nothing changed
  rig.ask("POST", path + "/test", R"({"event":{"event_type":"ping"}})", "operator");
  rig.post_event({{"event_type", "ping"}});
  rig.ask("DELETE", path, "", "author");
  const json log = rig.get("/api/v1/audit-log").json();
  std::vector<std::string> actions;
  for (const auto& entry : log["items"]) actions.push_back(entry["action"]);
  EXPECT_EQ(actions, (std::vector<std::string>{"triggers.delete", "triggers.deactivate", "triggers.create",
                                               "workflows.create"}));
  const json switched = log["items"][1];
  EXPECT_EQ(switched["who"], "the operator");
  EXPECT_EQ(switched["token_id"], "token-operator");
  EXPECT_EQ(switched["address"], "127.0.0.1");
  EXPECT_EQ(switched["object"], path.substr(7) + "/deactivate");
  EXPECT_EQ(switched["detail"]["revision"], 2);
  EXPECT_EQ(log["items"][2]["object"], path.substr(7)) << "what was made";
  EXPECT_EQ(rig.get("/api/v1/audit-log?object=" + path.substr(7)).json()["total"], 3);
  EXPECT_EQ(rig.get("/api/v1/audit-log?who=the%20author&action=triggers.delete").json()["total"], 1);
  const json page = rig.get("/api/v1/audit-log?limit=3").json();
  EXPECT_EQ(
      rig.get("/api/v1/audit-log?cursor=" + page["next_cursor"].get<std::string>()).json()["items"].size(),
      1U);
  EXPECT_EQ(rig.get("/api/v1/audit-log", "author").status, 403);
  EXPECT_EQ(rig.get("/api/v1/audit-log?cursor=x").status, 400);
}

TEST(Rules, ARepeatedPostIsAnsweredWithTheSameFields) {
  ApiRig rig;
  rig.make_trigger("shop", "order_placed");
  const std::string workflow = R"({"name":"Log it","nodes":[{"node_id":"in","node_type":"input"}]})";
  const auto twice = [&](const std::string& path, const std::string& body) {
    const auto post = [&] { return rig.ask("POST", path, body, "admin", {{"Idempotency-Key", path}}); };
    const HttpAnswer first = post(), second = post();
    EXPECT_EQ(second.status, first.status) << path;
    EXPECT_EQ(second.body, first.body) << path;
    for (const auto* field : {"etag", "location", "content-type"})
      EXPECT_EQ(second.header(field), first.header(field)) << path << " " << field;
    EXPECT_EQ(second.header("idempotency-replayed"), "true") << path;
    return second;
  };
  EXPECT_EQ(twice("/api/v1/workflows", workflow).header("location").rfind("/api/v1/workflows/log-it-", 0),
            0U);
  EXPECT_EQ(twice("/api/v1/triggers",
                  R"({"name":"second","source":"shop","event_type":"x1","workflow_id":"log-it"})")
                .header("location"),
            "/api/v1/triggers/2");
  EXPECT_EQ(twice("/api/v1/triggers/1/deactivate", "").header("etag"), "\"2\"");
}

TEST(Rules, ARepeatedPostIsOneChange) {
  ApiRig rig;
  const std::string body = R"({"name":"a token","role":"viewer"})";
  for (int i = 0; i < 2; ++i) rig.ask("POST", "/api/v1/tokens", body, "admin", {{"Idempotency-Key", "k"}});
  const json log = rig.get("/api/v1/audit-log").json();
  EXPECT_EQ(log["total"], 1);
  EXPECT_EQ(log.dump().find("rowhook_"), std::string::npos) << "no secret in it";
}

TEST(Rules, WideListingsStopCounting) {
  ApiRig rig;
  std::vector<Execution> rows;
  for (std::uint64_t i = 1; i <= 10'050; ++i) {
    Execution row;
    row.id = std::to_string(i) + "-1";
    row.trigger_id = 1;
    row.workflow_id = "w";
    row.seq = i;
    row.source = "shop";
    row.event_type = "ping";
    row.status = i <= 50 ? ExecutionStatus::cancelled : ExecutionStatus::completed;
    row.created_at = row.finished_at = static_cast<Micros>(i);
    rows.push_back(row);
  }
  rig.store().executions().write(rows, 0);
  const json wide = rig.get("/api/v1/executions?limit=1").json();
  EXPECT_EQ(wide["total"], 10'000);
  EXPECT_EQ(wide["total_is_at_least"], true);
  const json narrow = rig.get("/api/v1/executions?status=cancelled").json();
  EXPECT_EQ(narrow["total"], 50);
  EXPECT_FALSE(narrow.contains("total_is_at_least"));
}

}  // namespace
}  // namespace rowhook::testing
