// Commands about one script: run, repl, versions, rollback.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "engine/app/api_client.h"
#include "engine/app/cli.h"
#include "engine/app/config.h"
#include "engine/app/event_file.h"
#include "engine/app/local_scripts.h"
#include "engine/base/json.h"
#include "engine/event/json_writer.h"
#include "web/server/call.h"

namespace rowhook {
namespace {

namespace fs = std::filesystem;
const std::string api = "/api/v1/";

struct RunOptions {
  std::string file, event, item, kind;
};

std::string name_of(const std::string& file) { return fs::path(file).stem().string(); }

std::string in_quotes(std::string_view text) {
  std::string out;
  write_json_string(out, text);
  return out;
}

void print_logs(const std::vector<ScriptLogLine>& logs) {
  for (const auto& line : logs) std::fprintf(stderr, "%s: %s\n", line.level.c_str(), line.message.c_str());
}

// What POST /scripts/run would have answered.
std::string result_json(const ScriptResult& result, ScriptKind kind) {
  std::string out, error, logs = "[";
  JsonObject json(out);
  json.boolean("ok", !result.error);
  if (result.error) {
    JsonObject inner(error);
    inner.text("type", to_string(result.error->type));
    inner.text("message", result.error->message);
    inner.text("script", result.error->script);
    inner.raw("line", result.error->line > 0 ? std::to_string(result.error->line) : std::string());
    inner.close();
    json.raw("error", error);
  } else {
    json.raw("result", result.pass || kind == ScriptKind::filter ? std::string_view(result.result)
                                                                 : std::string_view("null"));
  }
  for (const auto& line : result.logs)
    logs += std::string(logs.size() > 1 ? "," : "") + R"({"level":)" + in_quotes(line.level) +
            R"(,"message":)" + in_quotes(line.message) + "}";
  json.raw("logs", logs + "]");
  json.number("time_ms", std::chrono::duration<double, std::milli>(result.time).count());
  json.number("memory_bytes", result.memory_bytes);
  json.close();
  return out;
}

// The answer of a run: on a terminal its result by itself, what it logged and what it took on standard error.
int report_run(OutputForm form, const std::string& answer_text) {
  const Document answer = Document::parse(answer_text);
  const Document* ok = answer.find("ok");
  const bool good = ok && ok->boolean() && *ok->boolean();
  if (form == OutputForm::json) {
    std::printf("%s\n", answer_text.c_str());
    return good ? exit_status::done : exit_status::findings;
  }
  if (const Document* logs = answer.find("logs"); logs && logs->array())
    for (const auto& line : *logs->array())
      std::fprintf(stderr, "%s: %s\n", line.find("level")->string()->c_str(),
                   line.find("message")->string()->c_str());
  if (good) {
    std::printf("%s\n", pretty_json(*answer.find("result")).c_str());
  } else {
    const Document* error = answer.find("error");
    std::fprintf(stderr, "%s: %s\n", error->find("type")->string()->c_str(),
                 error->find("message")->string()->c_str());
  }
  std::fprintf(stderr, "%s ms, %s bytes\n", answer.find("time_ms")->text().c_str(),
               answer.find("memory_bytes")->text().c_str());
  return good ? exit_status::done : exit_status::findings;
}

ScriptLimits limits_of(const CommandLine& line) {
  return line.config_path.empty() ? ScriptLimits{} : load_config(line.config_path).scripting;
}

bool is_file(const std::string& text) { return fs::is_regular_file(text); }

std::string run_recorded(CommandLine& line, const RunOptions& options, const std::string& text) {
  std::string body;
  JsonObject json(body);
  json.text("source", text);
  json.text("name", name_of(options.file));
  json.text("event_id", options.event);
  json.text("kind", options.kind.empty() ? "transform" : options.kind);
  if (!options.item.empty()) json.raw("item", Document::parse(read_text_file(options.item)).text());
  json.close();
  const auto client = line.client();
  std::string answer = client->call("POST", api + "scripts/run", body).body;
  const Document* error = nullptr;
  const Document document = Document::parse(answer);
  if (const Document* found = document.find_path("error.type"); found && found->string()) error = found;
  if (options.kind.empty() && error && *error->string() == "result") {
    RunOptions as_filter = options;
    as_filter.kind = "filter";
    std::string second = run_recorded(line, as_filter, text);
    if (const Document again = Document::parse(second); *again.find("ok")->boolean()) return second;
  }
  return answer;
}

int run_file(CommandLine& line, const RunOptions& options) {
  const std::string text = read_text_file(options.file);
  if (!is_file(options.event)) return report_run(line.form(), run_recorded(line, options, text));
  const EventPtr event = read_event_file(options.event);
  const ItemPtr item = options.item.empty()
                           ? nullptr
                           : std::make_shared<const Item>(Document::parse(read_text_file(options.item)));
  LocalScripts scripts(limits_of(line), fs::path(options.file).parent_path().string());
  ScriptKind kind = options.kind == "filter" ? ScriptKind::filter : ScriptKind::transform;
  const ScriptResult result = options.kind.empty()
                                  ? scripts.run_as_it_is(name_of(options.file), text, event, item, kind)
                                  : scripts.run(kind, name_of(options.file), text, event, item);
  return report_run(line.form(), result_json(result, kind));
}

// A prompt at which Lua is run for one event. What a line declares (`local x = ...`) holds for the lines
// behind it: they run again before each of them, which nobody notices, since scripts have no effects.
class Repl {
 public:
  Repl(CommandLine& line, const std::string& event)
      : line_(line), scripts_(limits_of(line), ""), interactive_(::isatty(STDIN_FILENO) == 1) {
    use_event(event);
  }

