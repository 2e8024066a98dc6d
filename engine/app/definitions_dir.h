#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/errors.h"

namespace rowhook {

class ApiClient;

// Workflows, triggers and scripts as files under version control:
//   workflows/<id>.json   as the API takes them
//   triggers/<any>.json   as the API takes them, without id; the trigger's `name` is its identity
//   scripts/<name>.lua
struct Definitions {
  struct Document {
    std::string file;  // for messages: "triggers/paid.json"
    nlohmann::json json;
  };
  std::map<std::string, Document> workflows;  // by id
  std::map<std::string, Document> triggers;   // by name
  struct Script {
    std::string file, text;
  };
  std::map<std::string, Script> scripts;  // by name
};

// From files, by their path relative to the directory ("triggers/paid.json") and their text; other files are ignored.
// Throws InvalidInput naming file and place.
Definitions parse_definitions(const std::map<std::string, std::string>& files);
Definitions read_definitions(const std::string& directory);
// The `*.lua` files of one folder (scripting.directory).
Definitions read_scripts(const std::string& directory);

// Makes the store hold what `definitions` say; what they do not mention stays. Everything is checked before anything is stored:
// throws ApiError whose problems name file and pointer, and nothing was applied. Returns the API's answer,
// {"items":[{"action": create | update | unchanged, "kind", "name"}],"dry_run"}.
std::string apply_definitions(ApiClient& client, const Definitions& definitions, bool dry_run);

// Writes everything the store holds into `directory`; returns the files written, relative to it.
std::vector<std::string> export_definitions(ApiClient& client, const std::string& directory);

}  // namespace rowhook
