// rowhook replay: what a trigger makes of a range of the journal, run again.
#include <CLI/CLI.hpp>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <map>

#include "engine/app/api_client.h"
#include "engine/app/cli.h"
#include "engine/app/event_file.h"
#include "engine/app/signals.h"
#include "engine/event/document.h"

namespace rowhook {
namespace {

constexpr std::array counted{"events", "matched", "replayed", "waiting"};
// How long it waits when as many executions wait as may.
constexpr std::chrono::milliseconds wait_for_room{500};

struct ReplayOptions {
  std::int64_t trigger = 0;
  std::string from, to;
  bool dry_run = false;
};

// The answers about parts of the range, added up.
using Counts = std::map<std::string_view, std::uint64_t>;

std::uint64_t number_of(const Document& answer, std::string_view name) {
  const Document* found = answer.find(name);
  return found && found->number() ? std::stoull(found->number()->digits) : 0;
}

Document request_of(const ReplayOptions& options, const std::string& from) {
  Document::Object body{{"from", from}, {"dry_run", options.dry_run}};
  if (!options.to.empty()) body.emplace_back("to", options.to);
  return Document(std::move(body));
}

void print(const CommandLine& line, const ReplayOptions& options, const Counts& counts,
           const std::string& next) {
  if (line.form() == OutputForm::json) {
    Document::Object out{{"dry_run", options.dry_run}};
    for (const char* name : counted)
      out.emplace_back(name, Document::Number{std::to_string(counts.at(name))});
    out.emplace_back("next_seq", next.empty() ? Document() : Document(Document::Number{next}));
    std::printf("%s\n", pretty_json(Document(std::move(out))).c_str());
    return;
  }
  const auto count = [&](const char* name) { return counts.at(name); };
  if (options.dry_run)
    std::printf("%" PRIu64 " events read; the trigger fires for %" PRIu64 " of them\n", count("events"),
                count("matched"));
  else
    std::printf("%" PRIu64 " events read; %" PRIu64 " executions run again, %" PRIu64
                " were waiting already\n",
                count("events"), count("replayed"), count("waiting"));
  if (!next.empty()) std::printf("interrupted; go on with --from %s\n", next.c_str());
}

int run_replay(CommandLine& line, const ReplayOptions& options) {
  const StopSignals signals;  // Ctrl-C ends it between two parts
  const auto client = line.client();
  const std::string path = "/api/v1/triggers/" + std::to_string(options.trigger) + "/replay";
  Counts counts;
  std::string from = options.from;
  auto pause = std::chrono::milliseconds{0};
  while (!from.empty() && !signals.wait(pause)) {
    const Document part = Document::parse(client->call("POST", path, request_of(options, from).text()).body);
    for (const char* name : counted) counts[name] += number_of(part, name);
    pause = number_of(part, "matched") == 0 ? wait_for_room : std::chrono::milliseconds{0};
    const Document* next = part.find("next_seq");
    from = next && next->number() ? next->number()->digits : "";
  }
  print(line, options, counts, from);
  return from.empty() ? exit_status::done : exit_status::try_again;
}

}  // namespace

void add_replay_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ReplayOptions>();
  auto* command = app.add_subcommand(
      "replay", "Run what a trigger makes of the journal's events again, under the same ids");
  command->add_option("--trigger", options->trigger, "Its id")->required();
  command->add_option("--from", options->from, "The first seq, or a time (RFC 3339)")->required();
  command->add_option("--to", options->to, "The last seq, or a time");
  command->add_flag("--dry-run", options->dry_run, "Only count what would run");
  command->callback([=, &line] { line.run = [=, &line] { return run_replay(line, *options); }; });
}

}  // namespace rowhook
