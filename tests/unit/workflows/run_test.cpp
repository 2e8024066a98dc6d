#include "workflows/run.h"

#include <gmock/gmock.h>

#include "tests/support/fake_clock.h"
#include "tests/support/workflow_runs.h"

using namespace rowhook;
using rowhook::testing::context_for;
using rowhook::testing::definition;
using rowhook::testing::FakeClock;
using rowhook::testing::order_paid;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = RunOutcome::Kind;

namespace {

// Log nodes are the nodes with effects here: `on_log` is what the world does with them.
class RunWorkflow : public ::testing::Test {
 protected:
  RunWorkflow() {
    services_.clock = &clock_;
    services_.log = [this](std::string_view, std::string_view message, const std::string&) {
      if (on_log_) on_log_(message);
      logged_.emplace_back(message);
    };
  }

  WorkflowPtr compile(const std::string& nodes, const std::string& connections = "[]",
                      const std::string& settings = "{}") {
    return compile_workflow(definition(R"({"id":"w","name":"w","nodes":)" + nodes + R"(,"connections":)" +
                                       connections + R"(,"settings":)" + settings + "}"),
                            services_);
  }
  static std::string log(const std::string& id, const std::string& message) {
    return R"({"node_id":")" + id + R"(","node_type":"log","config":{"message":")" + message + R"("}})";
  }
  static std::string edge(const std::string& from, const std::string& to,
                          const std::string& port = "output") {
    return R"({"from_node_id":")" + from + R"(","from_port":")" + port + R"(","to_node_id":")" + to + R"("})";
  }
  std::vector<std::string> visited() const {
    std::vector<std::string> names;
    for (const auto& step : state_.steps) names.push_back(step.node_id);
    return names;
  }

  FakeClock clock_;
  NodeServices services_;
  std::function<void(std::string_view)> on_log_;
  std::vector<std::string> logged_;
  RunState state_;
  EventPtr event_ = order_paid();
};

// in -> a -> b, in -> c: a and what follows from it come before c.
constexpr auto diamond_nodes = R"([{"node_id":"in","node_type":"input"},
  {"node_id":"a","node_type":"log","config":{"message":"a"}}, {"node_id":"b","node_type":"log","config":{"message":"b"}},
  {"node_id":"c","node_type":"log","config":{"message":"c"}}])";
const std::string diamond_edges =
    R"([{"from_node_id":"in","to_node_id":"a"},{"from_node_id":"in","to_node_id":"c"},
  {"from_node_id":"a","to_node_id":"b"},{"from_node_id":"c","to_node_id":"b"}])";

TEST_F(RunWorkflow, GoesDepthFirstInTheOrderOfConnections) {
  const auto outcome = rowhook::testing::run(compile(diamond_nodes, diamond_edges), state_, event_);
  EXPECT_EQ(outcome.kind, Kind::completed);
  EXPECT_THAT(visited(), ElementsAre("in", "a", "b", "c", "b"));  // b once for each item that reaches it
  EXPECT_THAT(logged_, ElementsAre("a", "b", "c", "b"));
  EXPECT_EQ(state_.steps[4].from_step, 3);
}

TEST_F(RunWorkflow, StartsAtTheTargetNodeAndRunsWhatFollows) {
  const auto workflow = compile(diamond_nodes, diamond_edges);
  const auto item = std::make_shared<const Item>(event_);
  rowhook::testing::run(workflow, state_, context_for(event_), item, "c");
  EXPECT_THAT(visited(), ElementsAre("c", "b"));
  RunState none;
  const auto outcome = rowhook::testing::run(workflow, none, context_for(event_), item, "gone");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.error_message, "there is no node 'gone' in workflow 'w'");
}

TEST_F(RunWorkflow, WithoutATargetTheFirstInputNodeInTheOrderOfNodesBegins) {
  rowhook::testing::run(compile("[" + log("b", "b") + "," + log("a", "a") + "]"), state_, event_);
  EXPECT_THAT(visited(), ElementsAre("b"));
}

