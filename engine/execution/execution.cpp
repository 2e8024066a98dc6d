#include "engine/execution/execution.h"

#include <array>

namespace rowhook {

namespace {
constexpr std::array<std::string_view, 7> status_names{"pending",     "running",   "retrying", "completed",
                                                       "dead_letter", "cancelled", "discarded"};
}  // namespace

std::string_view to_string(ExecutionStatus status) {
  return status_names.at(static_cast<std::size_t>(status));
}

ExecutionStatus execution_status(std::string_view name) {
  for (std::size_t i = 0; i < status_names.size(); ++i)
    if (status_names[i] == name) return static_cast<ExecutionStatus>(i);
  throw InvalidInput("'" + std::string(name) + "' is not a status of an execution",
                     {{"/status", "'" + std::string(name) +
                                      "' is not one of pending, running, retrying, completed, "
                                      "dead_letter, cancelled or discarded"}});
}

void each_parked(ExecutionLog& log, std::uint64_t after_seq, const std::function<bool(Execution&)>& take) {
  std::size_t page_size = 1000;
  for (;;) {
    auto page = log.parked(after_seq, page_size);
    const bool last = page.size() < page_size;
    if (!last) {  // the executions of the last event may go on behind the page: they come with the next one
      const std::uint64_t cut = page.back().seq;
      while (!page.empty() && page.back().seq == cut) page.pop_back();
      if (page.empty()) page_size *= 2;
    }
    for (auto& row : page) {
      after_seq = row.seq;
      if (!take(row)) return;
    }
    if (last) return;
  }
}

std::vector<Execution> ExecutionLog::parked_of(const ParkedRange& range) {
  std::vector<Execution> out;
  each_parked(*this, range.after_seq, [&](Execution& row) {
    if (row.seq > range.through_seq || out.size() >= range.limit) return false;
    const auto& lane = range.table_and_key;
    if (row.trigger_id == range.trigger_id &&
        (!lane || (row.table == lane->first && row.key == lane->second)))
      out.push_back(std::move(row));
    return true;
  });
  return out;
}

}  // namespace rowhook
