#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/guarded.h"
#include "engine/base/log_buckets.h"
#include "engine/execution/execution.h"

namespace rowhook {

// How each trigger did in the last ten minutes, in steps of ten seconds, and its last failure; kept in
// memory, so a restart begins anew. About 3 KiB per trigger, of `most_triggers` at most: the one that ended
// something longest ago makes room. Thread safety: safe to share; nothing here blocks on I/O.
class TriggerSeries {
 public:
  static constexpr std::size_t steps = 60, most_triggers = 2000;
  static constexpr std::chrono::seconds step{10};
  static constexpr std::size_t longest_message = 500;  // bytes

  struct Failure {
    std::string execution_id, message;  // the message's first line
    Micros at = 0;
    bool dead_letter = false;  // false: it is tried again
  };
  // One trigger as it is now; every list has `steps` entries, the oldest first.
  struct Shown {
    std::int64_t trigger_id = 0;
    Micros from = 0;  // when the first step begins
    std::vector<std::uint32_t> completed, failed;
    std::vector<std::optional<double>> p99_ms;
    std::optional<Failure> last_failure;
  };

  // `clock` outlives this.
  explicit TriggerSeries(const Clock& clock) : clock_(clock) {}
  // An attempt ended. Runs by hand (trigger 0) and other statuses than completed, retrying and dead_letter
  // are passed over.
  void add(const Execution& execution);
  // A dead letter from before this was made; keeps it when it is the newest failure of its trigger.
  void recall(const Execution& execution);
  // Calls `take` for every trigger that ended something in these ten minutes or has a last failure, by id.
  void each(const std::function<void(const Shown&)>& take) const;

 private:
  struct Step {
    std::uint32_t completed = 0, failed = 0;
    std::int64_t p99_us = -1;  // of steps that are over; -1: nothing ended
  };
  struct Series {
    std::int64_t now = 0;            // the number of the step that is under way, since 1970
    std::array<Step, steps> past{};  // by number modulo `steps`
    std::array<std::uint32_t, log_buckets::count> times{};  // of the step under way, in microseconds
    std::optional<Failure> last_failure;
    Micros touched = 0;
  };
  using All = std::map<std::int64_t, Series>;

  static std::int64_t step_at(Micros time) { return time / std::chrono::microseconds(step).count(); }
  static void advance(Series& series, std::int64_t now);
  static std::int64_t p99_of(const Series& series);
  static Series& series_of(All& all, std::int64_t trigger_id, Micros now);
  static Shown shown(std::int64_t trigger_id, Series series, std::int64_t now);

  const Clock& clock_;
  Guarded<All> all_;
};

// Appends one as the API shows it.
void write_trigger_series(std::string& out, const TriggerSeries::Shown& shown);

}  // namespace rowhook