TEST_F(RunWorkflow, ARetryGoesOnAtTheNodeThatFailed) {
  int failures = 2;
  on_log_ = [&](std::string_view message) {
    if (message == "c" && failures-- > 0) throw RetryAfter("server is busy", std::chrono::seconds{7});
  };
  const auto workflow = compile(diamond_nodes, diamond_edges);
  auto outcome = rowhook::testing::run(workflow, state_, event_);
  EXPECT_EQ(outcome.kind, Kind::retry);
  EXPECT_EQ(outcome.error_message, "server is busy");
  EXPECT_EQ(outcome.retry_after, std::chrono::seconds{7});
  EXPECT_EQ(state_.steps.back().status, StepStatus::failed);
  EXPECT_EQ(rowhook::testing::run(workflow, state_, event_).kind, Kind::retry);
  EXPECT_EQ(rowhook::testing::run(workflow, state_, event_).kind, Kind::completed);
  EXPECT_THAT(logged_, ElementsAre("a", "b", "c", "b"));  // nothing was repeated
  EXPECT_THAT(visited(), ElementsAre("in", "a", "b", "c", "b"));
}

TEST_F(RunWorkflow, AWorkflowThatChangedMeanwhileRunsAgainFromTheFirstDifference) {
  on_log_ = [&](std::string_view message) {
    if (message == "fails") throw TransientError("not now");
  };
  const std::string in = R"({"node_id":"in","node_type":"input"},)";
  const auto before = compile("[" + in + log("a", "a") + "," + log("b", "fails") + "]",
                              "[" + edge("in", "a") + "," + edge("a", "b") + "]");
  rowhook::testing::run(before, state_, event_);
  const auto after = compile("[" + in + log("x", "x") + "," + log("b", "b") + "]",
                             "[" + edge("in", "x") + "," + edge("x", "b") + "]");
  EXPECT_EQ(rowhook::testing::run(after, state_, event_).kind, Kind::completed);
  EXPECT_THAT(visited(), ElementsAre("in", "x", "b"));
}

TEST_F(RunWorkflow, ErrorsDecideTheOutcome) {
  const auto workflow = compile("[" + log("a", "x") + "]");
  const auto outcome_of = [&](auto error) {
    on_log_ = [error](std::string_view) { throw error; };
    RunState state;
    return rowhook::testing::run(workflow, state, event_);
  };
  EXPECT_EQ(outcome_of(PermanentError("no", "do this")).kind, Kind::failed);
  EXPECT_EQ(outcome_of(PermanentError("no", "do this")).error_message, "no (do this)");
  EXPECT_EQ(outcome_of(TransientError("busy")).kind, Kind::retry);
  EXPECT_EQ(outcome_of(std::bad_alloc()).kind, Kind::retry);
  const auto gone = outcome_of(EndpointGone("gone"));
  EXPECT_EQ(gone.kind, Kind::failed);
  EXPECT_TRUE(gone.disable_trigger);
}

TEST_F(RunWorkflow, TheDeadlineIsTheWorkflowsAndNamesTheNode) {
  on_log_ = [&](std::string_view) { clock_.advance(std::chrono::minutes{3}); };
  const auto workflow = compile("[" + log("a", "a") + "," + log("b", "b") + "," + log("c", "c") + "]",
                                "[" + edge("a", "b") + "," + edge("b", "c") + "]", R"({"timeout":"5m"})");
  EXPECT_EQ(timeout_of(*workflow), std::chrono::minutes{5});
  const auto outcome = rowhook::testing::run(workflow, state_, event_);
  EXPECT_EQ(outcome.kind, Kind::retry);
  EXPECT_THAT(outcome.error_message, HasSubstr("timed out after 5m at node c"));
  EXPECT_THAT(logged_, ElementsAre("a", "b"));  // b was late, but it is done and is not repeated
  EXPECT_EQ(rowhook::testing::run(workflow, state_, event_).kind, Kind::completed);
  EXPECT_THAT(logged_, ElementsAre("a", "b", "c"));
}

TEST_F(RunWorkflow, AWorkflowWithoutATimeoutHasTheContexts) {
  on_log_ = [&](std::string_view) { clock_.advance(std::chrono::seconds{2}); };
  const auto workflow = compile("[" + log("a", "a") + "," + log("b", "b") + "]", "[" + edge("a", "b") + "]");
  RunContext context = context_for(event_);
  context.deadline = clock_.steady() + std::chrono::milliseconds{1500};
  const auto outcome = rowhook::testing::run(workflow, state_, context, std::make_shared<const Item>(event_));
  EXPECT_THAT(outcome.error_message, HasSubstr("timed out after 1500ms at node b"));
}

