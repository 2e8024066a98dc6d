// Commands that ask the API, whether an engine runs or not.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/app/api_client.h"
#include "engine/app/cli.h"
#include "engine/app/data_dir.h"
#include "engine/app/event_file.h"
#include "engine/event/document.h"

namespace rowhook {
namespace {

const std::string api = "/api/v1/";

// `?name=value&...` from the options that were given.
class Query {
 public:
  void add(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    text_ += text_.empty() ? '?' : '&';
    text_ += name;
    text_ += '=';
    text_ += url_escape(value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Options of a listing: each becomes a query parameter of the same name with `_` for `-`.
struct ListOptions {
  std::map<std::string, std::string> values;
  void declare(CLI::App& command, const std::vector<std::pair<std::string, std::string>>& options) {
    for (const auto& [name, doc] : options) command.add_option("--" + name, values[name], doc);
    command.add_option("--limit", values["limit"], "At most so many (100; 1000 at most)");
    command.add_option("--cursor", values["cursor"], "Continue where the page before ended");
  }
  std::string query() const {
    Query out;
    for (const auto& [name, value] : values) {
      std::string parameter = name;
      std::replace(parameter.begin(), parameter.end(), '-', '_');
      out.add(parameter, value);
    }
    return out.text();
  }
};

using Options = std::vector<std::pair<std::string, std::string>>;

void add_list(CLI::App& parent, CommandLine& line, const std::string& route, const Options& options,
              const std::vector<TableColumn>& columns) {
  auto* command = parent.add_subcommand("list", "List, newest first");
  auto chosen = std::make_shared<ListOptions>();
  chosen->declare(*command, options);
  command->callback([=, &line] {
    line.run = [=, &line] {
      print_list(line.form(), line.client()->call("GET", api + route + chosen->query()).body, columns);
      return exit_status::done;
    };
  });
}

// `NAME ID`: one call on a thing with an id, its answer printed.
void add_one(CLI::App& parent, CommandLine& line, const std::string& name, const std::string& doc, const std::string& method,
             const std::string& before, const std::string& after = "") {
  auto* command = parent.add_subcommand(name, doc);
  auto id = std::make_shared<std::string>();
  command->add_option("id", *id, "Its id")->required();
  command->callback([=, &line] {
    line.run = [=, &line] {
      auto client = line.client();
      const ApiAnswer answer = client->call(method, api + before + url_escape(*id) + after);
      if (!answer.body.empty()) print_object(line.form(), answer.body);
      return exit_status::done;
    };
  });
}

void add_triggers(CLI::App& app, CommandLine& line) {
  auto* triggers = app.add_subcommand("triggers", "What fires for which events");
  triggers->require_subcommand(1);
  add_list(*triggers, line, "triggers",
           {{"source", "Only this source"}, {"event-type", "Only this event type"}, {"workflow-id", "Only this workflow"},
            {"name", "Only names that contain this"}, {"is-active", "true or false"}},
           {{"ID", "id"}, {"NAME", "name"}, {"SOURCE", "source"}, {"EVENT", "event_type"}, {"WORKFLOW", "workflow_id"},
            {"NODE", "target_node_id"}, {"ACTIVE", "is_active"}});
  add_one(*triggers, line, "show", "One trigger", "GET", "triggers/");
  add_one(*triggers, line, "activate", "Let it fire", "POST", "triggers/", "/activate");
  add_one(*triggers, line, "deactivate", "Keep it from firing", "POST", "triggers/", "/deactivate");
  add_one(*triggers, line, "delete", "Remove it", "DELETE", "triggers/");
}

void add_workflows(CLI::App& app, CommandLine& line) {
  auto* workflows = app.add_subcommand("workflows", "What runs");
  workflows->require_subcommand(1);
  add_list(*workflows, line, "workflows", {},
           {{"ID", "id"}, {"NAME", "name"}, {"ACTIVE", "is_active"}, {"REVISION", "revision"}, {"DESCRIPTION", "description"}});
  add_one(*workflows, line, "show", "One workflow", "GET", "workflows/");
  add_one(*workflows, line, "input-nodes", "The nodes it can start at", "GET", "workflows/", "/input-nodes");
  add_one(*workflows, line, "delete", "Remove it and its triggers", "DELETE", "workflows/");
}

const Options execution_filters{{"trigger-id", "Only this trigger"},   {"workflow-id", "Only this workflow"},
                                {"source", "Only this source"},        {"table", "Only this table"},
                                {"event-id", "Only this event"},       {"error", "Only errors that contain this"},
                                {"from", "Made at or after (RFC 3339)"}, {"to", "Made before (RFC 3339)"}};
const std::vector<TableColumn> execution_columns{{"ID", "id"}, {"STATUS", "status"}, {"WORKFLOW", "workflow_id"},
                                                 {"TRIGGER", "trigger_id"}, {"SOURCE", "source"}, {"EVENT", "event_type"},
                                                 {"TABLE", "table"}, {"KEY", "key"}, {"ATTEMPT", "attempt"},
                                                 {"MS", "execution_time_ms"}, {"ERROR", "error_message"}};

void add_executions(CLI::App& app, CommandLine& line) {
  auto* executions = app.add_subcommand("executions", "What ran");
  executions->require_subcommand(1);
  Options filters = execution_filters;
  filters.emplace_back("status", "pending, running, retrying, completed, dead_letter, cancelled or discarded");
  add_list(*executions, line, "executions", filters, execution_columns);
  add_one(*executions, line, "show", "One execution with its steps", "GET", "executions/");
  add_one(*executions, line, "retry", "Run it again now, under the same id", "POST", "executions/", "/retry");
  add_one(*executions, line, "cancel", "Stop it", "POST", "executions/", "/cancel");
}

// retry and discard take the listing's filters as a JSON body.
void add_bulk(CLI::App& parent, CommandLine& line, const std::string& name, const std::string& doc) {
  auto* command = parent.add_subcommand(name, doc);
  auto chosen = std::make_shared<std::map<std::string, std::string>>();
  auto dry_run = std::make_shared<bool>(false);
  auto ids = std::make_shared<std::vector<std::string>>();
  command->add_option("ids", *ids, "Executions; without any, the filters say which");
  for (const auto& [option, text] : execution_filters) command->add_option("--" + option, (*chosen)[option], text);
  command->add_flag("--dry-run", *dry_run, "Only count them");
  command->callback([=, &line] {
    line.run = [=, &line] {
      nlohmann::json body = nlohmann::json::object();
      for (const auto& [option, value] : *chosen) {
        if (value.empty()) continue;
        std::string member = option;
        std::replace(member.begin(), member.end(), '-', '_');
        body[member] = member == "trigger_id" ? nlohmann::json::parse(value, nullptr, false) : nlohmann::json(value);
      }
      if (!ids->empty()) body["ids"] = *ids;
      body["dry_run"] = *dry_run;
      print_object(line.form(), line.client()->call("POST", api + "dead-letters/" + name, body.dump()).body);
      return exit_status::done;
    };
  });
}

void add_dead_letters(CLI::App& app, CommandLine& line) {
  auto* letters = app.add_subcommand("dead-letters", "Executions whose retries are used up");
  letters->require_subcommand(1);
  add_list(*letters, line, "dead-letters", execution_filters, execution_columns);
  add_bulk(*letters, line, "retry", "Run them again, in order, under the same ids");
  add_bulk(*letters, line, "discard", "Give them up for good");
}

void add_tokens(CLI::App& app, CommandLine& line) {
  auto* tokens = app.add_subcommand("token", "Who may use the API");
  tokens->require_subcommand(1);
  auto* create = tokens->add_subcommand("create", "Make a token; its secret is printed once");
  auto name = std::make_shared<std::string>();
  auto role = std::make_shared<std::string>();
  create->add_option("name", *name, "What it is for")->required();
  create->add_option("--role", *role, "viewer, operator, author or admin")->required();
  create->callback([=, &line] {
    line.run = [=, &line] {
      const nlohmann::json body{{"name", *name}, {"role", *role}};
      print_object(line.form(), line.client()->call("POST", api + "tokens", body.dump()).body);
      return exit_status::done;
    };
  });
  add_list(*tokens, line, "tokens", {},
           {{"ID", "id"}, {"NAME", "name"}, {"ROLE", "role"}, {"CREATED", "created_at"}, {"REVOKED", "revoked_at"}});
  auto* revoke = tokens->add_subcommand("revoke", "Make a token useless at once");
  auto id = std::make_shared<std::string>();
  revoke->add_option("id", *id, "Its id")->required();
  revoke->callback([=, &line] {
    line.run = [=, &line] {
      line.client()->call("DELETE", api + "tokens/" + url_escape(*id));
      return exit_status::done;
    };
  });
}

void add_page(CLI::App& app, CommandLine& line) {
  app.add_subcommand("page", "A link that signs a browser in once, within 15 minutes")->callback([&line] {
    line.run = [&line] {
      const auto running = running_engine(line.data_dir());
      if (!running) throw TransientError("no engine runs on " + line.data_dir(), "start one: rowhook serve --config FILE");
      const auto answer = nlohmann::json::parse(line.client()->call("POST", api + "session/codes", "{}").body);
      const std::string link = running->base_url + "/#code=" + answer.at("code").get<std::string>();
      if (line.form() == OutputForm::json) {
        print_object(OutputForm::json, nlohmann::json{{"url", link}, {"expires_at", answer.at("expires_at")}}.dump());
      } else {
        std::printf("%s\n", link.c_str());
      }
      return exit_status::done;
    };
  });
}

std::string text_at(const Document& document, std::string_view path) {
  const Document* value = document.find_path(path);
  if (!value || value->is_null()) return "-";
  return value->string() ? *value->string() : value->text();
}

struct TailOptions {
  std::string source, event_type, table, from, save;
};

// Where an event is saved: `save` itself when it names a file, else a file of its own in that directory.
std::string fixture_file(const std::string& save, const Document& event) {
  if (save.ends_with(".json")) return save;
  const std::string table = text_at(event, "table");
  return save + "/" + (table == "-" ? "" : table + "-") + text_at(event, "event_type") + "-" +
         text_at(event, "seq") + ".json";
}

void save_fixture(const std::string& file, const Document& event) {
  const auto folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder);
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << pretty_json(event) << "\n";
  if (!out.flush()) throw PermanentError(file + ": cannot be written");
  std::printf("%s\n", file.c_str());
}

void print_event(OutputForm form, const Document& event) {
  std::string text;
  if (form == OutputForm::json) {
    text = event.text();
  } else {
    text = text_at(event, "seq") + "  " + text_at(event, "timestamp") + "  " + text_at(event, "source") +
           "  " + text_at(event, "event_type") + "  " + text_at(event, "table") + "  " +
           text_at(event, "record_id") + "  " + text_at(event, "changed_fields");
  }
  std::printf("%s\n", text.c_str());
}

// Events as they come, oldest first, until interrupted: one line each, or one file each. Ends after the first
// when it is saved to a file of a given name.
int tail(CommandLine& line, const TailOptions& options) {
  auto client = line.client();
  if (!client->live())
    throw TransientError("no engine runs on " + line.data_dir(), "start one with `rowhook serve` or `rowhook demo`");
  const OutputForm form = line.form();
  std::string from = options.from;
  for (;;) {
    Query query;
    query.add("source", options.source);
    query.add("event_type", options.event_type);
    query.add("table", options.table);
    query.add("from_seq", from.empty() ? "now" : from);
    query.add("wait", "20s");
    const Document answer = Document::parse(client->call("GET", api + "events/tail" + query.text()).body);
    for (const Document& event : *answer.find("items")->array()) {
      if (options.save.empty()) {
        print_event(form, event);
        continue;
      }
      save_fixture(fixture_file(options.save, event), event);
      if (options.save.ends_with(".json")) return exit_status::done;
    }
    std::fflush(stdout);
    from = text_at(answer, "next_seq");
  }
}

void add_tail(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand("tail", "Events as they are journaled");
  auto options = std::make_shared<TailOptions>();
  command->add_option("--source", options->source, "Only this source");
  command->add_option("--event-type", options->event_type, "Only this event type");
  command->add_option("--table", options->table, "Only this table");
  command->add_option("--from", options->from, "Start at this seq instead of now")
      ->check(CLI::NonNegativeNumber);
  command->add_option(
      "--save", options->save,
      "FILE.json: save the next event there, as a fixture, and end; a directory: save every event in it");
  command->callback([=, &line] { line.run = [=, &line] { return tail(line, *options); }; });
}

}  // namespace

void add_api_commands(CLI::App& app, CommandLine& line) {
  add_triggers(app, line);
  add_workflows(app, line);
  add_executions(app, line);
  add_dead_letters(app, line);
  add_tokens(app, line);
  add_page(app, line);
  add_explain_command(app, line);
  add_tail(app, line);
}

}  // namespace rowhook
