#include "engine/app/test_runner.h"

#include <chrono>
#include <set>

#include "engine/app/test_subjects.h"
#include "engine/event/json_writer.h"
#include "scripting/lua_lexer.h"

namespace rowhook {
namespace {

constexpr std::size_t most_requests = 500;  // of one test

// What a test file is compiled as: its text stays on its lines, inside a function that has the vocabulary as
// parameters.
ScriptPtr test_script(const TestProject::TestFile& test) {
  return make_script(
      ScriptKind::transform, test.file,
      "return require(\"rowhook.test\")(item, function(describe, it, pending, before_each, fixture, run, "
      "spy, expect) " +
          test.text + "\nend)");
}

// Takes "test.lua:12: " from the front of a message.
int take_line(std::string& message, const std::string& file) {
  constexpr std::size_t shown = 59;  // Lua cuts names of chunks
  const std::string place = file.substr(0, shown) + ":";
  if (!message.starts_with(place)) return 0;
  const auto end = message.find(": ", place.size());
  if (end == std::string::npos) return 0;
  const int line = std::atoi(message.c_str() + place.size());
  if (line > 0) message.erase(0, end + 2);
  return line;
}

std::string text_of(const Document& object, std::string_view name) {
  const Document* found = object.find(name);
  return found && found->string() ? *found->string() : std::string();
}

int integer_of(const Document& object, std::string_view name) {
  const Document* found = object.find(name);
  return found && found->number() ? std::atoi(found->number()->digits.c_str()) : 0;
}

bool is_true(const Document& object, std::string_view name) {
  const Document* found = object.find(name);
  return found && found->boolean() && *found->boolean();
}

EventPtr no_event() {
  auto event = std::make_shared<Event>();
  event->type = "test";
  event->id = "test";
  event->shape = seal(Shape{});
  return event;
}

// Lines on which nothing can run by itself, whatever the bytecode says of them: `end`, `}`, `else`.
std::set<int> lines_with_code(std::string_view text) {
  const std::set<std::string_view> closing{"end", "else", "}", ")", "]", ",", ";", "until"};
  std::set<int> lines;
  for (const auto& token : lua_tokens(text))
    if (!closing.contains(token.text)) lines.insert(token.line);
  return lines;
}

// The tests of one project. Thread safety: confined to one thread.
class Run {
 public:
  Run(const TestProject& project, const ScriptLimits& limits, const std::string& only)
      : project_(project), only_(only), subjects_(project, limits), event_(no_event()) {
    fixtures_ = "{";
    for (const auto& [name, text] : project.fixtures) {
      if (fixtures_.size() > 1) fixtures_ += ',';
      write_json_string(fixtures_, name);
      fixtures_ += ':' + text;
    }
    fixtures_ += '}';
  }

  void file(const TestProject::TestFile& test, std::vector<TestOutcome>& outcomes) {
    const ScriptPtr script = test_script(test);
    const ScriptResult listed = call(script, "list", 0, "[]");
    if (listed.error) {
      TestOutcome& failed = outcomes.emplace_back();
      failed.file = failed.name = test.file;
      fail(failed, listed.error->message);
      return;
    }
    const Document list = Document::parse(listed.result);
    std::size_t number = 0;
    for (const auto& found : *list.find("tests")->array()) {
      ++number;
      TestOutcome outcome;
      outcome.file = test.file;
      outcome.name = text_of(found, "name");
      outcome.line = integer_of(found, "line");
      if (outcome.name.find(only_) == std::string::npos) continue;
      if (is_true(found, "pending")) {
        outcome.status = TestOutcome::Status::pending;
      } else {
        one(script, number, outcome);
      }
      outcomes.push_back(std::move(outcome));
    }
  }

