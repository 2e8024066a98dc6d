#include "engine/app/definitions_dir.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "engine/app/api_client.h"
#include "engine/base/json.h"

namespace rowhook {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Action = DefinitionChange::Action;

const std::string api = "/api/v1/";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InvalidInput(path.string() + ": cannot be read", {});
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw PermanentError(path.string() + ": cannot be written");
}

bool in_folder(const std::string& path, std::string_view folder, std::string_view ending) {
  return path.size() > folder.size() + ending.size() && path.compare(0, folder.size(), folder) == 0 &&
         path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
}

std::string text_member(const json& document, const char* name, const std::string& file) {
  const auto found = document.find(name);
  if (!document.is_object() || found == document.end() || !found->is_string() || found->get<std::string>().empty())
    throw InvalidInput(file + ": \"" + name + "\" is missing", {{std::string("/") + name, "is missing"}});
  return *found;
}

// Only the members a user writes: what the store adds (id, times, revision) says nothing about a difference.
json comparable(json document) {
  for (const char* name : {"id", "created_at", "updated_at", "revision", "from_seq", "until_seq", "created_by", "updated_by"})
    document.erase(name);
  return document;
}

// Every member of `wanted` is in `stored` with the same value; defaults the store filled in do not count as a change.
bool covers(const json& stored, const json& wanted) {
  if (wanted.is_object() && stored.is_object()) {
    for (const auto& [name, member] : wanted.items()) {
      const auto found = stored.find(name);
      if (found == stored.end() ? !(member.is_null() || member.empty()) : !covers(*found, member)) return false;
    }
    return true;
  }
  if (wanted.is_array() && stored.is_array()) {
    if (wanted.size() != stored.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (!covers(stored[i], wanted[i])) return false;
    return true;
  }
  return wanted == stored;
}

std::vector<json> list_all(ApiClient& client, const std::string& route) {
  std::vector<json> items;
  std::string cursor;
  do {
    const json answer = json::parse(
        client.call("GET", api + route + "?limit=1000" + (cursor.empty() ? "" : "&cursor=" + url_escape(cursor))).body);
    for (const auto& item : answer.at("items")) items.push_back(item);
    cursor = answer.at("next_cursor").is_string() ? answer.at("next_cursor").get<std::string>() : "";
  } while (!cursor.empty());
  return items;
}

// Runs one call for `file`; its errors name the file.
ApiAnswer call_for(ApiClient& client, const std::string& file, std::string_view method, const std::string& path,
                   const std::string& body, const std::string& precondition = {}) {
  try {
    return client.call(method, path, body, precondition);
  } catch (const ApiError& error) {
    throw ApiError(error.status(), file + ": " + error.what(), error.hint(), error.problems());
  }
}

class Application {
 public:
  Application(ApiClient& client, const Definitions& definitions) : client_(client), definitions_(definitions) {
    for (auto& script : list_all(client, "scripts")) scripts_[script.at("name")] = script;
    for (auto& workflow : list_all(client, "workflows")) workflows_[workflow.at("id")] = workflow;
    for (auto& trigger : list_all(client, "triggers")) triggers_[trigger.at("name")] = trigger;
  }

  // What would be done; throws on the first definition that is refused.
  std::vector<DefinitionChange> check() {
    std::vector<DefinitionChange> changes;
    for (const auto& [name, script] : definitions_.scripts) {
      const json answer = json::parse(
          call_for(client_, script.file, "POST", api + "scripts/check", json{{"name", name}, {"source", script.text}}.dump()).body);
      if (!answer.value("ok", true)) {
        const json error = answer.value("error", json::object());
        throw InvalidInput(script.file + ": " + error.value("message", "does not compile"), {});
      }
      changes.push_back({action_of(scripts_, name, {{"source", script.text}}), "script", name});
    }
    for (const auto& [id, workflow] : definitions_.workflows) {
      check_workflow(workflow);
      changes.push_back({action_of(workflows_, id, workflow.json), "workflow", id});
    }
    for (const auto& [name, trigger] : definitions_.triggers) {
      check_trigger(trigger);
      changes.push_back({action_of(triggers_, name, trigger.json), "trigger", name});
    }
    return changes;
  }

  void apply() {
    for (const auto& [name, script] : definitions_.scripts)
      save("scripts/" + url_escape(name), script.file, action_of(scripts_, name, {{"source", script.text}}), "PUT",
           "scripts/" + url_escape(name), {{"source", script.text}});
    for (const auto& [id, workflow] : definitions_.workflows)
      save("workflows", workflow.file, action_of(workflows_, id, workflow.json), "POST", "workflows/" + url_escape(id),
           workflow.json);
    for (const auto& [name, trigger] : definitions_.triggers) {
      const Action action = action_of(triggers_, name, trigger.json);
      const std::string id = action == Action::create ? "" : triggers_.at(name).at("id").dump();
      save("triggers", trigger.file, action, "POST", "triggers/" + id, trigger.json);
    }
  }

 private:
  using Stored = std::map<std::string, json>;

  static Action action_of(const Stored& stored, const std::string& name, const json& wanted) {
    const auto found = stored.find(name);
    if (found == stored.end()) return Action::create;
    return covers(comparable(found->second), comparable(wanted)) ? Action::unchanged : Action::update;
  }

  void check_workflow(const Definitions::Document& workflow) {
    call_for(client_, workflow.file, "POST", api + "workflows/validate", workflow.json.dump());
  }

  // A trigger may name a workflow or script of the same directory, which the store does not hold yet.
  void check_trigger(const Definitions::Document& trigger) {
    const std::string workflow = trigger.json.value("workflow_id", "");
    if (definitions_.workflows.count(workflow) > 0 && workflows_.count(workflow) == 0) {
      check_target(trigger, definitions_.workflows.at(workflow).json);
      return;
    }
    const json answer =
        json::parse(call_for(client_, trigger.file, "POST", api + "triggers/validate", trigger.json.dump()).body);
    if (answer.is_object() && answer.value("valid", true)) return;
    std::vector<Problem> problems;
    for (const auto& error : answer.value("errors", json::array()))
      problems.push_back({error.value("pointer", ""), error.value("detail", "")});
    throw InvalidInput(trigger.file + ": is not valid", problems);
  }

  static void check_target(const Definitions::Document& trigger, const json& workflow) {
    const auto target = trigger.json.find("target_node_id");
    if (target == trigger.json.end() || target->is_null()) return;
    for (const auto& node : workflow.value("nodes", json::array()))
      if (node.value("node_id", "") == *target) return;
    throw InvalidInput(trigger.file + ": is not valid",
                       {{"/target_node_id", "there is no node " + target->dump() + " in the workflow"}});
  }

  void save(const std::string& create_path, const std::string& file, Action action, const char* create_method,
            const std::string& path, const json& body) {
    if (action == Action::create)
      call_for(client_, file, create_method, api + create_path, body.dump(),
               std::string_view(create_method) == "PUT" ? "If-None-Match: *" : "");
    if (action == Action::update) {
      const std::string etag = client_.call("GET", api + path).etag;
      call_for(client_, file, "PUT", api + path, body.dump(), "If-Match: " + etag);
    }
  }

  ApiClient& client_;
  const Definitions& definitions_;
  Stored scripts_, workflows_, triggers_;
};

// A file name from a trigger's name: letters and digits stay, the rest becomes one hyphen.
std::string slug(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "trigger" : out;
}

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::create: return "create";
    case Action::update: return "update";
    case Action::unchanged: return "unchanged";
  }
  return "";
}

