#include "web/server/live_executions.h"

#include <array>
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

std::string hex(std::uint64_t number) {
  std::array<char, 17> text{};
  const int size = std::snprintf(text.data(), text.size(), "%llx", static_cast<unsigned long long>(number));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

class LiveExecutions::Item final : public LiveItem {
 public:
  Item(Execution execution, std::uint64_t number) : execution_(std::move(execution)), number_(number) {}
  const Execution& execution() const { return execution_; }
  std::uint64_t number() const override { return number_; }
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
  std::uint64_t number_;
};

LiveExecutions::LiveExecutions(std::uint64_t run) : run_(hex(run)) {}

void LiveExecutions::add(const Execution& execution) {
  if (!wanted_.load(std::memory_order_relaxed)) return;
  kept_.with([&](Kept& kept) {
    const std::size_t bytes = bytes_of(execution);
    kept.items.emplace_back(std::make_shared<Item>(execution, ++kept.last), bytes);
    kept.bytes += bytes;
    while (kept.items.size() > max_items || (kept.bytes > max_bytes && kept.items.size() > 1)) {
      kept.bytes -= kept.items.front().second;
      kept.items.pop_front();
    }
  });
  kept_.notify();
}

std::vector<std::string_view> LiveExecutions::filters() const {
  return {"status", "trigger_id", "workflow_id", "event_id", "source", "event_type", "table", "id"};
}

std::uint64_t LiveExecutions::last() const {
  wanted_ = true;
  return kept_.with([](const Kept& kept) { return kept.last; });
}

std::uint64_t LiveExecutions::wait(std::uint64_t from, std::chrono::milliseconds time) {
  auto kept = kept_.lock();
  kept.wait_for(time, [&] { return kept->last >= from; });
  return kept->last;
}

std::vector<LiveItemPtr> LiveExecutions::read(std::uint64_t from) {
  return kept_.with([&](const Kept& kept) {
    std::vector<LiveItemPtr> found;
    const std::uint64_t first = kept.last + 1 - kept.items.size();
    for (std::size_t i = from > first ? static_cast<std::size_t>(from - first) : 0;
         i < kept.items.size() && found.size() < read_items; ++i)
      found.push_back(kept.items[i].first);
    return found;
  });
}

const Execution& LiveExecutions::execution(const LiveItem& item) {
  return static_cast<const Item&>(item).execution();
}

std::string LiveExecutions::cursor(std::uint64_t number) const { return run_ + "-" + std::to_string(number); }

std::uint64_t LiveExecutions::number_of(const std::string& cursor, bool& lost) const {
  const auto dash = cursor.find('-');
  std::uint64_t number = 0;
  const char *begin = cursor.data() + (dash == std::string::npos ? 0 : dash + 1),
             *end = cursor.data() + cursor.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (dash == std::string::npos || error != std::errc() || stop != end)
    throw InvalidInput("the cursor is not valid", {{"/cursor", "expected the cursor of a notification"}});
  const std::uint64_t newest = last();
  lost = cursor.compare(0, dash, run_) != 0 || number > newest;
  return lost ? newest : number;
}

}  // namespace rowhook
