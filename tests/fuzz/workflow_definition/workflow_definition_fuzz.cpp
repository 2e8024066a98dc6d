// Workflow JSON from outside: reading and checking it never crashes, problems point into the document, and
// what has none reads again as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/base/json.h"
#include "workflows/run.h"
#include "workflows/services.h"

using namespace rowhook;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nlohmann::json json;
  try {
    json = parse_json({reinterpret_cast<const char*>(data), size});
  } catch (const InvalidInput&) {
    return 0;
  }
  NodeServices services;
  std::vector<Problem> problems;
  const Definition definition = read_workflow(json, services, problems);
  for (const auto& problem : problems)
    if (!problem.pointer.empty() && problem.pointer.front() != '/') std::abort();
  if (!problems.empty()) return 0;
  const auto written = to_json(definition);
  if (to_json(read_workflow(written, services, problems)) != written || !problems.empty()) std::abort();
  try {
    if (!compile_workflow(definition, services)) std::abort();
  } catch (const InvalidInput&) {
    // It names a script, and there is no store.
  }
  return 0;
}
