#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/guarded.h"
#include "engine/base/log_buckets.h"

namespace rowhook {

// What the calls of one script took.
struct ScriptCost {
  std::string script;
  std::uint64_t calls = 0, errors = 0;
  std::chrono::nanoseconds total{0}, p50{0}, p99{0};  // percentiles within 10 %, rounded up
  std::uint64_t memory_bytes = 0;                     // the most that one call had in use
};

// Counts the calls of one script. Thread safety: safe to share; add() is a handful of relaxed atomic
// operations.
class ScriptMeter {
 public:
  void add(std::chrono::nanoseconds time, std::uint64_t memory_bytes, bool error);
  ScriptCost cost(std::string script) const;

 private:
  std::chrono::nanoseconds percentile(double share, std::uint64_t calls) const;

  std::atomic<std::uint64_t> errors_{0}, nanoseconds_{0}, memory_{0};
  std::array<std::atomic<std::uint64_t>, log_buckets::count> counts_{};
};

// The meters of all scripts, by name. At most `most_scripts` names are told apart; what comes behind them is
// counted under "(others)". Thread safety: safe to share.
class ScriptCosts {
 public:
  static constexpr std::size_t most_scripts = 2000;
  // Valid as long as this. Look it up once per batch and script.
  ScriptMeter& meter(const std::string& script);
  std::vector<ScriptCost> all() const;  // by name

 private:
  Guarded<std::map<std::string, std::unique_ptr<ScriptMeter>>> meters_;
};

}  // namespace rowhook
