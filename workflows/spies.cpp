#include "workflows/spies.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "workflows/compiled.h"
#include "workflows/services.h"

namespace rowhook {
namespace {

class SpyNode final : public Node {
 public:
  SpyNode(std::unique_ptr<Node> real, std::string type, Spies& spies)
      : real_(std::move(real)), type_(std::move(type)), spies_(spies) {}

  boost::asio::awaitable<std::vector<Output>> run(ItemPtr item, RunContext& context) const override {
    context.dry_run = true;
    context.would = nullptr;
    auto outputs = co_await real_->run(item, context);
    spies_.calls.push_back({context.node_id, type_, std::move(item), std::move(context.would)});
    const SpyAnswer* answer = next_answer(context.node_id);
    if (!answer) co_return outputs;
    if (!answer->error.empty()) fail(*answer);
    if (answer->output) outputs = {{"output", answer->output}};
    co_return outputs;
  }

 private:
  const SpyAnswer* next_answer(const std::string& node_id) const {
    const auto found = spies_.answers.find(node_id);
    if (found == spies_.answers.end() || found->second.empty()) return nullptr;
    std::size_t made = 0;
    for (const auto& call : spies_.calls) made += call.node_id == node_id ? 1 : 0;
    return &found->second[std::min(made, found->second.size()) - 1];
  }

  [[noreturn]] static void fail(const SpyAnswer& answer) {
    if (answer.permanent) throw PermanentError(answer.error);
    if (answer.retry_after) throw RetryAfter(answer.error, *answer.retry_after);
    throw TransientError(answer.error);
  }

  std::unique_ptr<Node> real_;
  std::string type_;
  Spies& spies_;
};

}  // namespace

WorkflowPtr compile_with_spies(const Definition& definition, NodeServices& services, Spies& spies) {
  const auto workflow = make_workflow(definition, services);
  for (auto& place : workflow->places)
    if (find_node_type(place.definition->node_type)->has_effects)
      place.node = std::make_unique<SpyNode>(std::move(place.node), place.definition->node_type, spies);
  return workflow;
}

RunOutcome run_here(const Workflow& workflow, const std::string& target_node_id, ItemPtr item,
                    RunContext context, RunState& state) {
  boost::asio::io_context io;
  RunOutcome outcome;
  std::exception_ptr error;
  boost::asio::co_spawn(
      io,
      [&]() -> boost::asio::awaitable<void> {
        outcome = co_await run_workflow(workflow, target_node_id, std::move(item), std::move(context), state);
      },
      [&](std::exception_ptr thrown) { error = thrown; });
  io.run();
  if (error) std::rethrow_exception(error);
  return outcome;
}

}  // namespace rowhook
