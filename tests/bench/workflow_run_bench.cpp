// What a run of input -> filter -> set -> log costs beside the scripts: microseconds for one execution on one
// core, steps packed. Usage: workflow_run_bench [EXECUTIONS]
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/support/workflow_runs.h"

using namespace rowhook;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> run_all(const WorkflowPtr& workflow, const EventPtr& event, int count,
                              std::size_t& bytes) {
  for (int i = 0; i < count; ++i) {
    RunState state;
    RunContext context = testing::context_for(event);
    const auto outcome =
        co_await run_workflow(*workflow, "", std::make_shared<const Item>(event), std::move(context), state);
    if (outcome.kind != RunOutcome::Kind::completed) std::abort();
    bytes += pack_steps(state.steps).size();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 200'000;
  NodeServices services;
  std::size_t lines = 0;
  services.log = [&](std::string_view, std::string_view, const std::string&) { ++lines; };
  const auto workflow = compile_workflow(testing::definition(R"({"id":"w","name":"w","nodes":[
      {"node_id":"in","node_type":"input"},
      {"node_id":"filter","node_type":"filter","config":{"where":"status = 'paid'"}},
      {"node_id":"set","node_type":"set","config":{"keep_only":true,"fields":{"id":"{{ new.id }}","total":"{{ new.total }}"}}},
      {"node_id":"log","node_type":"log","config":{"message":"order {{ item.id }} is paid"}}],
      "connections":[{"from_node_id":"in","to_node_id":"filter"},{"from_node_id":"filter","to_node_id":"set"},
      {"from_node_id":"set","to_node_id":"log"}]})"),
                                         services);
  const auto event = testing::order_paid();
  std::size_t bytes = 0;
  asio::io_context io(1);
  asio::co_spawn(io, run_all(workflow, event, count, bytes), asio::detached);
  const auto begin = std::chrono::steady_clock::now();
  io.run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%.2f us for one execution, %zu bytes of steps\n", seconds / count * 1e6,
              bytes / static_cast<std::size_t>(count));
  return lines == static_cast<std::size_t>(count) ? 0 : 1;
}
