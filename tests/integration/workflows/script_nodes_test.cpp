#include <gmock/gmock.h>

#include "engine/base/metrics.h"
#include "scripting/script_engine.h"
#include "tests/support/workflow_runs.h"

using namespace rowhook;
using rowhook::testing::definition;
using rowhook::testing::one_node;
using rowhook::testing::order_paid;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = RunOutcome::Kind;

namespace {

// Workflows whose nodes run Lua in a real script host.
class ScriptNodes : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { scripts_ = std::make_unique<ScriptEngine>(limits(), metrics_); }
  static void TearDownTestSuite() { scripts_.reset(); }
  static ScriptLimits limits() {
    ScriptLimits limits;
    limits.time_limit = std::chrono::milliseconds{300};
    return limits;
  }

  ScriptNodes() {
    services_.scripts = scripts_.get();
    services_.script_text = [](const std::string& name) -> std::optional<std::string> {
      if (name == "is_paid") return "new.status == 'paid'";
      return std::nullopt;
    };
    services_.log = [this](std::string_view level, std::string_view message, const std::string&) {
      logged_.push_back(std::string(level) + ": " + std::string(message));
    };
  }
  RunOutcome run(const std::string& type, const std::string& config) {
    state_ = {};
    return rowhook::testing::run(compile_workflow(one_node(type, config), services_), state_, event_);
  }

  static Metrics metrics_;
  static std::unique_ptr<ScriptEngine> scripts_;
  NodeServices services_;
  RunState state_;
  std::vector<std::string> logged_;
  EventPtr event_ = order_paid();
};
Metrics ScriptNodes::metrics_;
std::unique_ptr<ScriptEngine> ScriptNodes::scripts_;

TEST_F(ScriptNodes, AFilterLetsPassOrEndsTheWay) {
  EXPECT_EQ(run("filter", R"({"filter":"new.status == 'paid' and old.status ~= 'paid'"})").kind,
            Kind::completed);
  EXPECT_EQ(state_.steps.back().status, StepStatus::completed);
  EXPECT_EQ(state_.steps.back().outputs[0].item->event(), event_);
  run("filter", R"({"filter":"new.status == 'new'"})");
  EXPECT_EQ(state_.steps.back().status, StepStatus::filtered);
  EXPECT_THAT(state_.steps.back().notes, ElementsAre("filter: false"));
  run("filter", R"({"filter_script":"is_paid"})");
  EXPECT_EQ(state_.steps.back().status, StepStatus::completed);
}

TEST_F(ScriptNodes, TheConditionSparesTheScript) {
  EXPECT_EQ(run("filter", R"({"where":"status = 'new'","filter":"new.no_such_column == 1"})").kind,
            Kind::completed);
  EXPECT_EQ(state_.steps.back().status, StepStatus::filtered);
}

TEST_F(ScriptNodes, ATransformMakesTheItemThatLaterScriptsSee) {
  const auto workflow = compile_workflow(definition(R"({"id":"w","name":"w","nodes":[
      {"node_id":"t","node_type":"transform","config":{"transform":"return {order_id = new.id, big = new.total > 50}"}},
      {"node_id":"u","node_type":"transform","config":{"transform":"return {twice = item.order_id * 2, status = new.status}"}},
      {"node_id":"l","node_type":"log","config":{"message":"{{ item.twice }} {{ item.status }}"}}],
      "connections":[{"from_node_id":"t","to_node_id":"u"},{"from_node_id":"u","to_node_id":"l"}]})"),
                                         services_);
  const auto outcome = rowhook::testing::run(workflow, state_, event_);
  EXPECT_EQ(outcome.kind, Kind::completed) << outcome.error_message;
  EXPECT_THAT(logged_, ElementsAre("info: 14 paid"));
}

TEST_F(ScriptNodes, NilDropsTheItem) {
  EXPECT_EQ(run("transform", R"({"transform":"return nil"})").kind, Kind::completed);
  EXPECT_EQ(state_.steps.back().status, StepStatus::filtered);
}

TEST_F(ScriptNodes, ASwitchAsksScripts) {
  run("switch",
      R"({"rules":[{"port":"a","filter":"new.status == 'x'"},{"port":"b","where":"id = 7","filter":"new.total > 1"}]})");
  EXPECT_EQ(state_.steps.back().outputs.at(0).port, "b");
}

TEST_F(ScriptNodes, AnErrorIsNeverFalse) {
  const auto outcome = run("filter", R"({"filter":"new.no_such_column == 1"})");
  EXPECT_EQ(outcome.kind, Kind::retry);
  EXPECT_THAT(outcome.error_message, HasSubstr("no_such_column"));
  EXPECT_EQ(state_.steps.back().status, StepStatus::failed);
  const auto endless = run("transform", R"({"transform":"while true do end"})");
  EXPECT_EQ(endless.kind, Kind::retry);
  EXPECT_THAT(endless.error_message, HasSubstr("script error (time_limit)"));
}

TEST_F(ScriptNodes, AScriptThatDoesNotCompileIsRefusedWithItsPlace) {
  const auto problems = validate_workflow(one_node("transform", R"({"transform":"return {"})"), services_);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].pointer, "/nodes/1/config/transform");
  EXPECT_THAT(problems[0].detail, HasSubstr("transform:1"));
}

TEST_F(ScriptNodes, LogLinesGoToTheLogAndTheStep) {
  run("filter", R"x({"filter":"log.info('seen ' .. new.id) return true"})x");
  EXPECT_THAT(logged_, ElementsAre("info: seen 7"));
  EXPECT_THAT(state_.steps.back().notes, ElementsAre("info: seen 7"));
}

}  // namespace
