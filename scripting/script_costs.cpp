#include "scripting/script_costs.h"

#include <algorithm>

namespace rowhook {

void ScriptMeter::add(std::chrono::nanoseconds time, std::uint64_t memory_bytes, bool error) {
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
  counts_[log_buckets::bucket_of(nanoseconds)].fetch_add(1, std::memory_order_relaxed);
  nanoseconds_.fetch_add(nanoseconds, std::memory_order_relaxed);
  if (error) errors_.fetch_add(1, std::memory_order_relaxed);
  std::uint64_t most = memory_.load(std::memory_order_relaxed);
  while (memory_bytes > most &&
         !memory_.compare_exchange_weak(most, memory_bytes, std::memory_order_relaxed)) {
  }
}

std::chrono::nanoseconds ScriptMeter::percentile(double share, std::uint64_t calls) const {
  return std::chrono::nanoseconds{static_cast<std::int64_t>(log_buckets::percentile(
      share, calls, [&](std::size_t bucket) { return counts_[bucket].load(std::memory_order_relaxed); }))};
}

ScriptCost ScriptMeter::cost(std::string script) const {
  ScriptCost cost;
  cost.script = std::move(script);
  for (const auto& count : counts_) cost.calls += count.load(std::memory_order_relaxed);
  cost.errors = errors_.load(std::memory_order_relaxed);
  cost.total =
      std::chrono::nanoseconds{static_cast<std::int64_t>(nanoseconds_.load(std::memory_order_relaxed))};
  cost.p50 = percentile(0.50, cost.calls);
  cost.p99 = percentile(0.99, cost.calls);
  cost.memory_bytes = memory_.load(std::memory_order_relaxed);
  return cost;
}

ScriptMeter& ScriptCosts::meter(const std::string& script) {
  return *meters_.with([&](auto& meters) {
    auto found = meters.find(script);
    if (found == meters.end()) {
      const bool full = meters.size() >= most_scripts;
      found = meters.try_emplace(full ? std::string("(others)") : script).first;
      if (!found->second) found->second = std::make_unique<ScriptMeter>();
    }
    return found->second.get();
  });
}

std::vector<ScriptCost> ScriptCosts::all() const {
  return meters_.with([](const auto& meters) {
    std::vector<ScriptCost> costs;
    for (const auto& [name, meter] : meters) costs.push_back(meter->cost(name));
    return costs;
  });
}

}  // namespace rowhook
