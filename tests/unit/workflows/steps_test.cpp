#include <gmock/gmock.h>

#include "tests/support/workflow_runs.h"
#include "workflows/run.h"

using namespace rowhook;
using rowhook::testing::order_paid;
using ::testing::HasSubstr;

namespace {

Step step(const std::string& node, std::vector<Output> outputs, int from_step = -1) {
  Step step;
  step.node_id = node;
  step.node_type = "log";
  step.status = outputs.empty() ? StepStatus::filtered : StepStatus::completed;
  step.outputs = std::move(outputs);
  step.from_step = from_step;
  step.execution_time_ms = 0.25;
  return step;
}

ItemPtr item(const std::string& json) { return std::make_shared<const Item>(json); }

TEST(Steps, ArePackedWithoutTheEventAndUnpackedWithIt) {
  const auto event = order_paid();
  const auto whole = std::make_shared<const Item>(event);
  std::vector<Step> steps{step("in", {{"output", whole}}),
                          step("t", {{"output", item(R"({"id":9007199254740993})")}}, 0), step("l", {}, 1)};
  steps[2].input = steps[1].outputs[0].item;
  steps[2].notes = {"a \"note\""};
  const std::string packed = pack_steps(steps);
  EXPECT_LT(packed.size(), 300U);
  EXPECT_THAT(packed, HasSubstr(R"({"$event":true})"));
  EXPECT_EQ(
      steps_json(packed, R"("the event")"),
      R"([{"node_id":"in","node_type":"log","status":"completed","input":"the event","output":"the event","ports":["output"],)"
      R"("error_message":null,"execution_time_ms":0.250,"notes":[]},)"
      R"({"node_id":"t","node_type":"log","status":"completed","input":"the event","output":{"id":9007199254740993},)"
      R"("ports":["output"],"error_message":null,"execution_time_ms":0.250,"notes":[]},)"
      R"({"node_id":"l","node_type":"log","status":"filtered","input":{"id":9007199254740993},"output":null,"ports":[],)"
      R"("error_message":null,"execution_time_ms":0.250,"notes":["a \"note\""]}])");
}

TEST(Steps, WhatRetentionDroppedIsNull) {
  const std::string packed =
      pack_steps({step("in", {{"output", std::make_shared<const Item>(order_paid())}})});
  EXPECT_THAT(steps_json(packed, ""), HasSubstr(R"("input":null,"output":null)"));
}

TEST(Steps, WhatTheExecutionStartedWithIsKeptUnlessItIsTheEvent) {
  auto first = step("in", {});
  first.input = item(R"({"made":"by a transform"})");
  first.outputs = {{"output", first.input}};
  auto second = step("l", {}, 0);
  second.input = first.input;
  const std::string packed = pack_steps({first, second});
  EXPECT_EQ(packed.find("made"), packed.rfind("made")) << "it stands there once";
  const std::string json = steps_json(packed, R"("the event")");
  EXPECT_THAT(
      json,
      HasSubstr(
          R"("node_id":"in","node_type":"log","status":"filtered","input":{"made":"by a transform"},"output":{"made":"by a transform"})"));
  EXPECT_THAT(
      json,
      HasSubstr(
          R"("node_id":"l","node_type":"log","status":"filtered","input":{"made":"by a transform"},"output":null)"));

  auto whole = step("in", {});
  whole.input = std::make_shared<const Item>(order_paid());
  EXPECT_THAT(pack_steps({whole}), ::testing::Not(HasSubstr(R"("i":)")));
}

TEST(Steps, AnItemThatGoesOnUnchangedIsNotRepeated) {
  auto first = step("a", {{"output", item(R"({"id":1})")}});
  auto second = step("b", {{"output", first.outputs[0].item}}, 0);
  second.input = first.outputs[0].item;
  const std::string packed = pack_steps({first, second});
  EXPECT_THAT(packed, HasSubstr(R"({"$input":true})"));
  EXPECT_THAT(
      steps_json(packed, "2"),
      HasSubstr(
          R"("node_id":"b","node_type":"log","status":"completed","input":{"id":1},"output":{"id":1})"));
}

TEST(Steps, SeveralOutputsBecomeAnArrayBesideTheirPorts) {
  auto fan = step("s", {{"x", item("1")}, {"y", item("2")}});
  auto next = step("l", {{"output", item("3")}}, 0);
  next.from_output = 1;
  const std::string json = steps_json(pack_steps({fan, next}), "0");
  EXPECT_THAT(json, HasSubstr(R"("output":[1,2],"ports":["x","y"])"));
  EXPECT_THAT(json, HasSubstr(R"("input":2,"output":3)"));
}

TEST(Steps, LongOutputsAreCutAndItemsThatLookLikeMarksSurvive) {
  const std::string big = "\"" + std::string(70'000, 'x') + "\"";
  const std::string packed =
      pack_steps({step("a", {{"output", item(big)}}), step("b", {{"output", item(R"({"$event":true})")}})});
  EXPECT_LT(packed.size(), 2000U);
  const std::string json = steps_json(packed, R"("event")");
  EXPECT_THAT(json, HasSubstr(R"("output":{"$truncated":{"bytes":70002,"start":"\"xxx)"));
  EXPECT_THAT(json, HasSubstr(R"("output":{"$event":true})"));
}

TEST(Steps, SurviveADatabaseThatReordersMembers) {
  EXPECT_THAT(
      steps_json(
          R"([{"o": [["output", {"$event": true}]], "ms": 1, "s": "completed", "t": "input", "n": "in"}])",
          "2"),
      HasSubstr(R"("node_id":"in","node_type":"input","status":"completed","input":2,"output":2)"));
}

TEST(Steps, DeepItemsAreShownWhole) {
  const std::string deep = std::string(60, '[') + std::string(60, ']');
  EXPECT_THAT(steps_json(pack_steps({step("a", {{"output", item(deep)}})}), "0"), HasSubstr(deep));
}

TEST(Steps, FailedStepsKeepTheirMessage) {
  Step failed = step("h", {});
  failed.status = StepStatus::failed;
  failed.error_message = "http://a answered 500";
  EXPECT_THAT(
      steps_json(pack_steps({failed}), "0"),
      HasSubstr(
          R"("status":"failed","input":0,"output":null,"ports":[],"error_message":"http://a answered 500")"));
}

TEST(Steps, OtherTextIsRefused) {
  for (const char* text : {"", "x", "{}", R"([{"f":[5,0]}])", R"([{"o":[["p"]]}])", "[1]"})
    EXPECT_THROW(steps_json(text, "0"), PermanentError) << text;
  EXPECT_EQ(steps_json("[]", "0"), "[]");
}

}  // namespace