Definitions parse_definitions(const std::map<std::string, std::string>& files) {
  Definitions out;
  const auto json_of = [](const std::string& file, const std::string& text) {
    try {
      return parse_json(text, true);
    } catch (const InvalidInput& error) {
      throw InvalidInput(file + ": " + error.what(), error.problems());
    }
  };
  for (const auto& [file, text] : files) {
    if (in_folder(file, "scripts/", ".lua")) {
      const std::string name = file.substr(8, file.size() - 12);
      out.scripts[name] = {file, text};
    } else if (in_folder(file, "workflows/", ".json")) {
      json document = json_of(file, text);
      const std::string id = text_member(document, "id", file);
      if (!out.workflows.emplace(id, Definitions::Document{file, std::move(document)}).second)
        throw InvalidInput(file + ": the workflow '" + id + "' stands in two files", {{"/id", "give it another id"}});
    } else if (in_folder(file, "triggers/", ".json")) {
      json document = json_of(file, text);
      const std::string name = text_member(document, "name", file);
      if (!out.triggers.emplace(name, Definitions::Document{file, std::move(document)}).second)
        throw InvalidInput(file + ": the trigger '" + name + "' stands in two files", {{"/name", "give it another name"}});
    }
  }
  return out;
}

Definitions read_definitions(const std::string& directory) {
  if (!fs::is_directory(directory))
    throw InvalidInput(directory + ": there is no such directory", {}, "rowhook export " + directory + " makes one");
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.is_regular_file()) {
      const std::string name = fs::relative(entry.path(), directory).generic_string();
      if (in_folder(name, "scripts/", ".lua") || in_folder(name, "workflows/", ".json") || in_folder(name, "triggers/", ".json"))
        files[name] = read_file(entry.path());
    }
  return parse_definitions(files);
}

std::vector<DefinitionChange> apply_definitions(ApiClient& client, const Definitions& definitions, bool dry_run) {
  Application application(client, definitions);
  auto changes = application.check();
  if (!dry_run) application.apply();
  return changes;
}

std::vector<std::string> export_definitions(ApiClient& client, const std::string& directory) {
  std::vector<std::string> files;
  const auto put = [&](const std::string& file, const std::string& text) {
    write_file(fs::path(directory) / file, text);
    files.push_back(file);
  };
  for (const auto& script : list_all(client, "scripts")) {
    const std::string name = script.at("name");
    const json whole = json::parse(client.call("GET", api + "scripts/" + url_escape(name)).body);
    put("scripts/" + name + ".lua", whole.at("source"));
  }
  for (const auto& workflow : list_all(client, "workflows")) {
    json document = comparable(workflow);
    document["id"] = workflow.at("id");
    put("workflows/" + workflow.at("id").get<std::string>() + ".json", document.dump(2) + "\n");
  }
  std::map<std::string, int> taken;
  for (const auto& trigger : list_all(client, "triggers")) {
    std::string name = slug(trigger.at("name"));
    if (const int earlier = taken[name]++; earlier > 0) name += "-" + std::to_string(earlier + 1);
    put("triggers/" + name + ".json", comparable(trigger).dump(2) + "\n");
  }
  return files;
}

}  // namespace rowhook
