#include "web/server/live_metrics.h"

#include <algorithm>

#include "engine/execution/scheduler.h"
#include "engine/journal/journal.h"
#include "web/server/call.h"
#include "web/server/source_json.h"
#include "web/server/sources_view.h"

namespace rowhook {
namespace {

using std::chrono::duration;
using std::chrono::seconds;

constexpr seconds pause{10};

double quantile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1,
                         static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

template <typename Tally>
void write_tally(JsonObject& json, Tally& tally, double passed) {
  std::sort(tally.milliseconds.begin(), tally.milliseconds.end());
  json.number("completed_per_second", static_cast<double>(tally.completed) / passed);
  json.number("retrying_per_second", static_cast<double>(tally.retrying) / passed);
  json.number("dead_letter_per_second", static_cast<double>(tally.dead) / passed);
  json.number("p50_ms", quantile(tally.milliseconds, 0.5));
  json.number("p99_ms", quantile(tally.milliseconds, 0.99));
}

template <typename List, typename Write>
std::string array_of(List&& list, const Write& write) {
  std::string out = "[";
  for (auto& each : list) {
    if (out.size() > 1) out += ',';
    write(out, each);
  }
  return out + "]";
}

}  // namespace

std::map<std::int64_t, LiveMetrics::Tally> LiveMetrics::tally_triggers() {
  std::map<std::int64_t, Tally> by_trigger;
  if (!services_.executions) return by_trigger;
  for (auto items = services_.executions->read(executions_ + 1); !items.empty();
       items = services_.executions->read(executions_ + 1)) {
    executions_ = items.back()->number();
    for (const auto& item : items) {
      const Execution& execution = LiveExecutions::execution(*item);
      Tally& tally = by_trigger[execution.trigger_id];
      tally.completed += execution.status == ExecutionStatus::completed ? 1U : 0U;
      tally.retrying += execution.status == ExecutionStatus::retrying ? 1U : 0U;
      tally.dead += execution.status == ExecutionStatus::dead_letter ? 1U : 0U;
      tally.milliseconds.push_back(execution.execution_time_ms);
    }
  }
  return by_trigger;
}

void LiveMetrics::write(std::string& out) {
  const auto now = services_.clock->steady();
  const JournalStatus journal = services_.journal->status();
  const bool anew = now - since_ > pause;
  if (anew) {
    seq_ = journal.last_seq;
    if (services_.executions) executions_ = services_.executions->last();
  }
  const double passed = anew ? 1.0 : std::max(0.001, duration<double>(now - since_).count());
  auto by_trigger = tally_triggers();
  Tally all;
  for (const auto& [trigger_id, tally] : by_trigger) {
    all.completed += tally.completed;
    all.retrying += tally.retrying;
    all.dead += tally.dead;
    all.milliseconds.insert(all.milliseconds.end(), tally.milliseconds.begin(), tally.milliseconds.end());
  }

  JsonObject json(out);
  json.time("at", services_.clock->now());
  json.number("interval_ms", anew ? 0.0 : passed * 1000);
  json.number("events_per_second", static_cast<double>(journal.last_seq - seq_) / passed);
  std::string executions;
  JsonObject total(executions);
  write_tally(total, all, passed);
  total.close();
  json.raw("executions", executions);
  json.raw("triggers", array_of(by_trigger, [&](std::string& text, auto& entry) {
             JsonObject trigger(text);
             trigger.number("trigger_id", entry.first);
             write_tally(trigger, entry.second, passed);
             trigger.close();
           }));
  json.number("last_seq", journal.last_seq);
  const std::uint64_t routed = services_.scheduler->routed_seq();
  json.number("events_waiting", journal.last_seq > routed ? journal.last_seq - routed : std::uint64_t{0});
  json.number("journal_bytes", journal.bytes);
  json.number("journal_budget_bytes", journal.budget_bytes);
  json.raw("sources",
           array_of(services_.sources ? services_.sources->list() : std::vector<SourceState>{},
                    [](std::string& text, const SourceState& source) { write_source(text, source); }));
  json.close();
  since_ = now;
  seq_ = journal.last_seq;
}

}  // namespace rowhook
