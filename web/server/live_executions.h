#pragma once

#include <atomic>
#include <deque>

#include "engine/execution/execution.h"
#include "web/server/live_feed.h"

namespace rowhook {

// Executions in the order in which their rows were written (ended or to be retried), by the numbers that the
// execution log gives these changes. The newest are kept in memory, 20,000 or 16 MiB, once somebody asked for
// the first time; older ones, those of earlier runs of the engine too, are read from the log: there one that
// changed twice stands only as it is now. Thread safety: safe to share.
class LiveExecutions final : public LiveLog {
 public:
  explicit LiveExecutions(ExecutionLog& log);  // which must outlive this
  void add(const Execution& execution);        // never blocks on I/O

  std::string_view topic() const override { return "executions"; }
  std::string_view member() const override { return "execution"; }
  std::vector<std::string_view> filters() const override;
  std::uint64_t last() const override;
  std::uint64_t wait(std::uint64_t from, std::chrono::milliseconds time) override;
  std::vector<LiveItemPtr> read(std::uint64_t from) override;
  std::string cursor(std::uint64_t number) const override;
  std::uint64_t number_of(const std::string& cursor, bool& lost) const override;
  bool has_hole(std::uint64_t from, const std::vector<LiveItemPtr>& found) const override;
  // The execution behind an item of read().
  static const Execution& execution(const LiveItem& item);

 private:
  class Item;
  struct Kept {
    std::deque<std::pair<LiveItemPtr, std::size_t>> items;  // with their bytes
    std::size_t bytes = 0;
  };
  ExecutionLog& log_;
  mutable std::atomic<bool> wanted_{false};
  std::atomic<std::uint64_t> last_;
  mutable Guarded<Kept> kept_;
};

}  // namespace rowhook
