#include "workflows/nodes/item_condition.h"
#include "workflows/nodes/script_source.h"

namespace rowhook {
namespace {

class FilterNode final : public Node {
 public:
  FilterNode(const nlohmann::json& config, NodeServices& services)
      : where_(condition_of(config)),
        script_(script_of(config, ScriptKind::filter, services)),
        services_(services) {}

  boost::asio::awaitable<std::vector<Output>> run(ItemPtr item, RunContext& context) const override {
    if (where_ && !passes(*where_, *item, context)) co_return std::vector<Output>{};
    if (script_) {
      const ScriptResult result = co_await run_script(services_, script_, item, context);
      if (!result.pass) {
        context.notes.push_back(script_->name + ": false");
        co_return std::vector<Output>{};
      }
    }
    co_return to_output(std::move(item));
  }

 private:
  std::optional<Condition> where_;
  ScriptPtr script_;
  NodeServices& services_;
};

void validate(const nlohmann::json& config, NodeServices& services, std::vector<Problem>& problems) {
  if (!config.contains("where") && !has_script(config, ScriptKind::filter))
    problems.push_back({"", "a filter needs `where`, `filter` or `filter_script`"});
  check_where(config, problems);
  check_script(config, ScriptKind::filter, services, problems);
}

}  // namespace

NodeType filter_node() {
  Spec spec{where_field()};
  add_script_fields(spec, ScriptKind::filter);
  return {"filter",
          "Filter",
          "Lets an item pass unchanged when the condition `where` holds and the Lua `filter` returns true; "
          "an item that does "
          "not pass ends its way here, which is a success. With both, the script runs only where the "
          "condition holds.",
          false,
          false,
          std::move(spec),
          input_port,
          output_port,
          validate,
          [](const nlohmann::json& config, NodeServices& services) -> std::unique_ptr<Node> {
            return std::make_unique<FilterNode>(config, services);
          }};
}

}  // namespace rowhook
