// How nodes name a Lua script, inline or in the script store, and run it.
#pragma once

#include <string>

#include "workflows/nodes/nodes.h"

namespace rowhook {

// Adds the two settings of a script: `filter` and `filter_script`, or `transform` and `transform_script`.
void add_script_fields(Spec& spec, ScriptKind kind);
bool has_script(const nlohmann::json& config, ScriptKind kind);

// Problems of the script that `config` names: both settings at once, an unknown name, a text that does not
// compile, a column that none of `services.tables` has.
void check_script(const nlohmann::json& config, ScriptKind kind, NodeServices& services,
                  std::vector<Problem>& problems);

// The script `config` names; null when it names none. Throws InvalidInput when the store has no such script.
ScriptPtr script_of(const nlohmann::json& config, ScriptKind kind, NodeServices& services);

// Runs it for the item without blocking a thread. A script that cannot be compiled or asks for what is
// refused is a PermanentError, every other failure a TransientError: an error never counts as false. Log
// lines go to the log and the notes.
boost::asio::awaitable<ScriptResult> run_script(NodeServices& services, ScriptPtr script, ItemPtr item,
                                                RunContext& context);

}  // namespace rowhook
