#include "web/server/live_executions.h"

#include <charconv>

#include "engine/base/errors.h"
#include "web/server/execution_json.h"

namespace rowhook {
namespace {

constexpr std::size_t max_items = 20'000, max_bytes = 16U << 20;
constexpr std::size_t read_items = 512;

std::size_t bytes_of(const Execution& execution) {
  return sizeof(Execution) + execution.steps.size() + execution.error_message.size() + execution.key.size() +
         execution.edited_input.size() + 256;
}

}  // namespace

class LiveExecutions::Item final : public LiveItem {
 public:
  explicit Item(Execution execution) : execution_(std::move(execution)) {}
  const Execution& execution() const { return execution_; }
  std::uint64_t number() const override { return execution_.change; }
  void write(std::string& out) const override {
    write_execution(out, execution_, step_summaries(execution_.steps));
  }
  bool is(std::string_view name, std::string_view value) const override {
    if (name == "trigger_id") return std::to_string(execution_.trigger_id) == value;
    if (name == "workflow_id") return execution_.workflow_id == value;
    if (name == "event_id") return execution_.event_id == value;
    if (name == "source") return execution_.source == value;
    if (name == "event_type") return execution_.event_type == value;
    if (name == "table") return execution_.table == value;
    if (name == "id") return execution_.id == value;
    return to_string(execution_.status) == value;
  }

 private:
  Execution execution_;
};

LiveExecutions::LiveExecutions(ExecutionLog& log) : log_(log), last_(log.changes().last) {}

void LiveExecutions::add(const Execution& execution) {
  if (!wanted_) {
    last_ = execution.change;
    return;
  }
  const std::size_t bytes = bytes_of(execution);
  kept_.with([&](Kept& kept) {
    kept.items.emplace_back(std::make_shared<Item>(execution), bytes);
    kept.bytes += bytes;
    while (kept.items.size() > max_items || (kept.bytes > max_bytes && kept.items.size() > 1)) {
      kept.bytes -= kept.items.front().second;
      kept.items.pop_front();
    }
    last_ = execution.change;
  });
  kept_.notify();
}

std::vector<std::string_view> LiveExecutions::filters() const {
  return {"status", "trigger_id", "workflow_id", "event_id", "source", "event_type", "table", "id"};
}

std::uint64_t LiveExecutions::last() const {
  wanted_ = true;
  return last_;
}

std::uint64_t LiveExecutions::wait(std::uint64_t from, std::chrono::milliseconds time) {
  auto kept = kept_.lock();
  kept.wait_for(time, [&] { return last_ >= from; });
  return last_;
}

std::vector<LiveItemPtr> LiveExecutions::read(std::uint64_t from) {
  std::vector<LiveItemPtr> found;
  const bool in_memory = kept_.with([&](const Kept& kept) {
    if (kept.items.empty() || kept.items.front().first->number() > from) return false;
    const std::size_t first = static_cast<std::size_t>(from - kept.items.front().first->number());
    for (std::size_t i = first; i < kept.items.size() && found.size() < read_items; ++i)
      found.push_back(kept.items[i].first);
    return true;
  });
  if (in_memory || from > last_) return found;
  for (auto& execution : log_.changed(from, read_items))
    found.push_back(std::make_shared<Item>(std::move(execution)));
  return found;
}

const Execution& LiveExecutions::execution(const LiveItem& item) {
  return static_cast<const Item&>(item).execution();
}

std::string LiveExecutions::cursor(std::uint64_t number) const { return std::to_string(number); }

std::uint64_t LiveExecutions::number_of(const std::string& cursor, bool& lost) const {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
  if (error != std::errc() || stop != cursor.data() + cursor.size())
    throw InvalidInput("the cursor is not valid", {{"/cursor", "expected the cursor of a notification"}});
  const std::uint64_t newest = last();
  lost = number > newest;
  return lost ? newest : number;
}

bool LiveExecutions::has_hole(std::uint64_t from, const std::vector<LiveItemPtr>& found) const {
  // Numbers are missing where a row was written again: only what retention dropped is lost.
  if (!found.empty() && found.front()->number() == from) return false;
  return from <= last_ && from <= log_.changes().dropped;
}

}  // namespace rowhook
