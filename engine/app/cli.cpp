#include "engine/app/cli.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/app/api_client.h"
#include "engine/app/config.h"
#include "engine/app/data_dir.h"
#include "engine/base/errors.h"

namespace rowhook {
namespace {

void report(const std::string& message, const std::string& hint, const std::vector<Problem>& problems = {}) {
  std::fprintf(stderr, "rowhook: %s\n", message.c_str());
  for (const auto& problem : problems)
    if (message.find(problem.detail) == std::string::npos)
      std::fprintf(stderr, "  %s: %s\n", problem.pointer.empty() ? "(document)" : problem.pointer.c_str(),
                   problem.detail.c_str());
  if (!hint.empty()) std::fprintf(stderr, "  remedy: %s\n", hint.c_str());
}

int status_of(int http) {
  switch (http) {
    case 401:
    case 403:
      return exit_status::not_permitted;
    case 409:
    case 412:
    case 429:
      return exit_status::try_again;
    default:
      return http >= 500 ? exit_status::unavailable : exit_status::bad_data;
  }
}

int run_reporting(const std::function<int()>& run) {
  try {
    return run();
  } catch (const ConfigError& error) {
    report(error.what(), error.hint(), error.problems());
    return exit_status::bad_configuration;
  } catch (const ApiError& error) {
    report(error.what(), error.hint(), error.problems());
    return status_of(error.status());
  } catch (const InvalidInput& error) {
    report(error.what(), error.hint(), error.problems());
    return exit_status::bad_data;
  } catch (const Conflict& error) {
    report(error.what(), error.hint());
    return exit_status::try_again;
  } catch (const PermanentError& error) {
    report(error.what(), error.hint());
    return exit_status::bad_data;
  } catch (const Error& error) {
    report(error.what(), error.hint());
    return exit_status::unavailable;
  } catch (const std::exception& error) {
    report(error.what(), "");
    return exit_status::unavailable;
  }
}

constexpr const char* about = "Rowhook watches databases and runs workflows when rows change";

void declare(CLI::App& app, CommandLine& line) {
  app.require_subcommand(1);
  app.fallthrough();  // options common to all commands may stand behind the command
  app.add_option("--config", line.config_path, "Configuration file");
  app.add_option("--data-dir", line.data_dir_option,
                 "Data directory (default $ROWHOOK_DATA_DIR, else ./rowhook-data)");
  app.add_option("-o,--output", line.output, "table or json; JSON when the output is not a terminal");
  add_engine_commands(app, line);
  add_api_commands(app, line);
  add_file_commands(app, line);
  add_script_check_commands(app, line);
  add_author_commands(app, line);
  add_script_commands(app, line);
  add_backtest_command(app, line);
  add_replay_command(app, line);
  add_completion_command(app, line);
}

void append_usage(const CLI::App& app, const std::string& prefix, std::string& out) {
  const std::string name = prefix.empty() ? app.get_name() : prefix + " " + app.get_name();
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  if (commands.empty() || prefix.empty()) out += "## `" + name + "`\n\n" + app.get_description() + ".\n\n";
  std::string rows;
  for (const auto* option : app.get_options()) {
    if (option->get_name() == "--help") continue;
    rows += "| `" + option->get_name(option->get_positional(), true) + "` | " + option->get_description() +
            " |\n";
  }
  if (!rows.empty()) out += "| | |\n|---|---|\n" + rows + "\n";
  for (const auto* command : commands) append_usage(*command, name, out);
}

}  // namespace

std::string command_line_reference() {
  CommandLine line;
  CLI::App app{about, "rowhook"};
  declare(app, line);
  std::string out;
  append_usage(app, "", out);
  return out;
}

std::string CommandLine::data_dir() const { return data_directory(data_dir_option); }
OutputForm CommandLine::form() const { return output_form(output); }
std::unique_ptr<ApiClient> CommandLine::client() const { return open_api_client(data_dir(), config_path); }

int run_command_line(int argc, char** argv) {
  CommandLine line;
  CLI::App app{about, "rowhook"};
  declare(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_status::done : exit_status::usage;
  }
  return run_reporting(line.run);
}

}  // namespace rowhook
