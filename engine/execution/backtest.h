#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/event/document.h"
#include "engine/journal/journal.h"
#include "engine/router/router.h"

namespace rowhook {

// What a trigger revision makes of one event.
struct BacktestOutcome {
  enum class Kind { passed_over, fires, fails } kind = Kind::passed_over;
  ItemPtr item;       // of one that fires
  std::string error;  // of one that fails
};
std::string_view to_string(BacktestOutcome::Kind kind);  // "passed_over", "fires", "fails"

struct BacktestSettings {
  CompiledTriggerPtr candidate;                     // never null; whether it is active does not matter
  CompiledTriggerPtr active;                        // what it is compared with; null: nothing
  std::uint64_t from_seq = 1, to_seq = UINT64_MAX;  // inclusive
  std::size_t samples = 20;                         // of each kind, at most
  std::chrono::milliseconds time{5000};             // it ends early after this
};

struct BacktestFailure {
  std::string message, script;
  int line = 0;
  std::uint64_t count = 0, first_seq = 0;
  std::string first_event_id;
};

struct BacktestSample {
  EventPtr event;
  BacktestOutcome candidate, active;
};

struct BacktestCounts {
  std::uint64_t fires = 0, fails = 0;
};

// A trigger's verdicts over a range of the journal. Memory: the samples and one batch of events.
struct BacktestResult {
  std::uint64_t first_seq = 0, last_seq = 0;  // read; 0, 0 when there was nothing to read
  std::uint64_t next_seq = 0;                 // where to go on; 0: the range is done
  std::uint64_t events = 0;                   // read
  std::uint64_t of_trigger = 0;               // of the candidate's source and event type
  BacktestCounts candidate, active;
  std::uint64_t differ = 0;               // events on which the two differ, in verdict or item
  std::vector<BacktestFailure> failures;  // of the candidate, most frequent first; 50 kinds at most
  std::vector<BacktestSample> fired;      // the first ones
  std::vector<BacktestSample> differing;
};

// Runs the trigger's tests and scripts over the journal, oldest event first. Nothing is executed or written.
// Blocks; ends early when the time is up or `go_on` (asked between batches) says no.
BacktestResult backtest(const BacktestSettings& settings, Journal& journal, ScriptEngine& engine,
                        const std::function<bool()>& go_on);

// The first seq whose event was captured at or after `time`; last seq + 1 when there is none. Capture times
// of a journal do not go back but by a clock that was set: then it is a seq near it.
std::uint64_t seq_at(Journal& journal, Micros time);

}  // namespace rowhook
