// rowhook backtest: a new or changed trigger over the journal, without effects.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cinttypes>
#include <cstdio>
#include <filesystem>

#include "engine/app/api_client.h"
#include "engine/app/cli.h"
#include "engine/app/event_file.h"
#include "engine/app/signals.h"
#include "scripting/script_modules.h"
#include "scripting/script_text.h"
#include "web/server/call.h"

namespace rowhook {
namespace {

namespace fs = std::filesystem;

struct BacktestOptions {
  std::string trigger, from, to;
  std::vector<std::string> scripts;  // NAME=FILE
  std::size_t samples = 20;
};

std::uint64_t number_at(const Document& document, std::string_view path) {
  const Document* value = document.find_path(path);
  return value && value->number() ? std::stoull(value->number()->digits) : 0;
}

std::string text_at(const Document& document, std::string_view path) {
  const Document* value = document.find_path(path);
  if (!value || value->is_null()) return "";
  return value->string() ? *value->string() : value->text();
}

bool all_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// The scripts that a trigger of a definitions folder needs, directly or not, as they stand beside it.
void add_scripts_beside(const Document& trigger, const fs::path& file, Document::Object& scripts) {
  std::vector<std::string> names;
  for (const char* member : {"filter_script", "transform_script"})
    if (std::string name = text_at(trigger, std::string("config.") + member); !name.empty())
      names.push_back(std::move(name));
  for (const char* member : {"filter", "transform"})
    for (auto& name : read_script_text(text_at(trigger, std::string("config.") + member)).modules)
      names.push_back(std::move(name));
  const auto beside = [&](const std::string& name) -> std::optional<std::string> {
    const fs::path path = file.parent_path() / ".." / "scripts" / (name + ".lua");
    if (!fs::is_regular_file(path)) return std::nullopt;
    return read_text_file(path.string());
  };
  for (auto& script : collect_modules(std::move(names), beside).found)
    scripts.emplace_back(std::move(script.name), std::move(script.text));
}

Document::Object request_of(const BacktestOptions& options) {
  Document::Object body, scripts;
  if (all_digits(options.trigger)) {
    body.emplace_back("trigger_id", Document::Number{options.trigger});
  } else {
    const Document trigger = Document::parse(read_text_file(options.trigger));
    add_scripts_beside(trigger, options.trigger, scripts);
    body.emplace_back("trigger", trigger);
  }
  for (const auto& given : options.scripts) {
    const auto equals = given.find('=');
    if (equals == std::string::npos) throw InvalidInput("--script " + given + ": write NAME=FILE", {});
    scripts.emplace_back(given.substr(0, equals), read_text_file(given.substr(equals + 1)));
  }
  if (!scripts.empty()) body.emplace_back("scripts", std::move(scripts));
  body.emplace_back("samples", Document::Number{std::to_string(options.samples)});
  body.emplace_back("time_limit", "1s");
  if (!options.to.empty()) body.emplace_back("to", options.to);
  return body;
}

// The answers about parts of the range, added up. Thread safety: none.
class Summary {
 public:
  explicit Summary(std::size_t samples) : most_samples_(samples) {
    for (const char* path : counted) counts_[path] = 0;
  }

  void add(const Document& part) {
    if (from_ == 0) from_ = number_at(part, "from_seq");
    if (const auto to = number_at(part, "to_seq")) to_ = to;
    end_ = number_at(part, "journal_seq");
    compared_ = part.find("active") && !part.find("active")->is_null();
    state_known_ = state_known_ && *part.find("state_known")->boolean();
    for (const char* path : counted) counts_[path] += number_at(part, path);
    for (const char* name : {"fired", "differing"})
      for (const auto& sample : *part.find(name)->array())
        if (samples_[name].size() < most_samples_) samples_[name].push_back(sample);
    for (const auto& failure : *part.find("failures")->array()) add_failure(failure);
  }

  // 0 to 100; of the seqs between the first that was read and the end.
  unsigned percent() const {
    if (end_ <= from_ || to_ >= end_) return 100;
    return static_cast<unsigned>(100 * (to_ - from_) / (end_ - from_));
  }
  std::uint64_t events() const { return counts_.at("events"); }
  bool finds_something() const { return counts_.at("candidate.fails") > 0; }

  Document document(bool complete) const {
    Document out{Document::Object{}};
    const auto set = [&](std::string_view path, std::uint64_t value) {
      out.set_path(path, Document::Number{std::to_string(value)});
    };
    out.set_path("complete", complete);
    set("from_seq", from_);
    set("to_seq", to_);
    for (const char* path : counted)
      if (compared_ || !is_comparison(path)) set(path, counts_.at(path));
    out.set_path("state_known", state_known_);
    out.set_path("failures", Document::Array(failures_));
    for (const auto& [name, list] : samples_)
      if (compared_ || name == "fired") out.set_path(name, Document::Array(list));
    return out;
  }

