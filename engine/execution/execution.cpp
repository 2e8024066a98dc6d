#include "engine/execution/execution.h"

#include <array>

namespace rowhook {

namespace {
constexpr std::array<std::string_view, 7> status_names{"pending",     "running",   "retrying", "completed",
                                                       "dead_letter", "cancelled", "discarded"};
}  // namespace

std::string_view to_string(ExecutionStatus status) {
  return status_names.at(static_cast<std::size_t>(status));
}

ExecutionStatus execution_status(std::string_view name) {
  for (std::size_t i = 0; i < status_names.size(); ++i)
    if (status_names[i] == name) return static_cast<ExecutionStatus>(i);
  throw InvalidInput("'" + std::string(name) + "' is not a status of an execution",
                     {{"/status", "'" + std::string(name) +
                                      "' is not one of pending, running, retrying, completed, "
                                      "dead_letter, cancelled or discarded"}});
}

}  // namespace rowhook
