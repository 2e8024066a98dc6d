#include "engine/app/local_scripts.h"

#include <filesystem>
#include <map>

#include "engine/app/event_file.h"
#include "engine/base/errors.h"

namespace rowhook {

// Generated from scripting/testing by CMake.
const std::map<std::string, std::string>& test_library_files();

namespace {

std::optional<std::string> text_of_module(const std::filesystem::path& directory, const std::string& name) {
  if (name == "rowhook.repl") return test_library_files().at("rowhook.repl.lua");
  const auto path = directory / (name + ".lua");
  if (name.find("..") != std::string::npos || !std::filesystem::is_regular_file(path)) return std::nullopt;
  return read_text_file(path.string());
}

}  // namespace

LocalScripts::LocalScripts(const ScriptLimits& limits, std::string directory)
    : engine_(limits, metrics_, [directory = std::move(directory)](const std::string& name) {
        return text_of_module(directory, name);
      }) {}

ScriptResult LocalScripts::run(ScriptKind kind, const std::string& name, const std::string& text,
                               const EventPtr& event, const ItemPtr& item) {
  const ScriptCall call{.script = make_script(kind, name, text), .event = event, .item = item};
  return engine_.run(std::span(&call, 1)).front();
}

ScriptResult LocalScripts::run_as_it_is(const std::string& name, const std::string& text,
                                        const EventPtr& event, const ItemPtr& item, ScriptKind& kind) {
  kind = ScriptKind::transform;
  ScriptResult as_transform = run(kind, name, text, event, item);
  if (!as_transform.error || as_transform.error->type != ScriptError::Type::result) return as_transform;
  ScriptResult as_filter = run(ScriptKind::filter, name, text, event, item);
  if (as_filter.error) return as_transform;
  kind = ScriptKind::filter;
  return as_filter;
}

}  // namespace rowhook
