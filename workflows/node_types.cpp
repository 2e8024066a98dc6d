#include <algorithm>

#include "workflows/node.h"
#include "workflows/nodes/nodes.h"

namespace rowhook {

const std::vector<NodeType>& node_types() {
  static const std::vector<NodeType> types{input_node(), filter_node(),       transform_node(), switch_node(),
                                           set_node(),   http_request_node(), sql_node(),       log_node()};
  return types;
}

const NodeType* find_node_type(std::string_view name) {
  const auto& types = node_types();
  const auto found =
      std::find_if(types.begin(), types.end(), [&](const NodeType& type) { return type.name == name; });
  return found == types.end() ? nullptr : &*found;
}

std::string node_reference_markdown() {
  const auto listed = [](const std::vector<std::string>& ports) {
    std::string out;
    for (const auto& port : ports) out += (out.empty() ? "`" : ", `") + port + "`";
    return out.empty() ? std::string("none") : out;
  };
  std::string out = "# Node types\n\nPrinted from the declarations of the node types.\n";
  for (const auto& type : node_types()) {
    const nlohmann::json nothing = nlohmann::json::object();
    out += "\n## `" + std::string(type.name) + "`: " + std::string(type.title) + "\n\n" +
           std::string(type.doc) + "\n\n";
    out += "Inputs: " + listed(type.inputs(nothing)) + ". Outputs: " + listed(type.outputs(nothing)) + ".";
    out += type.has_effects ? " Does nothing but say what it would do in a dry run.\n" : "\n";
    if (!type.spec.fields().empty()) out += "\n" + type.spec.markdown(type.name);
  }
  return out;
}

}  // namespace rowhook
