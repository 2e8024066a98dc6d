#pragma once

#include <algorithm>
#include <functional>
#include <map>

#include "engine/base/guarded.h"
#include "engine/execution/execution.h"

namespace rowhook::testing {

// An execution log that forgets everything at the end of the test. `before_write` may throw, as a disk may
// fail. Thread safety: safe to share.
class MemoryExecutionLog final : public ExecutionLog {
 public:
  std::function<void(const std::vector<Execution>&)> before_write;

  void write(const std::vector<Execution>& executions, std::uint64_t low_water) override {
    if (before_write) before_write(executions);
    state_.with([&](State& state) {
      ++state.writes;
      for (const auto& row : executions) {
        for (const auto& change : row.state_changes) apply_change(state.scripts[change.scope], change);
        if (row.without_row) {
          state.done.emplace(row.seq, row.id);
          continue;
        }
        if (!state.rows.contains(row.id)) state.by_seq.emplace(row.seq, row.id);
        const bool parked = is_parked(row);
        if (parked)
          state.parked[{row.trigger_id, row.seq}] = row.id;
        else
          state.parked.erase({row.trigger_id, row.seq});
        state.history[row.id].push_back(row.status);
        state.last_change = std::max(state.last_change, row.change);
        state.rows[row.id] = row;
      }
      state.low_water = low_water;
    });
  }
  std::uint64_t low_water() override {
    return state_.with([](const State& state) { return state.low_water; });
  }
  std::vector<std::string> ids_from(std::uint64_t from_seq) override {
    return state_.with([&](const State& state) {
      std::vector<std::string> ids;
      for (auto at = state.by_seq.lower_bound(from_seq); at != state.by_seq.end(); ++at)
        ids.push_back(at->second);
      for (auto at = state.done.lower_bound(from_seq); at != state.done.end(); ++at)
        ids.push_back(at->second);
      return ids;
    });
  }
  std::vector<Execution> due(Micros now, std::size_t limit) override {
    return select([&](const Execution& row) { return is_parked(row) && row.next_attempt_at <= now; }, limit);
  }
  std::vector<Execution> parked(std::uint64_t after_seq, std::size_t limit) override {
    return select([&](const Execution& row) { return is_parked(row) && row.seq > after_seq; }, limit);
  }
  std::vector<Execution> parked_of(const ParkedRange& range) override {
    return state_.with([&](const State& state) {
      std::vector<Execution> out;
      for (auto at = state.parked.upper_bound({range.trigger_id, range.after_seq});
           at != state.parked.end() && at->first.first == range.trigger_id &&
           at->first.second <= range.through_seq && out.size() < range.limit;
           ++at) {
        const Execution& row = state.rows.at(at->second);
        if (!range.table_and_key ||
            (row.table == range.table_and_key->first && row.key == range.table_and_key->second))
          out.push_back(row);
      }
      return out;
    });
  }
  Changes changes() override {
    return {state_.with([](const State& state) { return state.last_change; }), 0};
  }
  std::vector<Execution> changed(std::uint64_t from, std::size_t limit) override {
    auto out = select([&](const Execution& row) { return row.change > 0 && row.change >= from; }, SIZE_MAX);
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.change < b.change; });
    out.resize(std::min(out.size(), limit));
    return out;
  }
  std::optional<Execution> find(const std::string& id) override {
    return state_.with([&](const State& state) -> std::optional<Execution> {
      const auto found = state.rows.find(id);
      if (found == state.rows.end()) return {};
      return found->second;
    });
  }
  std::vector<Execution> list(const ExecutionFilter& filter) override {
    auto out = select(
        [&](const Execution& row) {
          return (filter.status.empty() || filter.status == to_string(row.status)) &&
                 (!filter.trigger_id || *filter.trigger_id == row.trigger_id);
        },
        SIZE_MAX);
    std::reverse(out.begin(), out.end());
    out.resize(std::min(out.size(), filter.limit));
    return out;
  }
  std::uint64_t count(const ExecutionFilter& filter, std::uint64_t limit = INT64_MAX) override {
    auto all = filter;
    all.limit = SIZE_MAX;
    return std::min<std::uint64_t>(list(all).size(), limit);
  }
  ScriptState script_state(const std::string& scope) {
    return state_.with([&](State& state) { return state.scripts[scope]; });
  }
  // The statuses a row went through, in the order they were written.
  std::vector<ExecutionStatus> history(const std::string& id) {
    return state_.with([&](State& state) { return state.history[id]; });
  }
  std::size_t writes() {
    return state_.with([](const State& state) { return state.writes; });
  }

 private:
  struct State {
    std::map<std::string, Execution> rows;
    std::multimap<std::uint64_t, std::string> by_seq, done;
    std::map<std::string, ScriptState> scripts;
    std::map<std::pair<std::int64_t, std::uint64_t>, std::string> parked;
    std::map<std::string, std::vector<ExecutionStatus>> history;
    std::uint64_t low_water = 0, last_change = 0;
    std::size_t writes = 0;
  };
  static bool is_parked(const Execution& row) {
    return row.status == ExecutionStatus::pending || row.status == ExecutionStatus::retrying;
  }
  template <typename F>
  std::vector<Execution> select(const F& wanted, std::size_t limit) {
    return state_.with([&](const State& state) {
      std::vector<Execution> out;
      for (const auto& [seq, id] : state.by_seq) {
        if (out.size() >= limit) break;
        const Execution& row = state.rows.at(id);
        if (wanted(row)) out.push_back(row);
      }
      return out;
    });
  }
  Guarded<State> state_;
};

}  // namespace rowhook::testing
