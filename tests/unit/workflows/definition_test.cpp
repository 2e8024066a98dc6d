#include "workflows/definition.h"

#include <gmock/gmock.h>

#include "tests/support/workflow_runs.h"

using namespace rowhook;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

std::vector<Problem> problems_of(const std::string& json) {
  std::vector<Problem> problems;
  definition_from_json(parse_json(json), problems);
  return problems;
}

auto problem(const std::string& pointer, const std::string& detail) {
  return AllOf(::testing::Field(&Problem::pointer, pointer),
               ::testing::Field(&Problem::detail, HasSubstr(detail)));
}

// The workflow of CONTRACT.md, as somebody would write it.
constexpr auto written = R"({
  "id": "order-confirmation", "name": "Order confirmation", "tags": ["shop"],
  "nodes": [
    {"node_id": "in", "node_type": "input", "position": {"x": 0, "y": 12.5}},
    {"node_id": "check", "node_type": "filter", "name": "paid?", "config": {"where": "status = 'paid'"}}
  ],
  "connections": [{"from_node_id": "in", "to_node_id": "check"}],
  "settings": {"timeout": "5m", "retry": {"max_retries": 3}}
})";

TEST(Definition, ReadsWhatItsUserWroteWithDefaults) {
  const Definition definition = rowhook::testing::definition(written);
  EXPECT_EQ(definition.id, "order-confirmation");
  EXPECT_TRUE(definition.is_active);
  EXPECT_THAT(definition.tags, ElementsAre("shop"));
  ASSERT_EQ(definition.nodes.size(), 2U);
  EXPECT_EQ(definition.nodes[1].config["where"], "status = 'paid'");
  ASSERT_EQ(definition.connections.size(), 1U);
  EXPECT_EQ(definition.connections[0].from_port, "output");
  EXPECT_EQ(definition.connections[0].to_port, "input");
  EXPECT_EQ(definition.settings["retry"]["max_retries"], 3);
}

TEST(Definition, ItsJsonReadsAgainAsTheSame) {
  const Definition definition = rowhook::testing::definition(written);
  const auto json = to_json(definition);
  std::vector<Problem> problems;
  EXPECT_EQ(to_json(definition_from_json(json, problems)), json);
  EXPECT_THAT(problems, IsEmpty());
}

TEST(Definition, WhatTheEngineAddsIsIgnoredWhenItComesBack) {
  auto json = parse_json(written);
  json["revision"] = 7;
  json["created_at"] = "2025-08-05T10:00:00Z";
  std::vector<Problem> problems;
  EXPECT_EQ(definition_from_json(json, problems).revision, 0);
  EXPECT_THAT(problems, IsEmpty());
}

TEST(Definition, InputNodesAreThoseWithoutAnIncomingConnectionInTheOrderOfNodes) {
  const Definition definition = rowhook::testing::definition(R"({"name": "n", "nodes": [
    {"node_id": "b", "node_type": "input"}, {"node_id": "x", "node_type": "log"}, {"node_id": "a", "node_type": "input"}],
    "connections": [{"from_node_id": "a", "to_node_id": "x"}]})");
  EXPECT_THAT(definition.input_nodes(), ElementsAre("b", "a"));
  EXPECT_EQ(definition.node("x")->node_type, "log");
  EXPECT_EQ(definition.node("y"), nullptr);
}

TEST(Definition, FaultsNameTheirPlace) {
  EXPECT_THAT(problems_of(R"({"name": "n", "nodes": [{"node_id": "a b", "node_type": "log"}]})"),
              ElementsAre(problem("/nodes/0/node_id", "letters, digits, '_' and '-'")));
  EXPECT_THAT(problems_of(R"({"name": "n", "nodes": [{"node_id": "a", "nodetype": "log"}]})"),
              AllOf(Contains(problem("/nodes/0/nodetype", "did you mean 'node_type'?")),
                    Contains(problem("/nodes/0/node_type", "is missing"))));
  EXPECT_THAT(problems_of(R"({"name": "n", "nodes": []})"), ElementsAre(problem("/nodes", "length is 0")));
  EXPECT_THAT(problems_of(R"({"nodes": [{"node_id": "a", "node_type": "log", "config": []}]})"),
              AllOf(Contains(problem("/nodes/0/config", "expected an object")),
                    Contains(problem("/name", "missing"))));
  EXPECT_THAT(problems_of(R"({"name": "n", "nodes": [{"node_id": "a", "node_type": "log"}],
                              "settings": {"timeout": "5", "retry": {"max_retires": 1}}})"),
              AllOf(Contains(problem("/settings/timeout", "5m")),
                    Contains(problem("/settings/retry/max_retires", "did you mean 'max_retries'?"))));
  EXPECT_THAT(problems_of(R"({"name": "n", "id": "a/b", "nodes": [{"node_id": "a", "node_type": "log"}]})"),
              ElementsAre(problem("/id", "letters, digits")));
  EXPECT_THAT(problems_of("[]"), ElementsAre(problem("", "expected an object")));
}

TEST(Definition, AVeryLongNodeIdIsRefusedAndNotTriedAgainstThePattern) {
  const auto problems = problems_of(R"({"name": "n", "nodes": [{"node_id": ")" + std::string(1'000'000, 'a') +
                                    R"(", "node_type": "log"}]})");
  EXPECT_THAT(problems, ElementsAre(problem("/nodes/0/node_id", "length is 1000000")));
}

TEST(Definition, SecretsAreShownAsStarsAndKeptWhenTheStarsComeBack) {
  const auto secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  Definition stored = rowhook::testing::one_node(
      "http_request", R"({"url": "http://a/", "secret": ")" + std::string(secret) + R"("})");
  Definition shown = without_secrets(stored);
  EXPECT_EQ(shown.nodes[1].config["secret"], "***");
  shown.nodes[1].config["url"] = "http://b/";
  keep_secrets(shown, stored);
  EXPECT_EQ(shown.nodes[1].config["secret"], secret);
  EXPECT_EQ(shown.nodes[1].config["url"], "http://b/");
  shown.nodes[1].config["secret"] = "whsec_AAAA";
  keep_secrets(shown, stored);
  EXPECT_EQ(shown.nodes[1].config["secret"], "whsec_AAAA");
}

TEST(Definition, HeaderFieldsThatLetSomebodyInAreSecretsToo) {
  const Definition stored = rowhook::testing::one_node(
      "http_request",
      R"({"url": "http://a/", "headers": {"Authorization": "Bearer x", "X-Api-Key": "k", "X-Shop": "7"}})");
  Definition shown = without_secrets(stored);
  auto& headers = shown.nodes[1].config["headers"];
  EXPECT_EQ(headers["Authorization"], "***");
  EXPECT_EQ(headers["X-Api-Key"], "***");
  EXPECT_EQ(headers["X-Shop"], "7");
  headers["X-Api-Key"] = "another";
  headers["X-Shop"] = "8";
  keep_secrets(shown, stored);
  EXPECT_EQ(shown.nodes[1].config["headers"],
            nlohmann::json::parse(R"({"Authorization":"Bearer x","X-Api-Key":"another","X-Shop":"8"})"));
}

}  // namespace
