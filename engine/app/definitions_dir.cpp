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
  if (!document.is_object() || found == document.end() || !found->is_string() ||
      found->get<std::string>().empty())
    throw InvalidInput(file + ": \"" + name + "\" is missing", {{std::string("/") + name, "is missing"}});
  return *found;
}

// Only the members a user writes: what the store adds (id, times, revision) says nothing about a difference.
json comparable(json document) {
  for (const char* name : {"id", "created_at", "updated_at", "revision", "from_seq", "until_seq",
                           "created_by", "updated_by", "breaker"})
    document.erase(name);
  return document;
}

std::vector<json> list_all(ApiClient& client, const std::string& route) {
  std::vector<json> items;
  std::string cursor;
  do {
    const json answer =
        json::parse(client
                        .call("GET", api + route + "?limit=1000" +
                                         (cursor.empty() ? "" : "&cursor=" + url_escape(cursor)))
                        .body);
    for (const auto& item : answer.at("items")) items.push_back(item);
    cursor = answer.at("next_cursor").is_string() ? answer.at("next_cursor").get<std::string>() : "";
  } while (!cursor.empty());
  return items;
}

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

// "/triggers/3/source" of the request is "triggers/paid.json: /source" for whoever wrote the files.
Problem in_its_file(const Problem& problem, const std::map<std::string, std::string>& files) {
  for (const auto& [pointer, file] : files) {
    const bool within = problem.pointer.compare(0, pointer.size(), pointer) == 0 &&
                        (problem.pointer.size() == pointer.size() || problem.pointer[pointer.size()] == '/');
    if (!within) continue;
    const std::string rest = problem.pointer.substr(pointer.size());
    return {rest.empty() ? file : file + ": " + rest, problem.detail};
  }
  return problem;
}

}  // namespace

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
        throw InvalidInput(file + ": the workflow '" + id + "' stands in two files",
                           {{"/id", "give it another id"}});
    } else if (in_folder(file, "triggers/", ".json")) {
      json document = json_of(file, text);
      const std::string name = text_member(document, "name", file);
      if (!out.triggers.emplace(name, Definitions::Document{file, std::move(document)}).second)
        throw InvalidInput(file + ": the trigger '" + name + "' stands in two files",
                           {{"/name", "give it another name"}});
    }
  }
  return out;
}

Definitions read_definitions(const std::string& directory) {
  if (!fs::is_directory(directory))
    throw InvalidInput(directory + ": there is no such directory", {},
                       "rowhook export " + directory + " makes one");
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.is_regular_file()) {
      const std::string name = fs::relative(entry.path(), directory).generic_string();
      if (in_folder(name, "scripts/", ".lua") || in_folder(name, "workflows/", ".json") ||
          in_folder(name, "triggers/", ".json"))
        files[name] = read_file(entry.path());
    }
  return parse_definitions(files);
}

Definitions read_scripts(const std::string& directory) {
  if (!fs::is_directory(directory)) throw InvalidInput(directory + ": there is no such directory", {});
  Definitions out;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.is_regular_file() && entry.path().extension() == ".lua")
      out.scripts[entry.path().stem().string()] = {entry.path().filename().string(), read_file(entry.path())};
  return out;
}

std::string apply_definitions(ApiClient& client, const Definitions& definitions, bool dry_run) {
  json body{{"scripts", json::object()},
            {"workflows", json::array()},
            {"triggers", json::array()},
            {"dry_run", dry_run}};
  std::map<std::string, std::string> files;  // where in the request a file went
  for (const auto& [name, script] : definitions.scripts) {
    body["scripts"][name] = script.text;
    files[pointer_append("/scripts", name)] = script.file;
  }
  const auto add = [&](const char* kind, const std::map<std::string, Definitions::Document>& documents) {
    for (const auto& [name, document] : documents) {
      files[pointer_append(std::string("/") + kind, body[kind].size())] = document.file;
      body[kind].push_back(document.json);
    }
  };
  add("workflows", definitions.workflows);
  add("triggers", definitions.triggers);
  try {
    return client.call("POST", api + "definitions", body.dump()).body;
  } catch (const ApiError& error) {
    if (error.problems().empty()) throw;
    std::vector<Problem> problems;
    for (const auto& problem : error.problems()) problems.push_back(in_its_file(problem, files));
    throw ApiError(error.status(),
                   "nothing was applied: " + problems.front().pointer + ": " + problems.front().detail,
                   error.hint(), problems);
  }
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
