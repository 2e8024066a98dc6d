#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/app/output.h"

namespace CLI {
class App;
}

namespace rowhook {

// sysexits.h, as far as CONTRACT.md section 4 uses them.
namespace exit_status {
inline constexpr int done = 0, findings = 1, usage = 64, bad_data = 65, unavailable = 69, try_again = 75,
                     not_permitted = 77, bad_configuration = 78;
}

class ApiClient;

// What the options common to all commands said, and what the chosen command will do.
struct CommandLine {
  std::string config_path, data_dir_option, listen, output;
  std::function<int()> run;  // set by the chosen command; returns the exit status

  std::string data_dir() const;
  OutputForm form() const;
  std::unique_ptr<ApiClient> client() const;
};

// Each adds its commands to `app`; `line` outlives the parse.
void add_engine_commands(CLI::App& app, CommandLine& line);  // serve, demo, config, doctor, migrate, version
void add_api_commands(
    CLI::App& app, CommandLine& line);  // triggers, workflows, executions, dead-letters, token, explain, tail
void add_file_commands(CLI::App& app, CommandLine& line);          // apply, export
void add_script_check_commands(CLI::App& app, CommandLine& line);  // script check, script library
void add_script_commands(CLI::App& app, CommandLine& line);        // script run, repl, versions, rollback
void add_author_commands(CLI::App& app, CommandLine& line);        // test
void add_explain_command(CLI::App& app, CommandLine& line);
void add_backtest_command(CLI::App& app, CommandLine& line);
void add_replay_command(CLI::App& app, CommandLine& line);
void add_completion_command(CLI::App& app, CommandLine& line);

// Every command with its options, as Markdown.
std::string command_line_reference();

// The whole program but for the script host: parses, runs, reports errors on standard error, returns the exit
// status.
int run_command_line(int argc, char** argv);

}  // namespace rowhook
