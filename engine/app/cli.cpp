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
      std::fprintf(stderr, "  %s: %s\n", problem.pointer.empty() ? "(document)" : problem.pointer.c_str(), problem.detail.c_str());
  if (!hint.empty()) std::fprintf(stderr, "  remedy: %s\n", hint.c_str());
}

int status_of(int http) {
  switch (http) {
    case 401:
    case 403: return exit_status::not_permitted;
    case 409:
    case 412:
    case 429: return exit_status::try_again;
    default: return http >= 500 ? exit_status::unavailable : exit_status::bad_data;
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

}  // namespace

std::string CommandLine::data_dir() const { return data_directory(data_dir_option); }
OutputForm CommandLine::form() const { return output_form(output); }
std::unique_ptr<ApiClient> CommandLine::client() const { return open_api_client(data_dir(), config_path); }

int run_command_line(int argc, char** argv) {
  CLI::App app{"Rowhook watches databases and runs workflows when rows change", "rowhook"};
  app.require_subcommand(1);
  app.fallthrough();  // options common to all commands may stand behind the command
  CommandLine line;
  app.add_option("--config", line.config_path, "Configuration file");
  app.add_option("--data-dir", line.data_dir_option, "Data directory (default $ROWHOOK_DATA_DIR, else ./rowhook-data)");
  app.add_option("-o,--output", line.output, "table or json; JSON when the output is not a terminal");
  add_engine_commands(app, line);
  add_api_commands(app, line);
  add_file_commands(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_status::done : exit_status::usage;
  }
  return run_reporting(line.run);
}

}  // namespace rowhook
