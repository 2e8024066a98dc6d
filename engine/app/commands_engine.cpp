// Commands that run or prepare an engine.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/app/cli.h"
#include "engine/app/config.h"
#include "engine/app/data_dir.h"
#include "engine/app/demo.h"
#include "engine/app/engine.h"
#include "engine/app/own_directory.h"
#include "engine/app/signals.h"
#include "engine/app/sources.h"
#include "engine/app/version.h"
#include "engine/store/migrator.h"

namespace rowhook {
namespace {

Config config_of(const CommandLine& line) {
  return line.config_path.empty() ? parse_config("{}", "", {}) : load_config(line.config_path);
}

int serve(CommandLine& line) {
  if (line.config_path.empty())
    throw ConfigError("serve needs a configuration", {}, "rowhook serve --config FILE; `rowhook demo` needs none");
  EngineOptions options;
  options.config = load_config(line.config_path);
  if (!line.listen.empty()) options.config.server.listen = line.listen;
  options.config_path = std::filesystem::absolute(line.config_path).string();
  options.data_dir = line.data_dir();
  const StopSignals signals;  // before any thread starts
  Engine engine(std::move(options));
  engine.start();
  std::printf("Rowhook %s, API on %s/api/v1\n", version_text(), engine.base_url().c_str());
  std::printf("The page, signed in (once, within 15 minutes): %s\n", engine.page_link().c_str());
  if (const auto& token = engine.made_admin_token())
    std::printf("The admin token, shown once and kept in %s/admin-token: %s\n", line.data_dir().c_str(), token->c_str());
  std::fflush(stdout);
  const auto reload = [&] {
    try {
      engine.reload();
      log::info("configuration reloaded");
    } catch (const Error& error) {
      log::error("the configuration was not reloaded", {{"reason", error.what()}});
    }
  };
  while (!signals.wait(std::chrono::hours{1}, reload)) {
  }
  engine.stop(std::chrono::seconds{30});
  return exit_status::done;
}

int check_config(CommandLine& line, const std::string& file, bool no_environment) {
  const Config config = load_config(file, no_environment ? Environment{} : process_environment());
  nlohmann::json sources = nlohmann::json::array();
  for (const auto& source : config.sources)
    sources.push_back({{"source", source.source}, {"type", source.type}, {"method", source.method}, {"tables", source.tables.size()}});
  print_object(line.form(), nlohmann::json{{"ok", true}, {"file", file}, {"sources", sources}}.dump());
  return exit_status::done;
}

int doctor(CommandLine& line) {
  if (line.config_path.empty()) throw ConfigError("doctor needs a configuration", {}, "rowhook doctor --config FILE");
  const Config config = load_config(line.config_path);
  auto items = nlohmann::json::array();
  bool healthy = true;
  for (const auto& source : config.sources) {
    for (const auto& finding : examine(source)) {
      healthy = healthy && finding.severity != Finding::Severity::error;
      items.push_back({{"source", source.source}, {"severity", to_string(finding.severity)}, {"check", finding.check},
                       {"detail", finding.detail}, {"remedy", finding.remedy}});
    }
  }
  if (line.form() == OutputForm::json) {
    print_object(OutputForm::json, nlohmann::json{{"ok", healthy}, {"items", items}}.dump());
  } else {
    for (const auto& item : items) {
      const std::string remedy = item.at("remedy");
      std::printf("%-7s  %s: %s: %s\n", item.at("severity").get<std::string>().c_str(), item.at("source").get<std::string>().c_str(),
                  item.at("check").get<std::string>().c_str(), item.at("detail").get<std::string>().c_str());
      if (!remedy.empty()) std::printf("         %s\n", remedy.c_str());
    }
    std::printf(healthy ? "Nothing stands in the way of capture.\n" : "Mend the errors above, then run doctor again.\n");
  }
  return healthy ? exit_status::done : exit_status::findings;
}

// What a migration command does where the data directory is missing.
enum class Missing { make_it, leave_it, is_an_error };

// Runs `work` with a migrator over the configured store.
int with_migrator(const CommandLine& line, Missing missing, const std::function<int(Migrator&)>& work) {
  const std::string store = config_of(line).store;
  std::string directory = line.data_dir();
  std::optional<OwnDirectory> instead;
  if ((store.empty() || store == "sqlite") && !std::filesystem::exists(directory)) {
    if (missing == Missing::is_an_error) require_data_directory(directory);
    if (missing == Missing::leave_it) directory = instead.emplace("command").path().string();
  }
  const auto connection = open_store_connection(store, directory);
  Migrator migrator(*connection, system_clock());
  return work(migrator);
}

int print_migrations(const CommandLine& line, Migrator& migrator) {
  auto items = nlohmann::json::array();
  bool current = true;
  for (const auto& migration : migrator.status()) {
    const char* state = migration.unknown ? "unknown to this program" : migration.changed ? "applied with another text"
                        : migration.applied_at ? "applied" : "pending";
    current = current && migration.applied_at && !migration.changed && !migration.unknown;
    items.push_back({{"name", migration.name}, {"state", state},
                     {"applied_at", migration.applied_at ? nlohmann::json(format_rfc3339(*migration.applied_at)) : nlohmann::json()}});
  }
  print_list(line.form(), nlohmann::json{{"items", items}}.dump(),
             {{"MIGRATION", "name"}, {"STATE", "state"}, {"APPLIED", "applied_at"}});
  return current ? exit_status::done : exit_status::findings;
}

void add_migrate(CLI::App& app, CommandLine& line) {
  auto* migrate = app.add_subcommand("migrate", "The store's schema");
  migrate->require_subcommand(1);
  const auto add = [&](const std::string& name, const std::string& doc, Missing missing,
                       std::function<int(Migrator&)> work) {
    auto* command = migrate->add_subcommand(name, doc);
    command->callback([&line, missing, work] {
      line.run = [&line, missing, work] { return with_migrator(line, missing, work); };
    });
    return command;
  };
  add("up", "Bring the schema up to date", Missing::make_it, [](Migrator& migrator) {
    for (const auto& name : migrator.up()) std::printf("applied %s\n", name.c_str());
    return exit_status::done;
  });
  auto count = std::make_shared<std::size_t>(1);
  add("down", "Take back the newest migrations, with their data", Missing::is_an_error, [count](Migrator& migrator) {
    for (const auto& name : migrator.down(*count)) std::printf("took back %s\n", name.c_str());
    return exit_status::done;
  })->add_option("count", *count, "How many (1)")->check(CLI::PositiveNumber);
  add("status", "Which migrations are applied", Missing::leave_it, [&line](Migrator& migrator) { return print_migrations(line, migrator); });
  add("populate-targets", "Set target_node_id to the first input node where it is NULL", Missing::is_an_error, [](Migrator& migrator) {
    migrator.populate_targets([](const std::string& done) { std::printf("%s\n", done.c_str()); });
    return exit_status::done;
  });
}

}  // namespace

void add_engine_commands(CLI::App& app, CommandLine& line) {
  auto* serve_command = app.add_subcommand("serve", "Capture, run workflows, serve the API");
  serve_command->add_option("--listen", line.listen, "ADDRESS:PORT instead of the configuration's");
  serve_command->callback([&line] { line.run = [&line] { return serve(line); }; });

  auto options = std::make_shared<DemoOptions>();
  auto* demo = app.add_subcommand("demo", "A shop, watched: orders come in, executions are printed");
  demo->add_flag("--postgres", options->postgres, "On a private PostgreSQL with logical replication");
  demo->add_flag("--once", options->once, "Play the shop's changes once, check the outcome, end");
  demo->add_option("--listen", options->listen, "ADDRESS:PORT of the API");
  demo->callback([=, &line] {
    line.run = [=, &line] {
      options->data_dir = line.data_dir_option;
      return run_demo(*options);
    };
  });

  auto* config = app.add_subcommand("config", "The configuration file");
  config->require_subcommand(1);
  auto file = std::make_shared<std::string>();
  auto no_environment = std::make_shared<bool>(false);
  auto* check = config->add_subcommand("check", "Is it valid? Needs no database");
  check->add_option("file", *file, "The configuration file")->required();
  check->add_flag("--no-environment", *no_environment, "Leave ${NAME} as it is");
  check->callback([=, &line] { line.run = [=, &line] { return check_config(line, *file, *no_environment); }; });
  config->add_subcommand("schema", "Its JSON Schema, for editors")->callback([&line] {
    line.run = [] {
      std::printf("%s\n", config_schema().dump(2).c_str());
      return exit_status::done;
    };
  });

  app.add_subcommand("doctor", "What each database lacks, with the exact SQL that mends it")->callback([&line] {
    line.run = [&line] { return doctor(line); };
  });
  add_migrate(app, line);
  app.add_subcommand("version", "The program's version")->callback([&line] {
    line.run = [] {
      std::printf("rowhook %s\n", version_text());
      return exit_status::done;
    };
  });
}

}  // namespace rowhook
