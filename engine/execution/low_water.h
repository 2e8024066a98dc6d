#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

namespace rowhook {

// Which events are done with: the mark is the lowest seq some execution of which has neither ended nor been
// parked durably. Memory: four bytes per event between the mark and the newest event (see span()). Thread
// safety: none.
class LowWater {
 public:
  explicit LowWater(std::uint64_t mark) : base_(mark) {}

  // Events are opened in order; those between the last one and `seq` count as done.
  void open(std::uint64_t seq, std::uint32_t executions) {
    if (seq < base_) return;
    while (base_ + counts_.size() < seq) close_next();
    if (base_ + counts_.size() > seq) {
      counts_[seq - base_] += executions;
    } else if (executions == 0 && counts_.empty()) {
      ++base_;
    } else {
      counts_.push_back(executions);
    }
  }
  // `executions` more of them ended or were parked.
  void done(std::uint64_t seq, std::uint32_t executions = 1) {
    if (seq < base_ || seq - base_ >= counts_.size()) return;
    auto& count = counts_[seq - base_];
    count -= std::min(count, executions);
    while (!counts_.empty() && counts_.front() == 0) {
      counts_.pop_front();
      ++base_;
    }
  }
  std::uint64_t mark() const { return base_; }
  std::size_t span() const { return counts_.size(); }

 private:
  void close_next() {
    if (counts_.empty())
      ++base_;
    else
      counts_.push_back(0);
  }
  std::uint64_t base_;
  std::deque<std::uint32_t> counts_;  // front is never 0
};

}  // namespace rowhook
