// rowhook explain: one verdict per trigger, as a person reads it.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/app/api_client.h"
#include "engine/app/cli.h"
#include "engine/event/document.h"

namespace rowhook {
namespace {

std::string text_of(const Document& verdict, std::string_view member) {
  const Document* value = verdict.find(member);
  if (!value || value->is_null()) return "";
  return value->string() ? *value->string() : value->text();
}

// "    what  text", the lines of the text below one another.
void print_part(const char* what, const std::string& text) {
  if (text.empty()) return;
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\n               ") : std::string(1, c);
  std::printf("    %-9s  %s\n", what, out.c_str());
}

void print_verdict(const Document& verdict) {
  std::printf("%s  %s: %s\n", text_of(verdict, "trigger_id").c_str(),
              text_of(verdict, "trigger_name").c_str(), text_of(verdict, "verdict").c_str());
  print_part("because", text_of(verdict, "reason"));
  print_part("predicate", text_of(verdict, "predicate"));
  std::string seen;
  if (const Document* values = verdict.find("values"); values && values->object())
    for (const auto& [name, value] : *values->object())
      seen += (seen.empty() ? "" : "\n") + name + " = " + value.text();
  print_part("saw", seen);
  if (text_of(verdict, "in_force") == "false")
    print_part("by", "revision " + text_of(verdict, "trigger_revision") + ", which is not in force any more");
  if (const std::string id = text_of(verdict, "execution_id"); !id.empty()) {
    const std::string status = text_of(verdict, "execution_status");
    print_part("execution", id + ", " + (status.empty() ? "not recorded" : status));
  }
}

int explain(CommandLine& line, const std::string& event, const std::string& trigger) {
  const std::string query = trigger.empty() ? "" : "?trigger_id=" + url_escape(trigger);
  const std::string body =
      line.client()->call("GET", "/api/v1/events/" + url_escape(event) + "/explain" + query).body;
  if (line.form() == OutputForm::json) {
    print_object(OutputForm::json, body);
    return exit_status::done;
  }
  const Document answer = Document::parse(body);
  const auto& verdicts = *answer.find("verdicts")->array();
  if (verdicts.empty()) std::printf("No trigger was for events of this source and type when it came.\n");
  for (const auto& verdict : verdicts) print_verdict(verdict);
  return exit_status::done;
}

}  // namespace

void add_explain_command(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand("explain", "Why triggers did or did not fire for an event");
  auto event = std::make_shared<std::string>();
  auto trigger = std::make_shared<std::string>();
  command->add_option("event_id", *event, "The event")->required();
  command->add_option("--trigger", *trigger, "Only this trigger's id");
  command->callback([=, &line] { line.run = [=, &line] { return explain(line, *event, *trigger); }; });
}

}  // namespace rowhook
