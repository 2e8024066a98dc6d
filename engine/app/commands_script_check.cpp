// What is wrong with scripts, and what they can name.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "engine/app/api_client.h"
#include "engine/app/cli.h"
#include "scripting/library_files.h"
#include "scripting/script_engine.h"

namespace rowhook {
namespace {

struct CheckOptions {
  std::vector<std::string> files;
  std::string kind, source, table;
};

std::string read_script_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw PermanentError("the script " + path + " cannot be read");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// orders/paid.lua -> orders/paid: as it is named in the store.
std::string name_of(const std::string& path) {
  return path.ends_with(".lua") ? path.substr(0, path.size() - 4) : path;
}

// In this process: needs neither an engine nor a data directory.
nlohmann::json inspect_here(ScriptEngine& engine, const std::string& path, const CheckOptions& options) {
  std::optional<ScriptKind> kind;
  if (!options.kind.empty()) kind = options.kind == "filter" ? ScriptKind::filter : ScriptKind::transform;
  auto problems = nlohmann::json::array();
  for (const auto& problem : engine.inspect(name_of(path), read_script_file(path), kind).problems)
    problems.push_back({{"severity", problem.error ? "error" : "warning"},
                        {"line", problem.line},
                        {"column", problem.column},
                        {"message", problem.message}});
  return problems;
}

// With the columns that the engine knows of the source's tables.
nlohmann::json inspect_there(ApiClient& client, const std::string& path, const CheckOptions& options) {
  nlohmann::json body{
      {"name", name_of(path)}, {"source", read_script_file(path)}, {"event_source", options.source}};
  if (!options.kind.empty()) body["kind"] = options.kind;
  if (!options.table.empty()) body["table"] = options.table;
  auto answer = nlohmann::json::parse(client.call("POST", "/api/v1/scripts/check", body.dump()).body);
  if (!answer.at("columns_known").get<bool>())
    throw TransientError(
        "the columns of source '" + options.source + "'" +
            (options.table.empty() ? "" : ", table '" + options.table + "',") +
            " are not known: it watches no such table, or its database is away",
        "rowhook doctor --config FILE says what is wrong; without --source columns are not checked");
  return answer.at("problems");
}

int check(CommandLine& line, const CheckOptions& options) {
  if (!options.table.empty() && options.source.empty())
    throw InvalidInput("say with --source which source the table is of", {});
  Metrics metrics;
  std::unique_ptr<ScriptEngine> engine;
  std::unique_ptr<ApiClient> client;
  if (options.source.empty()) {
    engine = std::make_unique<ScriptEngine>(ScriptLimits{}, metrics);
  } else {
    client = line.client();
  }
  auto items = nlohmann::json::array();
  bool failed = false;
  for (const auto& path : options.files)
    for (auto& problem :
         engine ? inspect_here(*engine, path, options) : inspect_there(*client, path, options)) {
      failed = failed || problem.at("severity") == "error";
      problem["file"] = path;
      items.push_back(std::move(problem));
    }
  if (line.form() == OutputForm::json) {
    print_object(OutputForm::json, nlohmann::json{{"ok", !failed}, {"problems", items}}.dump());
  } else {
    for (const auto& item : items)
      std::printf("%s:%d:%d: %s: %s\n", item.at("file").get<std::string>().c_str(),
                  item.at("line").get<int>(), item.at("column").get<int>(),
                  item.at("severity").get<std::string>().c_str(),
                  item.at("message").get<std::string>().c_str());
  }
  return failed ? exit_status::findings : exit_status::done;
}

int library(CommandLine& line, const std::string& format, const std::string& source,
            const std::string& table) {
  std::string text;
  if (source.empty()) {
    text = format == "luals"      ? script_library_definitions()
           : format == "luacheck" ? script_library_luacheckrc()
                                  : script_library_markdown();
  } else {
    std::string path = "/api/v1/scripts/library?format=" + format + "&source=" + url_escape(source);
    if (!table.empty()) path += "&table=" + url_escape(table);
    text = line.client()->call("GET", path).body;
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_status::done;
}

}  // namespace

void add_script_check_commands(CLI::App& app, CommandLine& line) {
  const auto known =
      app.get_subcommands([](const CLI::App* command) { return command->get_name() == "script"; });
  auto* script = known.empty() ? app.add_subcommand("script", "Lua scripts") : known.front();
  script->require_subcommand(1);
  auto options = std::make_shared<CheckOptions>();
  auto* check_command =
      script->add_subcommand("check", "Find what is wrong with scripts without running them");
  check_command->add_option("files", options->files, "The scripts")->required();
  check_command->add_option("--kind", options->kind, "filter or transform; without it, either will do")
      ->check(CLI::IsMember({"filter", "transform"}));
  check_command->add_option("--source", options->source,
                            "Check columns against the watched tables of this source");
  check_command->add_option("--table", options->table, "Only this table (a glob)");
  check_command->callback([=, &line] { line.run = [=, &line] { return check(line, *options); }; });

  auto format = std::make_shared<std::string>("luals");
  auto source = std::make_shared<std::string>(), table = std::make_shared<std::string>();
  auto* library_command =
      script->add_subcommand("library", "Print what scripts can name, for an editor or a linter");
  library_command->add_option("--format", *format, "luals (default), luacheck or markdown")
      ->check(CLI::IsMember({"luals", "luacheck", "markdown"}));
  library_command->add_option("--source", *source, "With the columns of this source's watched tables");
  library_command->add_option("--table", *table, "Only of this table (a glob)");
  library_command->callback(
      [=, &line] { line.run = [=, &line] { return library(line, *format, *source, *table); }; });
}

}  // namespace rowhook
