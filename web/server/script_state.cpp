// What scripts keep with kv: GET and DELETE /scripts/{name}/state.
#include "engine/execution/scheduler.h"
#include "engine/store/store.h"
#include "web/server/call.h"
#include "web/server/handlers.h"

namespace rowhook {
namespace {

// A removed script has its state, and a script written into a trigger or node has one without being stored.
ScriptState state_of(const Call& call, const std::string& name) {
  ScriptState state = call.api.store().script_state(name);
  if (state.empty() && !call.api.store().script(name))
    throw NotFound(
        "there is no script '" + name + "', and nothing is kept under that name",
        "a trigger's own script is named 'trigger 12 filter', one of a node 'workflow ID node ID'");
  return state;
}

}  // namespace

ApiResponse show_script_state(Call& call) {
  const std::string name = call.parameter();
  const ScriptState state = state_of(call, name);
  std::string values, out;
  JsonObject members(values);
  for (const auto& [key, value] : state) members.raw(key, value);
  members.close();
  JsonObject json(out);
  json.text("name", name);
  json.number("keys", std::uint64_t{state.size()});
  json.number("bytes", std::uint64_t{state_bytes(state)});
  json.raw("state", values);
  json.close();
  return ApiResponse::json(std::move(out));
}

ApiResponse clear_script_state(Call& call) {
  const std::string name = call.parameter();
  (void)state_of(call, name);
  call.api.services.scheduler->clear_state(name);
  return ApiResponse::empty();
}

}  // namespace rowhook
