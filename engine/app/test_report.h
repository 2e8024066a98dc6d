#pragma once

#include <string>

#include "engine/app/test_runner.h"

namespace rowhook {

bool all_passed(const TestReport& report);
// TAP version 14: one line per test, what went wrong as YAML below it, coverage as comments at the end.
std::string tap_text(const TestReport& report);
// {"ok","passed","failed","pending","tests":[{"file","line","name","status","message","failed_line","logs","time_ms"}],
//  "coverage":[{"file","percent","lines","ran","missed":["3","7-9"]}]}
std::string test_report_json(const TestReport& report);

}  // namespace rowhook