  int run() {
    if (interactive_)
      std::printf(
          "Lua with new, old, changed, event and the library. .event ID|FILE changes the event, .quit "
          "ends.\n");
    for (std::string input; read(input, input.empty() ? "> " : ">> ");) {
      if (input.front() == '.' && std::isalpha(static_cast<unsigned char>(input[1]))) {
        if (input == ".quit" || input == ".exit") break;
        command(input);
      } else if (wants_more(input)) {
        continue;
      }
      input.clear();
    }
    return exit_status::done;
  }

 private:
  // Appends a line of input; false at the end.
  bool read(std::string& input, const char* prompt) {
    for (std::string text;; text.clear()) {
      if (interactive_) std::printf("%s", prompt);
      std::fflush(stdout);
      if (!std::getline(std::cin, text)) return false;
      if (text.empty() && input.empty()) continue;
      input += input.empty() ? text : "\n" + text;
      return true;
    }
  }

  void command(const std::string& input) {
    if (input.rfind(".event ", 0) != 0) {
      std::printf("commands: .event EVENT_ID|FILE, .quit\n");
      return;
    }
    try {
      use_event(input.substr(7));
    } catch (const Error& error) {
      std::printf("%s\n", error.what());
    }
  }

  void use_event(const std::string& event) {
    if (event.empty()) {
      event_ = event_from_document(Document::parse(R"({"event_type":"test","source":"repl"})"), "");
    } else if (is_file(event)) {
      event_ = read_event_file(event);
    } else {
      event_ = event_from_document(
          Document::parse(line_.client()->call("GET", api + "events/" + url_escape(event)).body), "");
    }
  }

  // Runs the input; true: it is unfinished.
  bool wants_more(const std::string& input) {
    const std::string head = "local _show = require(\"rowhook.repl\") " + declared_;
    ScriptResult result =
        scripts_.run(ScriptKind::transform, "repl", head + "return _show(" + input + "\n)", event_);
    bool declares = false;
    if (result.error && result.error->type == ScriptError::Type::syntax) {
      ScriptResult as_statement =
          scripts_.run(ScriptKind::transform, "repl", head + input + "\nreturn _show()", event_);
      if (as_statement.error && is_unfinished(head + input) && !input.ends_with("\n")) return true;
      declares = !as_statement.error;
      result = std::move(as_statement);
    }
    print_logs(result.logs);
    if (result.error) {
      std::printf("%s\n", of_input(result.error->message, input).c_str());
    } else if (declares) {
      declared_ += input + "\n";
    } else {
      const Document shown = Document::parse(result.result);
      std::printf("%s\n", shown.find("shown")->string()->c_str());
    }
    return false;
  }

  // "repl:3: ..." with the line of what was typed last, not of all that was declared before it.
  std::string of_input(const std::string& message, const std::string& input) const {
    const std::string place = "repl:";
    if (message.rfind(place, 0) != 0) return message;
    char* rest = nullptr;
    const long line = std::strtol(message.c_str() + place.size(), &rest, 10);
    const long before = std::count(declared_.begin(), declared_.end(), '\n');
    const long last = 1 + std::count(input.begin(), input.end(), '\n');  // behind it stands what shows it
    return line > before ? place + std::to_string(std::min(line - before, last)) + rest : message;
  }

  // It could go on: the compiler missed something at its end. (An empty line ends the input all the same.)
  bool is_unfinished(const std::string& text) {
    const ScriptResult alone = scripts_.run(ScriptKind::transform, "repl", text, event_);
    return alone.error && alone.error->type == ScriptError::Type::syntax &&
           alone.error->message.find("<eof>") != std::string::npos;
  }

