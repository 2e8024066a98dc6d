#include <gmock/gmock.h>

#include "tests/support/workflow_runs.h"
#include "workflows/run.h"

using namespace rowhook;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

std::vector<Problem> problems_of(const std::string& nodes, const std::string& connections = "[]") {
  NodeServices services;
  std::vector<Problem> problems;
  read_workflow(parse_json(R"({"id": "w", "name": "n", "nodes": )" + nodes + R"(, "connections": )" +
                           connections + "}"),
                services, problems);
  return problems;
}

auto problem(const std::string& pointer, const std::string& detail) {
  return AllOf(::testing::Field(&Problem::pointer, pointer),
               ::testing::Field(&Problem::detail, HasSubstr(detail)));
}

std::string log_node(const std::string& id) {
  return R"({"node_id": ")" + id + R"(", "node_type": "log", "config": {"message": "m"}})";
}
std::string edge(const std::string& from, const std::string& to) {
  return R"({"from_node_id": ")" + from + R"(", "to_node_id": ")" + to + R"("})";
}
const std::string in = R"({"node_id": "in", "node_type": "input"})";

TEST(ValidateWorkflow, AWorkflowOfEveryKindOfNodeIsFine) {
  EXPECT_THAT(problems_of("[" + in + R"(,
      {"node_id": "f", "node_type": "filter", "config": {"where": "status = 'paid'"}},
      {"node_id": "t", "node_type": "transform", "config": {"transform": "return {id = new.id}"}},
      {"node_id": "s", "node_type": "switch", "config": {"rules": [{"port": "big", "where": "total > 100"}], "default": "small"}},
      {"node_id": "set", "node_type": "set", "config": {"fields": {"a.b": "{{ new.id }}"}}},
      {"node_id": "h", "node_type": "http_request", "config": {"url": "https://example.com/{{ new.id }}"}},
      {"node_id": "q", "node_type": "sql", "config": {"connection": "shop", "sql": "SELECT $1", "params": ["{{ new.id }}"]}},
      {"node_id": "l", "node_type": "log", "config": {"message": "{{ item.id }}"}}])",
                          "[" + edge("in", "f") + "," + edge("f", "t") + "," + edge("t", "s") + R"(,
      {"from_node_id": "s", "from_port": "big", "to_node_id": "set"}, {"from_node_id": "s", "from_port": "small", "to_node_id": "h"},)" +
                              edge("set", "q") + "," + edge("h", "l") + "]"),
              IsEmpty());
}

TEST(ValidateWorkflow, ACycleIsNamed) {
  EXPECT_THAT(problems_of("[" + in + "," + log_node("a") + "," + log_node("b") + "," + log_node("c") + "," +
                              log_node("d") + "]",
                          "[" + edge("in", "a") + "," + edge("a", "b") + "," + edge("b", "c") + "," +
                              edge("c", "a") + "," + edge("c", "d") + "]"),
              ElementsAre(problem("/connections/3", "a -> b -> c -> a")));
  EXPECT_THAT(problems_of("[" + log_node("a") + "]", "[" + edge("a", "a") + "]"),
              ElementsAre(problem("/connections/0", "a -> a")));
}

TEST(ValidateWorkflow, UnknownNodesTypesAndPortsSuggestTheNearest) {
  EXPECT_THAT(problems_of(R"([{"node_id": "a", "node_type": "http_reqest"}])"),
              ElementsAre(problem("/nodes/0/node_type", "did you mean 'http_request'?")));
  EXPECT_THAT(
      problems_of("[" + in + "," + log_node("a") + "]", "[" + edge("in", "a") + "," + edge("a", "inn") + "]"),
      ElementsAre(problem("/connections/1/to_node_id", "did you mean 'in'?")));
  EXPECT_THAT(
      problems_of("[" + in + "," + log_node("a") + "]",
                  R"([{"from_node_id": "in", "from_port": "outptu", "to_node_id": "a", "to_port": "x"}])"),
      ElementsAre(problem("/connections/0/from_port", "did you mean 'output'?"),
                  problem("/connections/0/to_port", "it has input")));
}

