// The node types: one function and one file each. What they share in declaring themselves.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "workflows/node.h"
#include "workflows/services.h"

namespace rowhook {

NodeType input_node();
NodeType filter_node();
NodeType transform_node();
NodeType switch_node();
NodeType set_node();
NodeType http_request_node();
NodeType sql_node();
NodeType log_node();

inline std::vector<std::string> no_ports(const nlohmann::json&) { return {}; }
inline std::vector<std::string> input_port(const nlohmann::json&) { return {"input"}; }
inline std::vector<std::string> output_port(const nlohmann::json&) { return {"output"}; }
inline void nothing_more_to_check(const nlohmann::json&, NodeServices&, std::vector<Problem>&) {}

// Writes a line where services.log says, by default to the engine's log with the execution's id.
void log_line(const NodeServices& services, std::string_view level, std::string_view message,
              const std::string& execution_id);

inline std::vector<Output> to_output(ItemPtr item) {
  std::vector<Output> outputs;
  outputs.push_back({"output", std::move(item)});
  return outputs;
}

}  // namespace rowhook
