#include "engine/app/test_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

using nlohmann::json;

std::size_t count(const TestReport& report, TestOutcome::Status status) {
  return static_cast<std::size_t>(std::count_if(report.tests.begin(), report.tests.end(),
                                                [&](const auto& test) { return test.status == status; }));
}

std::string_view status_name(TestOutcome::Status status) {
  switch (status) {
    case TestOutcome::Status::passed:
      return "passed";
    case TestOutcome::Status::failed:
      return "failed";
    case TestOutcome::Status::pending:
      return "pending";
  }
  return "";
}

// Runs of lines that were not run, "3" or "7-9". Lines without code between two of them do not break a run.
std::vector<std::string> missed_lines(const LineCoverage& file) {
  std::vector<std::string> out;
  int first = 0, last = 0;
  const auto flush = [&] {
    if (first > 0)
      out.push_back(first == last ? std::to_string(first)
                                  : std::to_string(first) + "-" + std::to_string(last));
    first = 0;
  };
  for (const int line : file.lines) {
    if (std::binary_search(file.ran.begin(), file.ran.end(), line)) {
      flush();
      continue;
    }
    if (first == 0) first = line;
    last = line;
  }
  flush();
  return out;
}

int percent_of(const LineCoverage& file) {
  return file.lines.empty() ? 100 : static_cast<int>(100 * file.ran.size() / file.lines.size());
}

std::string quoted(const std::string& text) {
  std::string out;
  write_json_string(out, text);  // a YAML double-quoted scalar
  return out;
}

// One line; `#` would begin a directive.
std::string tap_name(const TestOutcome& test) {
  std::string out;
  for (const char c : test.name) {
    if (c == '#' || c == '\\') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

void write_failure(std::string& out, const TestOutcome& test) {
  out += "  ---\n  message: " + quoted(test.message) + "\n  at: " +
         quoted(test.file + (test.failed_line > 0 ? ":" + std::to_string(test.failed_line)
                             : test.line > 0      ? ":" + std::to_string(test.line)
                                                  : "")) +
         "\n";
  if (!test.logs.empty()) {
    out += "  log:\n";
    for (const auto& line : test.logs) out += "    - " + quoted(line.level + ": " + line.message) + "\n";
  }
  out += "  ...\n";
}

}  // namespace

bool all_passed(const TestReport& report) { return count(report, TestOutcome::Status::failed) == 0; }

std::string tap_text(const TestReport& report) {
  std::string out = "TAP version 14\n1.." + std::to_string(report.tests.size()) + "\n", file;
  std::size_t number = 0;
  for (const auto& test : report.tests) {
    if (test.file != file) out += "# " + test.file + "\n";
    file = test.file;
    const bool failed = test.status == TestOutcome::Status::failed;
    const bool pending = test.status == TestOutcome::Status::pending;
    out += std::string(failed || pending ? "not ok " : "ok ") + std::to_string(++number) + " - " +
           tap_name(test) + (pending ? " # TODO" : "") + "\n";
    if (failed) write_failure(out, test);
  }
  out += "# passed " + std::to_string(count(report, TestOutcome::Status::passed)) + ", failed " +
         std::to_string(count(report, TestOutcome::Status::failed)) + ", pending " +
         std::to_string(count(report, TestOutcome::Status::pending)) + "\n";
  for (const auto& covered : report.coverage) {
    out += "# coverage " + covered.file + ": " + std::to_string(percent_of(covered)) + "% (" +
           std::to_string(covered.ran.size()) + " of " + std::to_string(covered.lines.size()) + " lines)";
    std::string missed;
    for (const auto& run : missed_lines(covered)) missed += (missed.empty() ? "" : ", ") + run;
    out += (missed.empty() ? "" : ", not run: " + missed) + "\n";
  }
  return out;
}

std::string test_report_json(const TestReport& report) {
  auto tests = json::array(), coverage = json::array();
  for (const auto& test : report.tests) {
    auto logs = json::array();
    for (const auto& line : test.logs) logs.push_back({{"level", line.level}, {"message", line.message}});
    tests.push_back({{"file", test.file},
                     {"line", test.line},
                     {"name", test.name},
                     {"status", status_name(test.status)},
                     {"message", test.message.empty() ? json() : json(test.message)},
                     {"failed_line", test.failed_line > 0 ? json(test.failed_line) : json()},
                     {"logs", std::move(logs)},
                     {"time_ms", test.time_ms}});
  }
  for (const auto& file : report.coverage)
    coverage.push_back({{"file", file.file},
                        {"percent", percent_of(file)},
                        {"lines", file.lines},
                        {"ran", file.ran},
                        {"missed", missed_lines(file)}});
  return json{{"ok", all_passed(report)},
              {"passed", count(report, TestOutcome::Status::passed)},
              {"failed", count(report, TestOutcome::Status::failed)},
              {"pending", count(report, TestOutcome::Status::pending)},
              {"tests", std::move(tests)},
              {"coverage", std::move(coverage)}}
      .dump(2);
}

}  // namespace rowhook