TEST(ValidateWorkflow, APortOfASwitchExistsOnlyWithItsRule) {
  const std::string nodes = "[" + in + R"(, {"node_id": "s", "node_type": "switch",
      "config": {"rules": [{"port": "paid", "where": "status = 'paid'"}]}},)" +
                            log_node("l") + "]";
  EXPECT_THAT(problems_of(nodes, "[" + edge("in", "s") +
                                     R"(, {"from_node_id": "s", "from_port": "payd", "to_node_id": "l"}])"),
              ElementsAre(problem("/connections/1/from_port", "did you mean 'paid'?")));
}

TEST(ValidateWorkflow, DuplicateIdsAndConnectionsAreRefused) {
  EXPECT_THAT(problems_of("[" + log_node("a") + "," + log_node("a") + "]"),
              ElementsAre(problem("/nodes/1/node_id", "another node")));
  EXPECT_THAT(
      problems_of("[" + in + "," + log_node("a") + "]", "[" + edge("in", "a") + "," + edge("in", "a") + "]"),
      ElementsAre(problem("/connections/1", "run twice")));
}

TEST(ValidateWorkflow, NothingIsConnectedIntoAnInputNode) {
  EXPECT_THAT(
      problems_of("[" + in + R"(, {"node_id": "in2", "node_type": "input"}])", "[" + edge("in", "in2") + "]"),
      ElementsAre(problem("/connections/0/to_node_id", "input node")));
}

TEST(ValidateWorkflow, NodesThatNoInputNodeReachesAreRefused) {
  EXPECT_THAT(problems_of("[" + in + "," + log_node("a") + "," + log_node("x") + "," + log_node("y") + "]",
                          "[" + edge("in", "a") + "," + edge("x", "y") + "]"),
              ElementsAre(problem("/nodes/2", "unreachable"), problem("/nodes/3", "unreachable")));
  EXPECT_THAT(problems_of("[" + log_node("a") + "," + log_node("b") + "]"), IsEmpty());  // both begin
}

TEST(ValidateWorkflow, SettingsOfNodesAreCheckedInPlace) {
  EXPECT_THAT(problems_of(R"([{"node_id": "a", "node_type": "log", "config": {"mesage": "x"}}])"),
              AllOf(Contains(problem("/nodes/0/config/mesage", "did you mean 'message'?")),
                    Contains(problem("/nodes/0/config/message", "missing"))));
  EXPECT_THAT(
      problems_of(R"([{"node_id": "a", "node_type": "log", "config": {"message": "x {{ itm.a }}"}}])"),
      ElementsAre(problem("/nodes/0/config/message", "column 6")));
  EXPECT_THAT(problems_of(R"([{"node_id": "a", "node_type": "filter", "config": {"where": "status = "}}])"),
              ElementsAre(problem("/nodes/0/config/where", "column")));
  EXPECT_THAT(problems_of(R"([{"node_id": "a", "node_type": "filter"}])"),
              ElementsAre(problem("/nodes/0/config", "needs `where`")));
  EXPECT_THAT(
      problems_of(
          R"([{"node_id": "a", "node_type": "filter", "config": {"filter": "true", "filter_script": "x"}}])"),
      ElementsAre(problem("/nodes/0/config/filter_script", "not both")));
  EXPECT_THAT(
      problems_of(R"([{"node_id": "a", "node_type": "switch", "config": {"rules": [{"port": "p"}]}}])"),
      ElementsAre(problem("/nodes/0/config/rules/0", "needs `where`")));
  EXPECT_THAT(
      problems_of(
          R"([{"node_id": "a", "node_type": "set", "config": {"fields": {"a..b": 1, "c": ["{{ x }}"]}}}])"),
      ElementsAre(problem("/nodes/0/config/fields/a..b", "not a path"),
                  problem("/nodes/0/config/fields/c/0", "unknown name 'x'")));
}

