#include "engine/app/reference.h"

#include "engine/app/cli.h"
#include "engine/app/config.h"
#include "engine/router/trigger.h"
#include "scripting/library_files.h"
#include "web/server/openapi.h"
#include "workflows/node.h"

namespace rowhook {

std::map<std::string, std::string> reference_pages() {
  const std::string note = "*Generated from the program's own declarations.*\n\n";
  return {
      {"configuration.md", "# Configuration\n\n" + note +
                               "One JSON file; `//` comments are allowed. `${NAME}`, `${NAME:-default}` and "
                               "`${NAME:?message}` are replaced "
                               "inside strings after parsing; `$${` stands for `${`. Relative file names are "
                               "relative to the file. "
                               "`rowhook config check FILE` checks it without a database, `rowhook config "
                               "schema` prints its JSON "
                               "Schema for editors.\n\n" +
                               config_spec().markdown()},
      {"trigger-config.md", "# Trigger `config`\n\n" + note +
                                "See [triggers](../triggers.md) for what they do.\n\n" +
                                trigger_config_spec().markdown()},
      {"nodes.md", "# Nodes\n\n" + note +
                       "See [workflows](../workflows.md) for how they are put together.\n\n" +
                       node_reference_markdown()},
      {"lua.md", "# Lua library\n\n" + note + "See [scripting](../scripting.md) for what a script sees.\n\n" +
                     script_library_markdown()},
      {"rowhook.lua", script_library_definitions()},
      {"luacheckrc", script_library_luacheckrc()},
      {"api.md", "# HTTP API routes\n\n" + note + "See [the API](../http-api.md) for a tour and [the WebSocket](../websocket.md) for the same "
                                                   "as methods.\n\n" + api_reference_markdown()},
      {"openapi.json", openapi_document().dump(1) + "\n"},
      {"command-line.md", "# Command line\n\n" + note +
                              "Exit status: 0 done, 1 findings (a failed check, a difference), 64 usage, 65 "
                              "bad data, 69 a service is "
                              "unavailable, 75 try again, 77 not permitted, 78 bad configuration.\n\n" +
                              command_line_reference()},
  };
}

}  // namespace rowhook
