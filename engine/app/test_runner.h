#pragma once

#include <string>
#include <vector>

#include "engine/app/test_project.h"
#include "scripting/script_engine.h"

namespace rowhook {

struct TestOutcome {
  enum class Status { passed, failed, pending };
  std::string file, name;  // "orders/test.lua", "order status > passes when paid"
  int line = 0;            // of it(); 0 for what failed before any test was found
  Status status = Status::passed;
  std::string message;  // why it failed
  int failed_line = 0;  // where, in `file`; 0 if elsewhere
  std::vector<ScriptLogLine> logs;
  double time_ms = 0;
};

struct LineCoverage {
  std::string file;        // "orders/scripts/status.lua"
  std::vector<int> lines;  // that hold code
  std::vector<int> ran;    // of these
};

struct TestReport {
  std::vector<TestOutcome> tests;
  std::vector<LineCoverage> coverage;  // of every script of scripts/; empty without ScriptLimits::coverage
};

// Runs the tests whose full name contains `only`. Test files and the scripts they test run in script hosts
// under `limits`, exactly as in an engine; nodes with effects are spies. Never throws for what an author
// wrote: that is a failed test.
TestReport run_tests(const TestProject& project, const ScriptLimits& limits, const std::string& only);

}  // namespace rowhook