TEST(ValidateWorkflow, AnUnknownScriptOfTheStoreIsNamed) {
  NodeServices services;
  services.script_text = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  const auto problems =
      validate_workflow(rowhook::testing::one_node("transform", R"({"transform_script": "nope"})"), services);
  EXPECT_THAT(problems,
              ElementsAre(problem("/nodes/1/config/transform_script", "there is no script 'nope'")));
  EXPECT_THROW(
      compile_workflow(rowhook::testing::one_node("transform", R"({"transform_script": "nope"})"), services),
      InvalidInput);
}

std::vector<Problem> http_problems(const std::string& config) {
  return problems_of(R"([{"node_id": "h", "node_type": "http_request", "config": )" + config + "}]");
}

TEST(ValidateWorkflow, HttpRequestsAreChecked) {
  EXPECT_THAT(http_problems(R"({"url": "ftp://example.com"})"),
              ElementsAre(problem("/nodes/0/config/url", "http://")));
  EXPECT_THAT(http_problems(R"({"url": "http://exa mple.com"})"),
              ElementsAre(problem("/nodes/0/config/url", "not a URL")));
  EXPECT_THAT(http_problems(R"({"url": "{{ item.url }}", "method": "GET"})"), IsEmpty());
  EXPECT_THAT(http_problems(R"({"url": "http://a/", "method": "GET", "body": "x"})"),
              ElementsAre(problem("/nodes/0/config/body", "no body")));
  EXPECT_THAT(
      http_problems(R"({"url": "http://a/", "headers": {"a b": "x", "X": "a\nb", "Webhook-Id": "1"}})"),
      ElementsAre(problem("/nodes/0/config/headers/Webhook-Id", "set by rowhook"),
                  problem("/nodes/0/config/headers/X", "line breaks"),
                  problem("/nodes/0/config/headers/a b", "not a header name")));
  EXPECT_THAT(http_problems(R"({"url": "http://a/", "secret": "hunter2"})"),
              ElementsAre(AllOf(problem("/nodes/0/config/secret", "whsec_"),
                                ::testing::Field(&Problem::detail, ::testing::Not(HasSubstr("hunter2"))))));
  EXPECT_THAT(http_problems(R"({"url": "http://a/", "secret": ["whsec_AAAA", "whsec_!!!!"]})"),
              ElementsAre(problem("/nodes/0/config/secret/1", "base64")));
}

TEST(ValidateWorkflow, SqlStatementsAreChecked) {
  const auto sql = [](const std::string& rest) {
    return problems_of(R"([{"node_id": "q", "node_type": "sql", "config": {"connection": "shop", )" + rest +
                       "}}]");
  };
  EXPECT_THAT(sql(R"("sql": "DELETE FROM a; DELETE FROM b")"),
              ElementsAre(problem("/nodes/0/config/sql", "one statement")));
  EXPECT_THAT(sql(R"("sql": "SELECT {{ new.id }}")"),
              ElementsAre(problem("/nodes/0/config/sql", "not pasted")));
  EXPECT_THAT(sql(R"("sql": "SELECT $1, $2", "params": [1])"),
              ElementsAre(problem("/nodes/0/config/params", "up to $2")));
  EXPECT_THAT(sql(R"("sql": "COMMIT")"),
              ElementsAre(problem("/nodes/0/config/sql", "transaction of its own")));
}

TEST(ValidateWorkflow, AllFaultsAreReportedAtOnce) {
  EXPECT_THAT(
      problems_of(
          "[" + in + R"(, {"node_id": "a", "node_type": "lgo"}, {"node_id": "b", "node_type": "log"}])",
          "[" + edge("in", "a") + "," + edge("a", "c") + "]"),
      SizeIs(4));  // type, message, node c, unreachable b
}

TEST(NodeTypes, TheReferenceShowsEveryTypeAndSetting) {
  const std::string page = node_reference_markdown();
  for (const auto& type : node_types()) {
    EXPECT_THAT(page, HasSubstr("## `" + std::string(type.name) + "`"));
    for (const auto& field : type.spec.fields()) EXPECT_THAT(page, HasSubstr("| `" + field.name() + "` |"));
  }
}

}  // namespace
