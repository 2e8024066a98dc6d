// Workflows, triggers and scripts as files: apply and export.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/app/api_client.h"
#include "engine/app/cli.h"
#include "engine/app/definitions_dir.h"

namespace rowhook {
namespace {

int apply(CommandLine& line, const std::string& directory, bool dry_run) {
  const Definitions definitions = read_definitions(directory);
  const auto client = line.client();
  print_list(line.form(), apply_definitions(*client, definitions, dry_run),
             {{dry_run ? "WOULD" : "DID", "action"}, {"KIND", "kind"}, {"NAME", "name"}});
  return exit_status::done;
}

int export_to(CommandLine& line, const std::string& directory) {
  const auto client = line.client();
  auto items = nlohmann::json::array();
  for (const auto& file : export_definitions(*client, directory)) items.push_back({{"file", file}});
  print_list(line.form(), nlohmann::json{{"items", items}}.dump(), {{"WROTE", "file"}});
  return exit_status::done;
}

}  // namespace

void add_file_commands(CLI::App& app, CommandLine& line) {
  auto directory = std::make_shared<std::string>();
  auto dry_run = std::make_shared<bool>(false);
  auto* apply_command = app.add_subcommand("apply", "Make the store hold the workflows, triggers and scripts of a directory");
  apply_command->add_option("dir", *directory, "The directory")->required();
  apply_command->add_flag("--dry-run", *dry_run, "Check everything and say what would change");
  apply_command->callback([=, &line] { line.run = [=, &line] { return apply(line, *directory, *dry_run); }; });
  auto* export_command = app.add_subcommand("export", "Write everything the store holds into a directory");
  export_command->add_option("dir", *directory, "The directory")->required();
  export_command->callback([=, &line] { line.run = [=, &line] { return export_to(line, *directory); }; });
}

}  // namespace rowhook