TEST_F(RunWorkflow, ADryRunHasNoEffects) {
  RunContext context = context_for(event_);
  context.dry_run = true;
  const auto workflow = compile("[" + log("a", "order {{ new.id }}") + "]");
  EXPECT_EQ(rowhook::testing::run(workflow, state_, context, std::make_shared<const Item>(event_)).kind,
            Kind::completed);
  EXPECT_THAT(logged_, IsEmpty());
  EXPECT_THAT(state_.steps[0].notes, ElementsAre("order 7"));
}

TEST_F(RunWorkflow, AConditionLetsPassOrEndsTheWay) {
  const auto filter = [&](const std::string& where) {
    return compile(R"([{"node_id":"f","node_type":"filter","config":{"where":")" + where + R"("}},)" +
                       log("a", "a") + "]",
                   "[" + edge("f", "a") + "]");
  };
  EXPECT_EQ(rowhook::testing::run(filter("status = 'paid' AND old.status = 'pending'"), state_, event_).kind,
            Kind::completed);
  EXPECT_THAT(visited(), ElementsAre("f", "a"));
  EXPECT_EQ(state_.steps[0].outputs[0].item->event(), event_);  // the event itself, no copy
  state_ = {};
  EXPECT_EQ(rowhook::testing::run(filter("status = 'new'"), state_, event_).kind, Kind::completed);
  EXPECT_THAT(visited(), ElementsAre("f"));
  EXPECT_EQ(state_.steps[0].status, StepStatus::filtered);
  EXPECT_THAT(state_.steps[0].notes, ElementsAre(HasSubstr("status = 'new'")));
}

TEST_F(RunWorkflow, AConditionBehindANodeThatMadeAnItemLooksIntoIt) {
  const auto workflow =
      compile(R"([{"node_id":"s","node_type":"set","config":{"keep_only":true,"fields":{"n":"{{ new.id }}"}}},
      {"node_id":"f","node_type":"filter","config":{"where":"n = 7 AND new.status = 'paid'"}}])",
              "[" + edge("s", "f") + "]");
  rowhook::testing::run(workflow, state_, event_);
  EXPECT_EQ(state_.steps[1].status, StepStatus::completed);
}

TEST_F(RunWorkflow, ASwitchSendsItemsToThePortsOfTheirRules) {
  const auto run_switch = [&](const std::string& rest) {
    state_ = {};
    logged_.clear();
    rowhook::testing::run(
        compile(
            R"([{"node_id":"s","node_type":"switch","config":{"rules":[{"port":"paid","where":"status = 'paid'"},
             {"port":"big","where":"total > 50"},{"port":"huge","where":"total > 5000"}])" +
                rest + "}}," + log("p", "paid") + "," + log("b", "big") + "," + log("o", "other") + "]",
            "[" + edge("s", "p", "paid") + "," + edge("s", "b", "big") +
                (rest.find("default") == std::string::npos ? "" : "," + edge("s", "o", "other")) + "]"),
        state_, event_);
  };
  run_switch("");
  EXPECT_THAT(logged_, ElementsAre("paid"));
  run_switch(R"(,"match":"all")");
  EXPECT_THAT(logged_, ElementsAre("paid", "big"));
  event_ = [&] {
    auto copy = std::make_shared<Event>(*event_);
    copy->new_row = RowWriter().take();
    return copy;
  }();
  run_switch(R"(,"default":"other")");
  EXPECT_THAT(logged_, ElementsAre("other"));
  run_switch("");
  EXPECT_EQ(state_.steps[0].status, StepStatus::filtered);
}

TEST_F(RunWorkflow, SetMakesItemsOfExactValues) {
  const auto workflow = compile(R"([{"node_id":"s","node_type":"set","config":{"keep_only":true,"fields":
      {"order.id":"{{ new.id }}","order.total":"{{ new.total }}","text":"{{ new.id }}/{{ new.status }}","one":1}}},
      {"node_id":"t","node_type":"set","config":{"fields":{"order.seen":true}}}])",
                                "[" + edge("s", "t") + "]");
  rowhook::testing::run(workflow, state_, event_);
  EXPECT_EQ(state_.steps[1].outputs[0].item->json(),
            R"({"one":1,"order":{"id":7,"total":99.990000000000000000001,"seen":true},"text":"7/paid"})");
}

TEST_F(RunWorkflow, AMissingValueFailsTheExecutionAtOnce) {
  const auto outcome = rowhook::testing::run(compile("[" + log("a", "{{ new.nope }}") + "]"), state_, event_);
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.error_message, HasSubstr("{{ new.nope }}: there is no such value"));
}

}  // namespace
