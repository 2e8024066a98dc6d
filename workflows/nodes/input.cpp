#include "workflows/nodes/nodes.h"

namespace rowhook {
namespace {

class InputNode final : public Node {
 public:
  boost::asio::awaitable<std::vector<Output>> run(ItemPtr item, RunContext&) const override {
    co_return to_output(std::move(item));
  }
};

}  // namespace

NodeType input_node() {
  return {"input",
          "Input",
          "Where a workflow begins: gives the item of the trigger that started it, unchanged. A trigger "
          "names the input node "
          "it starts at in `target_node_id`; one that names none starts at the first.",
          true,
          false,
          Spec{},
          no_ports,
          output_port,
          nothing_more_to_check,
          [](const nlohmann::json&, NodeServices&) -> std::unique_ptr<Node> {
            return std::make_unique<InputNode>();
          }};
}

}  // namespace rowhook
