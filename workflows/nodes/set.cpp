#include "engine/base/json.h"
#include "workflows/nodes/nodes.h"
#include "workflows/templates.h"

namespace rowhook {
namespace {

class SetNode final : public Node {
 public:
  explicit SetNode(const nlohmann::json& config) : keep_only_(config["keep_only"]) {
    for (const auto& [path, value] : config["fields"].items())
      fields_.emplace_back(path, ValueTemplate::parse(value));
  }

  boost::asio::awaitable<std::vector<Output>> run(ItemPtr item, RunContext& context) const override {
    const TemplateScope scope{*item, context};
    Document result = keep_only_ ? Document(Document::Object{}) : item->document();
    if (!result.object())
      throw PermanentError("the item is not an object: fields cannot be set in it", "use keep_only");
    for (const auto& [path, value] : fields_) result.set_path(path, value.value(scope));
    co_return to_output(std::make_shared<const Item>(std::move(result)));
  }

 private:
  bool keep_only_;
  std::vector<std::pair<std::string, ValueTemplate>> fields_;
};

void validate(const nlohmann::json& config, NodeServices&, std::vector<Problem>& problems) {
  for (const auto& [path, value] : config["fields"].items()) {
    const std::string pointer = pointer_append("/fields", path);
    if (path.empty() || path.front() == '.' || path.back() == '.' || path.find("..") != std::string::npos)
      problems.push_back({pointer, "'" + path + "' is not a path: write names with a dot between them"});
    check_templates(value, pointer, problems);
  }
}

}  // namespace

NodeType set_node() {
  return {
      "set",
      "Set fields",
      "Sets members of the item. Values are JSON; strings in them are templates, and a template that is one "
      "value keeps "
      "its type. All templates see the item as it came in.",
      false,
      false,
      Spec{
          Field::map("fields", "Dotted path of a member -> its value",
                     Field::any("", "JSON value or template"))
              .length(1, 1000)
              .required()
              .example({{"order.id", "{{ new.id }}"}, {"note", "Order {{ new.id }} is {{ new.status }}"}}),
          Field::boolean("keep_only", "Begin with an empty object instead of the item").fallback(false),
      },
      input_port,
      output_port,
      validate,
      [](const nlohmann::json& config, NodeServices&) -> std::unique_ptr<Node> {
        return std::make_unique<SetNode>(config);
      }};
}

}  // namespace rowhook
