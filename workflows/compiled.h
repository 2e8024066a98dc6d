// The inside of a compiled workflow, for validation and run only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workflows/definition.h"
#include "workflows/node.h"
#include "workflows/run.h"

namespace rowhook {

class Workflow {
 public:
  struct Port {
    std::string name;
    std::vector<std::uint32_t> targets;  // places its items go to, in the order of connections
  };
  struct Place {
    const NodeDefinition* definition;
    std::unique_ptr<Node> node;
    std::vector<Port> ports;  // connected ones only

    const std::vector<std::uint32_t>* targets(std::string_view port) const {
      for (const auto& candidate : ports)
        if (candidate.name == port) return &candidate.targets;
      return nullptr;
    }
  };

  Definition definition;
  std::vector<Place> places;  // in the order of definition.nodes
  std::map<std::string, std::uint32_t, std::less<>> place_of;
  std::uint32_t first_input = 0;
  std::optional<std::chrono::milliseconds> timeout;
  const Clock* clock = nullptr;
};

// compile_workflow() before it is handed out as immutable. Throws InvalidInput.
std::shared_ptr<Workflow> make_workflow(const Definition& definition, NodeServices& services);

}  // namespace rowhook