  void print(bool complete) const {
    const auto count = [&](const char* path) { return counts_.at(path); };
    std::printf("%" PRIu64 " events read, seq %" PRIu64 " to %" PRIu64 "%s; %" PRIu64
                " of the trigger's source and type\n",
                count("events"), from_, to_, complete ? "" : " (interrupted)", count("of_trigger"));
    std::printf("fires %" PRIu64 " times, fails %" PRIu64 " times\n", count("candidate.fires"),
                count("candidate.fails"));
    if (compared_)
      std::printf("the active revision fires %" PRIu64 " times, fails %" PRIu64
                  " times; they differ on %" PRIu64 " events\n",
                  count("active.fires"), count("active.fails"), count("differ"));
    if (!state_known_)
      std::printf(
          "scripts of it use kv: for every event they saw what it holds now, not what it would have held\n");
    for (const auto& failure : failures_)
      std::printf("  failed %" PRIu64 " times, first on %s: %s\n", number_at(failure, "count"),
                  text_at(failure, "first_event_id").c_str(), text_at(failure, "message").c_str());
    const auto found = samples_.find(compared_ ? "differing" : "fired");
    if (found == samples_.end() || found->second.empty()) return;
    std::printf("%s\n", compared_ ? "events on which they differ:" : "events it fires on:");
    for (const auto& sample : found->second) print_sample(sample);
  }

 private:
  static constexpr std::array counted{"events",       "of_trigger",   "candidate.fires", "candidate.fails",
                                      "active.fires", "active.fails", "differ"};
  static bool is_comparison(std::string_view path) { return path.starts_with("active") || path == "differ"; }

  void add_failure(const Document& failure) {
    for (auto& known : failures_)
      if (text_at(known, "message") == text_at(failure, "message")) {
        known.set_path("count", Document::Number{
                                    std::to_string(number_at(known, "count") + number_at(failure, "count"))});
        return;
      }
    failures_.push_back(failure);
  }

  void print_sample(const Document& sample) const {
    const auto verdict = [&](const std::string& of) {
      std::string text = text_at(sample, of + ".verdict");
      if (const std::string error = text_at(sample, of + ".error"); !error.empty())
        text += " (" + error + ")";
      if (const std::string item = text_at(sample, of + ".item"); !item.empty()) text += " " + item;
      return text;
    };
    std::printf("  %s  %s %s  %s%s\n", text_at(sample, "event_id").c_str(), text_at(sample, "table").c_str(),
                text_at(sample, "record_id").c_str(), compared_ ? (verdict("active") + " -> ").c_str() : "",
                verdict("candidate").c_str());
  }

  const std::size_t most_samples_;
  std::uint64_t from_ = 0, to_ = 0, end_ = 0;
  bool compared_ = false, state_known_ = true;
  std::map<std::string, std::uint64_t> counts_;
  std::map<std::string, std::vector<Document>> samples_;
  std::vector<Document> failures_;
};

void show_progress(const Summary& summary, bool end) {
  if (::isatty(STDERR_FILENO) == 0) return;
  constexpr unsigned width = 40;
  const unsigned done = summary.percent() * width / 100;
  std::fprintf(stderr, "\r[%s%s] %3u%%  %" PRIu64 " events%s", std::string(done, '#').c_str(),
               std::string(width - done, '.').c_str(), summary.percent(), summary.events(), end ? "\n" : "");
  std::fflush(stderr);
}

int run_backtest(CommandLine& line, const BacktestOptions& options) {
  const StopSignals signals;  // Ctrl-C ends it between two parts, with what is known by then
  const auto client = line.client();
  const Document::Object request = request_of(options);
  Summary summary(options.samples);
  std::string from = options.from;
  bool complete = false;
  while (!complete && !signals.wait(std::chrono::milliseconds{0})) {
    Document::Object body = request;
    if (!from.empty()) body.emplace_back("from", from);
    const Document part = Document::parse(
        client->call("POST", "/api/v1/triggers/backtest", Document(std::move(body)).text()).body);
    summary.add(part);
    from = text_at(part, "next_seq");
    complete = from.empty();
    show_progress(summary, complete);
  }
  if (line.form() == OutputForm::json) {
    std::printf("%s\n", pretty_json(summary.document(complete)).c_str());
  } else {
    summary.print(complete);
  }
  if (!complete) return exit_status::try_again;
  return summary.finds_something() ? exit_status::findings : exit_status::done;
}

}  // namespace

void add_backtest_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<BacktestOptions>();
  auto* command = app.add_subcommand(
      "backtest", "What a new or changed trigger would have done with the journal's events, without effects");
  command
      ->add_option("--trigger", options->trigger,
                   "The id of a stored trigger, or a file with a new or changed one")
      ->required();
  command->add_option("--script", options->scripts,
                      "NAME=FILE: a changed text of a script that the trigger names or its scripts require");
  command->add_option("--from", options->from,
                      "The first seq, or a time (RFC 3339); default: everything the journal has");
  command->add_option("--to", options->to, "The last seq, or a time");
  command->add_option("--samples", options->samples, "At most so many events are shown (20; 200 at most)")
      ->check(CLI::Range(0, 200));
  command->callback([=, &line] { line.run = [=, &line] { return run_backtest(line, *options); }; });
}

}  // namespace rowhook
