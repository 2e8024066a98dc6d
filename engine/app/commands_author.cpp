// Commands for those who write scripts and workflows: test, script run, script repl.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/app/cli.h"
#include "engine/app/config.h"
#include "engine/app/test_report.h"

namespace rowhook {
namespace {

struct TestOptions {
  std::string directory = ".", only;
  bool coverage = false;
};

ScriptLimits limits_of(const CommandLine& line) {
  return line.config_path.empty() ? ScriptLimits{} : load_config(line.config_path).scripting;
}

int test(CommandLine& line, const TestOptions& options) {
  ScriptLimits limits = limits_of(line);
  limits.coverage = options.coverage;
  TestReport report;
  for (const auto& project : find_test_projects(options.directory)) {
    TestReport part = run_tests(project, limits, options.only);
    std::move(part.tests.begin(), part.tests.end(), std::back_inserter(report.tests));
    std::move(part.coverage.begin(), part.coverage.end(), std::back_inserter(report.coverage));
  }
  if (report.tests.empty())
    throw InvalidInput("no tests were found in " + options.directory, {},
                       "tests are files named test.lua or *_test.lua, or *.lua in a folder tests/");
  const std::string text = line.output == "json" ? test_report_json(report) + "\n" : tap_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return all_passed(report) ? exit_status::done : exit_status::findings;
}

}  // namespace

void add_author_commands(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<TestOptions>();
  auto* command = app.add_subcommand(
      "test", "Run the tests that authors of scripts and workflows wrote; TAP, or JSON with -o json");
  command->add_option("dir", options->directory, "Where to look for tests, at any depth (default: here)");
  command->add_option("--only", options->only, "Only tests whose name contains this");
  command->add_flag("--coverage", options->coverage, "Say which lines of scripts/ ran");
  command->callback([=, &line] { line.run = [=, &line] { return test(line, *options); }; });
}

}  // namespace rowhook
