#include "workflows/nodes/script_source.h"

namespace rowhook {
namespace {

class TransformNode final : public Node {
 public:
  TransformNode(const nlohmann::json& config, NodeServices& services)
      : script_(script_of(config, ScriptKind::transform, services)), services_(services) {}

  boost::asio::awaitable<std::vector<Output>> run(ItemPtr item, RunContext& context) const override {
    ScriptResult result = co_await run_script(services_, script_, std::move(item), context);
    if (!result.pass) {
      context.notes.push_back(script_->name + ": nil");
      co_return std::vector<Output>{};
    }
    co_return to_output(std::make_shared<const Item>(std::move(result.result)));
  }

 private:
  ScriptPtr script_;
  NodeServices& services_;
};

void validate(const nlohmann::json& config, NodeServices& services, std::vector<Problem>& problems) {
  if (!has_script(config, ScriptKind::transform))
    problems.push_back({"", "a transform needs `transform` or `transform_script`"});
  check_script(config, ScriptKind::transform, services, problems);
}

}  // namespace

NodeType transform_node() {
  Spec spec;
  add_script_fields(spec, ScriptKind::transform);
  return {"transform",
          "Transform",
          "Runs Lua that returns a table: the item for the nodes behind it. nil drops the item, which is a "
          "success.",
          false,
          false,
          std::move(spec),
          input_port,
          output_port,
          validate,
          [](const nlohmann::json& config, NodeServices& services) -> std::unique_ptr<Node> {
            return std::make_unique<TransformNode>(config, services);
          }};
}

}  // namespace rowhook