  std::vector<LineCoverage> coverage() {
    std::vector<LineCoverage> out;
    for (const auto& [name, script] : project_.definitions.scripts) touch(name, script.text);
    const auto seen = subjects_.engine().coverage();
    for (const auto& [name, script] : project_.definitions.scripts) {
      const std::set<int> code = lines_with_code(script.text);
      LineCoverage& file = out.emplace_back();
      file.file = (project_.directory.empty() ? "" : project_.directory + "/") + script.file;
      for (const auto& known : seen) {
        if (known.script != name) continue;
        std::copy_if(known.lines.begin(), known.lines.end(), std::back_inserter(file.lines),
                     [&](int line) { return code.contains(line); });
        if (untested_.contains(name)) continue;
        std::copy_if(known.ran.begin(), known.ran.end(), std::back_inserter(file.ran),
                     [&](int line) { return code.contains(line); });
      }
    }
    return out;
  }

 private:
  ScriptResult call(const ScriptPtr& script, const std::string& mode, std::size_t number,
                    const std::string& answers) {
    const ItemPtr item =
        std::make_shared<const Item>(R"({"mode":")" + mode + R"(","test":)" + std::to_string(number) +
                                     R"(,"answers":)" + answers + R"(,"fixtures":)" + fixtures_ + "}");
    const ScriptCall made{.script = script, .event = event_, .item = item};
    return subjects_.engine().run(std::span(&made, 1)).front();
  }

  // Runs a test again and again, each time with one answer more, until it asks for nothing.
  void one(const ScriptPtr& script, std::size_t number, TestOutcome& outcome) {
    const auto began = std::chrono::steady_clock::now();
    subjects_.begin_test();
    std::string answers = "[";
    for (std::size_t asked = 0;; ++asked) {
      ScriptResult result = call(script, "run", number, answers + "]");
      outcome.logs = std::move(result.logs);
      if (result.error) {
        fail(outcome, result.error->message);
        break;
      }
      const Document answer = Document::parse(result.result);
      const Document* request = answer.find("request");
      if (!request) {
        if (!is_true(answer, "passed")) fail(outcome, text_of(answer, "message"));
        break;
      }
      if (asked == most_requests) {
        fail(outcome,
             "the test runs more than " + std::to_string(most_requests) + " scripts, triggers and workflows");
        break;
      }
      if (!answer_request(*request, answers, outcome)) break;
    }
    outcome.time_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  }

  bool answer_request(const Document& request, std::string& answers, TestOutcome& outcome) {
    std::string answer;
    try {
      answer = subjects_.answer(request);
    } catch (const Error& error) {
      answer = R"({"refused":)";
      write_json_string(answer, error.what());
      answer += '}';
    }
    if (answers.size() > 1) answers += ',';
    answers += R"({"key":)";
    write_json_string(answers, text_of(request, "key"));
    answers += R"(,"answer":)" + answer + "}";
    constexpr std::size_t most = 16U << 20;
    if (answers.size() <= most) return true;
    fail(outcome, "what the test asked for gave more than 16 MiB");
    return false;
  }

  static void fail(TestOutcome& outcome, std::string message) {
    outcome.status = TestOutcome::Status::failed;
    outcome.message = std::move(message);
    outcome.failed_line = take_line(outcome.message, outcome.file);
  }

  // A script that no test ran has lines, too: it is run once, and what it does is of no interest.
  void touch(const std::string& name, const std::string& text) {
    for (const auto& known : subjects_.engine().coverage())
      if (known.script == name) return;
    untested_.insert(name);
    const ScriptCall made{.script = make_script(ScriptKind::transform, name, text), .event = event_};
    subjects_.engine().run(std::span(&made, 1));
  }

  const TestProject& project_;
  const std::string& only_;
  TestSubjects subjects_;
  EventPtr event_;
  std::string fixtures_;
  std::set<std::string> untested_;
};

}  // namespace

TestReport run_tests(const TestProject& project, const ScriptLimits& limits, const std::string& only) {
  TestReport report;
  Run run(project, limits, only);
  for (const auto& test : project.tests) run.file(test, report.tests);
  if (limits.coverage) report.coverage = run.coverage();
  return report;
}

}  // namespace rowhook
