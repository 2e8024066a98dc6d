// The JSON of executions: raw text, so that keys and items keep every digit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/execution/execution.h"

namespace rowhook {

struct ApiContext;
struct Page;
struct Call;

// Appends the execution as CONTRACT section 5 has it. `steps`: the JSON array of steps_json(), or nullopt to
// leave them out.
void write_execution(std::string& out, const Execution& execution,
                     const std::optional<std::string>& steps = std::nullopt);

// The same with its steps; the inputs come from the journal (null where retention has dropped the event). May
// run the trigger's transform again.
std::string execution_with_steps(const ApiContext& api, const Execution& execution);

// The execution by id, in memory or in the log. Throws NotFound.
Execution find_execution(const ApiContext& api, const std::string& id);

// Reads the filters of a listing of executions from the query (the parameters that the route knows).
ExecutionFilter execution_filter(const Call& call);

struct ExecutionPage {
  std::vector<Execution>
      executions;  // newest first; those in memory stand on the first page, before and beyond the limit
  std::optional<std::string> next_cursor;
  std::uint64_t total = 0;
  bool at_least = false;  // counting stopped there
};
ExecutionPage list_executions(const ApiContext& api, ExecutionFilter filter, const Page& page);

}  // namespace rowhook
