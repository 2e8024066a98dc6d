#include "engine/execution/backtest.h"

#include <algorithm>
#include <map>

namespace rowhook {
namespace {

constexpr std::size_t first_batch = 8, largest_batch = 256, batch_bytes = 4U << 20, most_failures = 50;
constexpr std::chrono::milliseconds quick_batch{100}, slow_batch{500};

// One revision as the only one of a router, in force for every event.
class Subject {
 public:
  explicit Subject(const CompiledTriggerPtr& trigger) {
    if (!trigger) return;
    auto always = std::make_shared<CompiledTrigger>(*trigger);
    always->trigger.is_active = true;
    always->trigger.from_seq = 0;
    always->trigger.until_seq = UINT64_MAX;
    trigger_ = always;
  }

  bool concerns(const Event& event) const {
    return trigger_ && event.shape->source == trigger_->trigger.source &&
           event.type == trigger_->trigger.event_type;
  }

  // One outcome per event.
  std::vector<BacktestOutcome> outcomes(const std::vector<EventPtr>& events, ScriptEngine& engine) const {
    std::vector<BacktestOutcome> out(events.size());
    std::vector<Candidate> candidates;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (!concerns(*events[i]) || !Router::considers(*trigger_, *events[i])) continue;
      candidates.push_back({trigger_, events[i]});
      places.push_back(i);
    }
    auto matches = Router::evaluate(candidates, engine);
    errors_.clear();
    for (std::size_t i = 0; i < matches.size(); ++i) {
      BacktestOutcome& outcome = out[places[i]];
      if (matches[i].error) {
        outcome.kind = BacktestOutcome::Kind::fails;
        outcome.error = matches[i].error->message;
        errors_.emplace_back(places[i], *matches[i].error);
      } else if (matches[i].item) {
        outcome.kind = BacktestOutcome::Kind::fires;
        outcome.item = std::move(matches[i].item);
      }
    }
    return out;
  }
  // Of the last outcomes(): which event, what went wrong.
  const std::vector<std::pair<std::size_t, ScriptError>>& errors() const { return errors_; }

 private:
  CompiledTriggerPtr trigger_;
  mutable std::vector<std::pair<std::size_t, ScriptError>> errors_;
};

bool same(const BacktestOutcome& a, const BacktestOutcome& b) {
  if (a.kind != b.kind || a.error != b.error) return false;
  if (a.kind != BacktestOutcome::Kind::fires || (a.item->event() && b.item->event())) return true;
  return a.item->json() == b.item->json();
}

void count(BacktestCounts& counts, const BacktestOutcome& outcome) {
  if (outcome.kind == BacktestOutcome::Kind::fires) ++counts.fires;
  if (outcome.kind == BacktestOutcome::Kind::fails) ++counts.fails;
}

// Thread safety: confined to one thread.
class Backtest {
 public:
  Backtest(const BacktestSettings& settings, ScriptEngine& engine)
      : settings_(settings), engine_(engine), candidate_(settings.candidate), active_(settings.active) {}

  void take(const std::vector<EventPtr>& events) {
    const auto outcomes = candidate_.outcomes(events, engine_);
    for (const auto& [place, error] : candidate_.errors()) note(*events[place], error);
    const auto before = active_.outcomes(events, engine_);
    for (std::size_t i = 0; i < events.size(); ++i) {
      ++result_.events;
      if (candidate_.concerns(*events[i])) ++result_.of_trigger;
      count(result_.candidate, outcomes[i]);
      count(result_.active, before[i]);
      if (outcomes[i].kind == BacktestOutcome::Kind::fires && result_.fired.size() < settings_.samples)
        result_.fired.push_back({events[i], outcomes[i], before[i]});
      if (!settings_.active || same(outcomes[i], before[i])) continue;
      ++result_.differ;
      if (result_.differing.size() < settings_.samples)
        result_.differing.push_back({events[i], outcomes[i], before[i]});
    }
    if (result_.first_seq == 0) result_.first_seq = events.front()->seq;
    result_.last_seq = events.back()->seq;
  }

  BacktestResult finish(std::uint64_t next_seq) {
    result_.next_seq = next_seq;
    for (auto& [message, failure] : failures_) result_.failures.push_back(std::move(failure));
    std::stable_sort(result_.failures.begin(), result_.failures.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
    return std::move(result_);
  }

 private:
  void note(const Event& event, const ScriptError& error) {
    auto found = failures_.find(error.message);
    if (found == failures_.end()) {
      const bool full = failures_.size() >= most_failures;
      found = failures_.try_emplace(full ? std::string("(other errors)") : error.message).first;
      BacktestFailure& fresh = found->second;
      if (fresh.count == 0)
        fresh = {found->first, full ? "" : error.script, full ? 0 : error.line, 0, event.seq, event.id};
    }
    ++found->second.count;
  }

  const BacktestSettings& settings_;
  ScriptEngine& engine_;
  Subject candidate_, active_;
  BacktestResult result_;
  std::map<std::string, BacktestFailure> failures_;  // by message
};

}  // namespace

std::string_view to_string(BacktestOutcome::Kind kind) {
  switch (kind) {
    case BacktestOutcome::Kind::passed_over:
      return "passed_over";
    case BacktestOutcome::Kind::fires:
      return "fires";
    case BacktestOutcome::Kind::fails:
      return "fails";
  }
  return "";
}

BacktestResult backtest(const BacktestSettings& settings, Journal& journal, ScriptEngine& engine,
                        const std::function<bool()>& go_on) {
  const auto end = std::chrono::steady_clock::now() + settings.time;
  Backtest run(settings, engine);
  std::uint64_t next =
      std::max<std::uint64_t>({settings.from_seq, journal.status().first_seq, std::uint64_t{1}});
  // A batch of calls that all use up their time limit must not take minutes: batches grow while they are
  // quick.
  for (std::size_t size = first_batch;;) {
    if (next > settings.to_seq) return run.finish(0);
    const auto began = std::chrono::steady_clock::now();
    auto events = journal.read(next, size, batch_bytes);
    while (!events.empty() && events.back()->seq > settings.to_seq) events.pop_back();
    if (events.empty()) return run.finish(0);
    next = events.back()->seq + 1;
    run.take(events);
    const auto now = std::chrono::steady_clock::now();
    if (now - began < quick_batch) size = std::min(2 * size, largest_batch);
    if (now - began > slow_batch) size = std::max<std::size_t>(size / 2, 1);
    const bool more = next <= settings.to_seq && next <= journal.last_seq();
    if (more && (now >= end || !go_on())) return run.finish(next);
  }
}

std::uint64_t seq_at(Journal& journal, Micros time) {
  const JournalStatus status = journal.status();
  std::uint64_t low = std::max<std::uint64_t>(status.first_seq, 1), high = status.last_seq + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const EventPtr event = journal.at(middle);
    if (event && event->captured_at >= time) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace rowhook