  CommandLine& line_;
  LocalScripts scripts_;
  EventPtr event_;
  std::string declared_;
  const bool interactive_;
};

int versions(CommandLine& line, const std::string& name, bool with_diff) {
  const std::string body = line.client()->call("GET", api + "scripts/" + url_escape(name) + "/versions").body;
  if (line.form() == OutputForm::json || !with_diff) {
    print_list(line.form(), body,
               {{"REVISION", "revision"},
                {"BY", "updated_by"},
                {"AT", "created_at"},
                {"IN FORCE", "in_force"},
                {"FROM SEQ", "from_seq"},
                {"UNTIL SEQ", "until_seq"},
                {"RESTORED", "restored_from"}});
    return exit_status::done;
  }
  const auto answer = nlohmann::json::parse(body);
  for (const auto& version : answer.at("items"))
    std::printf("revision %s by %s at %s\n%s\n", version.at("revision").dump().c_str(),
                version.at("updated_by").get<std::string>().c_str(),
                version.at("created_at").get<std::string>().c_str(),
                version.at("diff").get<std::string>().c_str());
  return exit_status::done;
}

int state(CommandLine& line, const std::string& name, bool clear) {
  const auto client = line.client();
  const std::string path = api + "scripts/" + url_escape(name) + "/state";
  const std::string body = client->call("GET", path).body;
  if (clear) client->call("DELETE", path);
  if (line.form() == OutputForm::json) {
    std::printf("%s\n", body.c_str());
    return exit_status::done;
  }
  const Document answer = Document::parse(body);
  for (const auto& [key, value] : *answer.find("state")->object())
    std::printf("%s = %s\n", key.c_str(), value.text().c_str());
  std::printf("%s keys, %s bytes%s\n", answer.find("keys")->text().c_str(),
              answer.find("bytes")->text().c_str(), clear ? ": cleared" : "");
  return exit_status::done;
}

int rollback(CommandLine& line, const std::string& name, std::int64_t revision) {
  const auto client = line.client();
  const std::string path = api + "scripts/" + url_escape(name);
  std::string precondition;
  try {
    precondition = "If-Match: " + client->call("GET", path).etag;
  } catch (const ApiError& error) {
    if (error.status() != 404) throw;  // a script that was removed is brought back
  }
  const std::string body =
      client->call("POST", path + "/rollback", nlohmann::json{{"revision", revision}}.dump(), precondition)
          .body;
  const auto answer = nlohmann::json::parse(body);
  print_object(
      line.form(),
      nlohmann::json{{"name", name}, {"revision", answer.at("revision")}, {"restored_from", revision}}
          .dump());
  return exit_status::done;
}

}  // namespace

void add_script_commands(CLI::App& app, CommandLine& line) {
  const auto known =
      app.get_subcommands([](const CLI::App* command) { return command->get_name() == "script"; });
  auto* script = known.empty() ? app.add_subcommand("script", "Lua scripts") : known.front();
  script->require_subcommand(1);

  auto options = std::make_shared<RunOptions>();
  auto* run = script->add_subcommand("run", "Run a script once, on a recorded event or one in a file");
  run->add_option("file", options->file, "The script")->required();
  run->add_option("--event", options->event, "A file with an event, or the id of a recorded one")->required();
  run->add_option("--item", options->item, "A file with the item that a node's script sees");
  run->add_option("--as", options->kind, "filter or transform (default: what it turns out to be)")
      ->check(CLI::IsMember({"filter", "transform"}));
  run->callback([=, &line] { line.run = [=, &line] { return run_file(line, *options); }; });

  auto* repl = script->add_subcommand("repl", "A prompt for Lua, on one event");
  auto event = std::make_shared<std::string>();
  repl->add_option("--event", *event, "A file with an event, or the id of a recorded one");
  repl->callback([=, &line] { line.run = [=, &line] { return Repl(line, *event).run(); }; });

  auto name = std::make_shared<std::string>();
  auto with_diff = std::make_shared<bool>(false);
  auto* history = script->add_subcommand("versions", "Who changed a stored script when, and how");
  history->add_option("name", *name, "The script")->required();
  history->add_flag("--diff", *with_diff, "What each version changed");
  history->callback([=, &line] { line.run = [=, &line] { return versions(line, *name, *with_diff); }; });

  auto clear = std::make_shared<bool>(false);
  auto* kept = script->add_subcommand("state", "What a script keeps with kv, also one that was removed");
  kept->add_option("name", *name,
                   "The script; 'trigger 12 filter' for a trigger's own, 'workflow ID node ID'")
      ->required();
  kept->add_flag("--clear", *clear, "Empty it (and show what it was)");
  kept->callback([=, &line] { line.run = [=, &line] { return state(line, *name, *clear); }; });

  auto revision = std::make_shared<std::int64_t>(0);
  auto* back =
      script->add_subcommand("rollback", "Bring an older text of a stored script back, as a new version");
  back->add_option("name", *name, "The script")->required();
  back->add_option("revision", *revision, "The version to bring back")
      ->required()
      ->check(CLI::PositiveNumber);
  back->callback([=, &line] { line.run = [=, &line] { return rollback(line, *name, *revision); }; });
}

}  // namespace rowhook
